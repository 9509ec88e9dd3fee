// The service of several processes that `npm run stack` started: with a real bus, and metrics in many places.
import { busTopics, KafkaBus } from '@sallyport/adapter-kafka';
import { eventRecords, partitionOf, type RecordedEvent } from '@sallyport/engine';
import type { StackState } from '../stack/stack-file.js';
import { LedgerView } from './ledger.js';
import { Operator } from './operator.js';
import { Target } from './target.js';

export class StackTarget extends Target {
  private readonly bus: KafkaBus;

  private constructor(
    private readonly stack: StackState,
    parts: { readonly issuer: string; readonly operator: Operator; readonly ledger: LedgerView },
  ) {
    super(parts.issuer, '', parts);
    const { kafkaBrokers: brokers = '' } = stack;
    this.bus = new KafkaBus({ brokers, clientId: 'drill', log: () => undefined });
  }

  /** Throws an `Error` for a stack that is not up. */
  static of(stack: StackState): StackTarget {
    const { issuer, adminUrl, credentialFile, eventStoreUrl } = stack;
    if (!issuer || !adminUrl || !credentialFile || !eventStoreUrl) throw new Error('there is no such stack');
    const operator = Operator.at(adminUrl, credentialFile);
    return new StackTarget(stack, { issuer, operator, ledger: LedgerView.at(eventStoreUrl) });
  }

  override get isOwn(): boolean {
    return true;
  }

  override get metricsUrls(): readonly string[] {
    return this.stack.processes.flatMap(({ url, name }) => {
      return url === undefined || name.startsWith('proxy') ? [] : [`${url}/metrics`];
    });
  }

  override async apart(one: string, other: string): Promise<boolean> {
    const count = await this.bus.partitions(busTopics.events);
    return count < 2 || partitionOf(one, count) !== partitionOf(other, count);
  }

  override async writeToBus(event: RecordedEvent): Promise<void> {
    const target = { topic: busTopics.events, partitions: 1, source: this.issuer };
    await this.bus.write(eventRecords(event, target));
  }

  override async canWriteToBus(): Promise<boolean> {
    return true;
  }

  override async stop(): Promise<void> {
    await this.bus.close();
  }
}
