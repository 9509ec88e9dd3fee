// A consumer group in memory: members share the partitions, and one may believe for a while in partitions it
// has lost, as clients of real brokers do.
import type { BatchHandler, Consumption, ReceivedRecord } from '@sallyport/engine';

interface Member {
  readonly handler: BatchHandler;
}

const batchSize = 16;

export class MemoryGroup {
  private readonly members: Member[] = [];
  private generation = 0;

  constructor(private readonly partitions: readonly (readonly ReceivedRecord[])[]) {}

  /** Deals the partitions out again, as a broker does when a member's heartbeat was late. */
  rebalance(): void {
    this.generation += 1;
    this.members.push(this.members.shift() as Member);
  }

  async follow({ topic, handler, failed }: Consumption, signal: AbortSignal): Promise<void> {
    const member: Member = { handler };
    this.members.push(member);
    this.generation += 1;
    try {
      while (!signal.aborted) {
        const generation = this.generation;
        const mine = this.partitionsOf(member);
        const goesOn = (): boolean => !signal.aborted && this.generation === generation;
        const again = async (partition: number): Promise<void> => {
          while (goesOn()) {
            const turns = this.followOne({ topic, partition, handler }, goesOn);
            await turns.catch((error: unknown) => failed?.(error));
            await tick();
          }
        };
        await Promise.all(mine.map(again));
        await tick();
      }
    } finally {
      this.members.splice(this.members.indexOf(member), 1);
      this.generation += 1;
    }
  }

  private partitionsOf(member: Member): number[] {
    const at = this.members.indexOf(member);
    const all = this.partitions.map((_, partition) => partition);
    return all.filter((partition) => partition % this.members.length === at);
  }

  private async followOne(
    { topic, partition, handler }: { topic: string; partition: number; handler: BatchHandler },
    goesOn: () => boolean,
  ): Promise<void> {
    let offset = BigInt((await handler.assigned(partition)) ?? 0);
    while (goesOn()) {
      const rest = (this.partitions[partition] ?? []).filter((record) => BigInt(record.offset) >= offset);
      const records = rest.slice(0, batchSize);
      const last = records.at(-1);
      if (last === undefined) {
        await handler.idle(partition);
      } else {
        const next = BigInt(last.offset) + 1n;
        const lag = rest.length - records.length;
        const alive = async (): Promise<void> => undefined;
        await handler.handle({ topic, partition, records, nextOffset: String(next), lag }, alive);
        offset = next;
      }
      await tick();
    }
  }
}

function tick(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
