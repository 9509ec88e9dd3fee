// Records what rules found, decided and were told: what is recorded already is not recorded again, by
// whichever process.
import { Injectable } from '@nestjs/common';
import { streams } from '@sallyport/core-session';
import type { AnomalyEvent, RulesEvent } from '@sallyport/core-session';
import type { Actor, DomainEvent, Position, RecordedEvent } from '@sallyport/engine';
import { Ledger } from '@sallyport/feature-ledger';
import { uuidOf } from './digests.js';
import { activationIn, lookBack, pausedIn } from './rules-stream.js';

/** Events of a stream among which those of a record made before are looked for. */
const searchDepth = 256;

export interface Record {
  /** The same text for the same record: makes it idempotent. */
  readonly key: string;
  readonly actor: Actor;
  readonly correlationId?: string;
}

/** Where a record goes, and what it is to be told from what is there, newest first. */
interface Entry extends Record {
  readonly stream: string;
  readonly partitionKey: string;
  readonly depth: number;
  /** The events to append; none where they are not needed any more. */
  decide(recent: readonly RecordedEvent[]): readonly DomainEvent[];
}

@Injectable()
export class RulesJournal {
  constructor(private readonly ledger: Ledger) {}

  /** Whether the record is there already. */
  async has(accountId: string, key: string): Promise<boolean> {
    const recent = await this.ledger.store.readBack(streams.anomaly(accountId), searchDepth);
    return isAmong(recent, key);
  }

  /** Rejects with `EngineError` when the store does not take it. */
  async onAccount(accountId: string, events: readonly AnomalyEvent[], record: Record): Promise<void> {
    await this.append({
      ...record,
      stream: streams.anomaly(accountId),
      partitionKey: accountId,
      depth: searchDepth,
      decide: (recent) => (isAmong(recent, record.key) ? [] : events),
    });
  }

  /** An event about the rules of everybody; where it stands. */
  async onRules(event: RulesEvent, record: Record): Promise<Position> {
    const to = { stream: streams.rules, partitionKey: '*', depth: searchDepth };
    const decide = (recent: readonly RecordedEvent[]) => (isAmong(recent, record.key) ? [] : [event]);
    return (await this.append({ ...record, ...to, decide })) ?? '0';
  }

  /** The system pauses enforcement; no news where it is paused. */
  async onPause(reason: string, key: string): Promise<{ readonly isNews: boolean }> {
    const event: RulesEvent = { type: 'rules.enforcement-paused', data: { reason } };
    return this.unless(pausedIn, event, key);
  }

  /** A rule set becomes the active one; no news where it is. */
  onActivation(event: Extract<RulesEvent, { type: 'rules.activated' }>, key: string) {
    const isActive = (recent: readonly RecordedEvent[]): boolean => {
      return activationIn(recent)?.data['hash'] === event.data.hash;
    };
    return this.unless(isActive, event, key);
  }

  private async unless(
    isSo: (recent: readonly RecordedEvent[]) => boolean,
    event: RulesEvent,
    key: string,
  ): Promise<{ readonly isNews: boolean }> {
    const to = { stream: streams.rules, partitionKey: '*', depth: lookBack };
    const decide = (recent: readonly RecordedEvent[]) => (isSo(recent) ? [] : [event]);
    const position = await this.append({ key, actor: { kind: 'system' }, ...to, decide });
    return { isNews: position !== undefined };
  }

  /** At the revision that was looked at, so that of two processes the second sees the first one's. */
  private async append(entry: Entry): Promise<Position | undefined> {
    const { stream, actor, partitionKey, key, correlationId = uuidOf(key), depth } = entry;
    const { appended } = await this.ledger.run(
      this.ledger.names,
      {
        commandId: uuidOf(key),
        stream,
        load: async () => {
          const recent = await this.ledger.store.readBack(stream, depth);
          return { state: recent, revision: recent[0]?.revision ?? -1, guards: [] };
        },
        decide: (recent) => ({ events: entry.decide(recent), answer: undefined }),
        own: () => undefined,
      },
      { ordered: { actor, correlationId }, partitionKey },
    );
    return appended?.position;
  }
}

function isAmong(recent: readonly RecordedEvent[], key: string): boolean {
  const prefix = uuidOf(key).slice(0, 34);
  return recent.some(({ id }) => id.startsWith(prefix));
}
