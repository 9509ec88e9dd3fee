// Appends what rules found, decided and were told, at any revision; what is recorded already is not recorded
// again.
import { Injectable } from '@nestjs/common';
import { streams } from '@sallyport/core-session';
import type { AnomalyEvent, RulesEvent } from '@sallyport/core-session';
import type { Actor, DomainEvent, Position } from '@sallyport/engine';
import { Ledger } from '@sallyport/feature-ledger';
import { uuidOf } from './digests.js';

/** Events of a stream among which those of a record made before are looked for. */
const searchDepth = 256;

export interface Record {
  /** The same text for the same record: makes it idempotent. */
  readonly key: string;
  readonly actor: Actor;
  readonly correlationId?: string;
}

@Injectable()
export class RulesJournal {
  constructor(private readonly ledger: Ledger) {}

  /** Rejects with `EngineError` when the store does not take it. */
  async onAccount(accountId: string, events: readonly AnomalyEvent[], record: Record): Promise<void> {
    const stream = streams.anomaly(accountId);
    const prefix = uuidOf(record.key).slice(0, 34);
    const recent = await this.ledger.store.readBack(stream, searchDepth);
    if (recent.some(({ id }) => id.startsWith(prefix))) return;
    await this.append(stream, events, { ...record, partitionKey: accountId });
  }

  /** An event about the rules of everybody; where it stands. */
  onRules(event: RulesEvent, record: Record): Promise<Position> {
    return this.append(streams.rules, [event], { ...record, partitionKey: '*' });
  }

  private async append(
    stream: string,
    events: readonly DomainEvent[],
    record: Record & { readonly partitionKey: string },
  ): Promise<Position> {
    const { actor, partitionKey, key, correlationId = uuidOf(key) } = record;
    const { appended } = await this.ledger.run(
      this.ledger.names,
      {
        commandId: uuidOf(key),
        stream,
        load: () => Promise.resolve({ state: undefined, revision: -1, guards: [] }),
        decide: () => ({ events, atAnyRevision: true, answer: undefined }),
        own: () => undefined,
      },
      { ordered: { actor, correlationId }, partitionKey },
    );
    return appended?.position ?? '0';
  }
}
