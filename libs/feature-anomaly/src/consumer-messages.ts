// What the consumer of the rules tells the rest of the process, and what it is told.
import type { RuleSet } from '@sallyport/core-anomaly';
import type { Position, RecordedEvent } from '@sallyport/engine';
import type { OutboxItem } from './rule-rows.js';

/** What it goes by. */
export interface ConsumerStatus {
  readonly ruleSet: RuleSet;
  /** Whether the latest event about it that was seen pauses enforcement. */
  readonly paused: boolean;
  /** Accounts set aside. */
  readonly parked: number;
  /** So many are that nothing is judged until some are not. */
  readonly stopped: boolean;
}

export type ConsumerReport =
  /** After each batch, and each second while there is nothing to do. */
  | { readonly kind: 'progress'; readonly position: Position | null }
  /** At the start, and whenever it changed. */
  | ({ readonly kind: 'status' } & ConsumerStatus)
  /** To be sent, in this order within an account; told again after a restart until it is `sent`. */
  | { readonly kind: 'outbox'; readonly items: readonly OutboxItem[] }
  | { readonly kind: 'waiting'; readonly reason: string; readonly retryInMs: number }
  /** An event that could not be judged. */
  | {
      readonly kind: 'fault';
      readonly accountId: string;
      readonly position: Position;
      readonly reason: string;
    };

export type ConsumerOrder =
  | { readonly kind: 'sent'; readonly keys: readonly string[] }
  | { readonly kind: 'retry'; readonly accountId: string }
  | { readonly kind: 'rebuild'; readonly accountId: string }
  /** Tests only: an event as if it had come by a bus, whether the store has it or not. */
  | { readonly kind: 'inject'; readonly event: RecordedEvent };
