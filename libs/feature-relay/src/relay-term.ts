// What a relay does between taking its lease and losing it: fence, find where the topic ends, go on there.
import { comparePositions, EngineError, eventRecords, recordedEvent } from '@sallyport/engine';
import type { BusPublisher, BusRecord, Position, ReceivedRecord, RecordedEvent } from '@sallyport/engine';
import { networkRecords } from './network-record.js';
import type { RelayObserver, RelayPorts, RelaySettings } from './relay-ports.js';

const idleMs = 1_000;

/** Events and what they are on the bus. */
interface Batch {
  readonly events: readonly RecordedEvent[];
  readonly records: readonly BusRecord[];
}

export class RelayTerm {
  private position: Position | null = null;
  private partitions = 0;
  private toldAt = Number.NEGATIVE_INFINITY;

  private readonly settings: RelaySettings;
  private readonly observer: RelayObserver;

  constructor(
    private readonly ports: RelayPorts,
    private readonly publisher: BusPublisher,
    { settings, observer }: { readonly settings: RelaySettings; readonly observer: RelayObserver },
  ) {
    this.settings = settings;
    this.observer = observer;
  }

  /**
   * Fences whoever published before, then finds the highest position that was published. Rejects with
   * `bus_diverged` when the store does not hold that very event: then to go on would leave a gap or repeat.
   */
  async takeUp(): Promise<void> {
    const { publisher, settings } = this;
    await publisher.open();
    this.partitions = await publisher.partitions(settings.topics.events);
    const last = highest(await publisher.lastRecords(settings.topics.events));
    if (last !== undefined) await this.checkHeld(last);
    this.position = last?.position ?? null;
  }

  /** Publishes what the feed has and gets, a batch a transaction, until the signal aborts. */
  async publishUntil(signal: AbortSignal, published: () => void): Promise<void> {
    let reading: Promise<Batch> | undefined;
    while (!signal.aborted) {
      const batch: Batch = await (reading ?? this.read(this.position));
      const { events } = batch;
      reading = undefined;
      if (events.length > 0) {
        const next = (events.at(-1) as RecordedEvent).position;
        // Behind: while this batch is on its way the next one is read and made into records. Who is not reads
        // afterwards, and takes along all that came meanwhile.
        if (events.length >= this.batchSize) reading = this.ahead(next);
        await this.publish(batch);
        this.position = next;
        published();
      }
      await this.tell(events);
      if (events.length === 0) await this.ports.feed.wait(this.position, idleMs, signal);
    }
  }

  private async checkHeld({ stream, revision, position, hash }: RecordedEvent): Promise<void> {
    const [held] = await this.ports.store.read(stream, revision, 1);
    if (held?.position === position && held.hash === hash) return;
    throw new EngineError('bus_diverged', { stream, actual: revision });
  }

  private async publish({ events, records }: Batch): Promise<void> {
    const startedAt = performance.now();
    await this.publisher.publish(records);
    const tookMs = performance.now() - startedAt;
    this.observer.published?.({ events: events.length, records: records.length, tookMs });
  }

  /** Tells how far it is: when all is published, and once a second while there is more. */
  private async tell(events: readonly RecordedEvent[]): Promise<void> {
    const now = performance.now();
    const { position } = this;
    if (this.observer.progressed === undefined) return;
    if (now - this.toldAt < idleMs) return;
    this.toldAt = now;
    const head = await this.ports.feed.head();
    const lagEvents = comparePositions(head, position) <= 0 ? 0 : distance(position, head);
    const at = events.at(-1)?.recordedAt;
    const age = at === undefined ? 0 : Math.max(0, this.ports.clock.now() - Date.parse(at));
    this.observer.progressed({ position, lagEvents, lagMs: lagEvents === 0 ? 0 : age });
  }

  /** Begins to read; a failure is met by whoever awaits it, and is nobody's when nobody does. */
  private ahead(after: Position | null): Promise<Batch> {
    const reading = this.read(after);
    reading.catch(() => undefined);
    return reading;
  }

  private async read(after: Position | null): Promise<Batch> {
    const { topics, source } = this.settings;
    const { partitions } = this;
    const events = await this.ports.feed.read(after, this.batchSize);
    const records: BusRecord[] = [];
    for (const event of events) {
      records.push(...eventRecords(event, { topic: topics.events, partitions, source }));
      records.push(...networkRecords(event, { topic: topics.network, source }));
    }
    return { events, records };
  }

  private get batchSize(): number {
    return this.settings.batchSize ?? 1_000;
  }
}

/** The event published last: each partition ends with one, of which the highest counts. */
function highest(records: readonly (ReceivedRecord | null)[]): RecordedEvent | undefined {
  const events = records.flatMap((record) => (record === null ? [] : [recordedEvent(record)]));
  return events.reduce<RecordedEvent | undefined>((last, event) => {
    return last === undefined || comparePositions(event.position, last.position) > 0 ? event : last;
  }, undefined);
}

function distance(from: Position | null, to: Position | null): number {
  return Math.max(0, Number(BigInt(to ?? 0) - BigInt(from ?? 0)));
}
