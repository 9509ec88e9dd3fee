// What a race and a process of the service say to each other: calls, and answers with their trace.
import { EngineError } from '@sallyport/engine';
import type { EngineErrorCode } from '@sallyport/engine';
import { LedgerError } from '@sallyport/feature-ledger';
import type { LedgerErrorCode } from '@sallyport/feature-ledger';
import type { Faults, Step } from './racing-store.js';

/** What the process is started with; its first message. */
export interface RacingSetup {
  readonly eventStoreUrl: string;
  readonly postgresUrl: string;
  readonly masterKeyText: string;
  readonly seed: number;
  readonly faults: Faults;
}

export type CallKind = 'command' | 'query' | 'issue' | 'open' | 'nonce' | 'personal-key';

export interface Call {
  readonly number: number;
  readonly kind: CallKind;
  /** Of the command's or the query's class. */
  readonly name?: string;
  /** Its members, or what else the call takes. */
  readonly given: unknown;
}

export interface Answered {
  readonly number: number;
  readonly steps: readonly Step[];
  readonly value?: unknown;
  readonly failure?: Failure;
}

/** An error as it crosses from one process to another. */
export interface Failure {
  readonly kind: 'engine' | 'ledger' | 'other';
  readonly code: string;
  readonly stack: string;
}

export function failureOf(error: unknown): Failure {
  const { stack = String(error) } = error as Error;
  if (error instanceof EngineError) return { kind: 'engine', code: error.code, stack };
  if (error instanceof LedgerError) return { kind: 'ledger', code: error.code, stack };
  return { kind: 'other', code: '', stack };
}

export function errorOf({ kind, code, stack }: Failure): Error {
  if (kind === 'engine') return new EngineError(code as EngineErrorCode);
  return kind === 'ledger' ? new LedgerError(code as LedgerErrorCode) : new Error(stack);
}
