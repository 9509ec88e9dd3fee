// Keeps a reader up to date from the bus: every partition, from its oldest record on.
import type { Bus } from '@sallyport/engine';
import type { StandingReader } from './standing-reader.js';

export interface Following {
  readonly bus: Pick<Bus, 'consume'>;
  readonly topic: string;
  /** A name that no other process has: each reads all partitions. */
  readonly group: string;
  readonly reader: StandingReader;
  /** Told when the bus failed; the reader denies once its feed is too old, and reads on after a wait. */
  failed?(error: unknown): void;
}

/** Until the signal aborts. A bus that is away is waited for. */
export async function followStanding(
  { bus, topic, group, reader, failed }: Following,
  signal: AbortSignal,
): Promise<void> {
  const handler = {
    assigned: async (partition: number) => reader.nextOffset(partition),
    handle: async (batch: Parameters<StandingReader['take']>[0]) => reader.take(batch),
    idle: async () => undefined,
  };
  await bus.consume({ topic, group, handler, ...(failed === undefined ? {} : { failed }) }, signal);
}
