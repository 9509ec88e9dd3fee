// One assignment of one partition: takes batches, writes rows and checkpoint together, sets accounts aside.
import type { BusBatch, ReceivedRecord } from './bus.js';
import type { ConsumerCheckpoint } from './consumer-checkpoints.js';
import { deadLetter } from './dead-letter.js';
import { isEngineError } from './errors.js';
import { comparePositions } from './event.js';
import type { Position, RecordedEvent } from './event.js';
import { recordedEvent } from './event-record.js';
import type { ConsumerParts } from './consumer-parts.js';
import type { KnownHead } from './known-head.js';
import { keyRow, parkingViews, partitionOwner, placeText, recordRow } from './parking.js';
import type { DeadLetterReason, ParkedKey } from './parking.js';
import type { ViewCommit, ViewRow } from './view-store.js';

type Changes = ViewCommit['changes'];

/** A record on its way: its event, unless it cannot be read as one. */
interface Item {
  readonly record: ReceivedRecord;
  readonly event: RecordedEvent | undefined;
  readonly error?: unknown;
}

const defaultRetryDelaysMs = [50, 200, 500];

export class PartitionRun {
  readonly parked: Map<string, ParkedKey>;
  private readonly partition: number;
  private checkpoint: ConsumerCheckpoint;
  private readonly head: KnownHead;
  private tendedAt = 0;

  constructor(
    private readonly parts: ConsumerParts,
    start: {
      readonly partition: number;
      readonly checkpoint: ConsumerCheckpoint;
      readonly parked: Map<string, ParkedKey>;
      readonly head: KnownHead;
    },
  ) {
    this.partition = start.partition;
    this.checkpoint = start.checkpoint;
    this.parked = start.parked;
    this.head = start.head;
  }

  /** Handles the batch, in one transaction unless something in it fails. Rejects when a port does. */
  async handle({ records, nextOffset, lag }: BusBatch, alive: () => Promise<void>): Promise<void> {
    const items = records.filter((record) => this.isNew(record)).map(readItem);
    const known = await this.withoutStrangers(items);
    const events = known.flatMap(({ event }) => (event === undefined ? [] : [event]));
    if (known.some(({ event }) => event === undefined) || !(await this.handleAtOnce(known, nextOffset))) {
      for (const item of known) {
        await alive();
        await this.handleOne(item);
      }
      await this.commit([], { nextOffset });
    }
    const last = events.at(-1)?.recordedAt;
    const lagMs = last === undefined ? 0 : Math.max(0, this.parts.ports.clock.now() - Date.parse(last));
    const { partition } = this;
    this.parts.observer.handled?.({ partition, events: events.length, lagEvents: lag, lagMs });
  }

  /** Handles what was set aside of the key, in order; it stays aside from the first that fails again. */
  async drain(key: string): Promise<void> {
    const { ports, work } = this.parts;
    const parked = this.parked.get(key);
    if (parked === undefined) return;
    const { keys, records } = parkingViews(work);
    const rows = await ports.views.list(records, work.generation, placeText(parked));
    for (const { key: rowKey, body } of rows) {
      const { event } = readItem(body as unknown as ReceivedRecord);
      const changes = event === undefined ? undefined : await this.tryFold(event);
      if (changes === undefined) return;
      await this.commit([...changes, { view: records, key: rowKey, row: null }], {});
    }
    const takenUp = (await work.takenUp?.(parked, this.checkpoint.lastPosition)) ?? [];
    await this.commit([...takenUp, { view: keys, key: placeText(parked), row: null }], {});
    this.parked.delete(key);
    this.tellParked();
  }

  /** Takes up what others asked for, and writes what the work has to write without an event. */
  async tend(): Promise<void> {
    const { ports, work } = this.parts;
    const { asked } = parkingViews(work);
    for (const { key: rowKey, body } of await this.asked()) {
      await this.drain(String(body['key']));
      await this.commit([{ view: asked, key: rowKey, row: null }], {});
    }
    const changes = (await work.due?.(this.partition, this.checkpoint.lastPosition)) ?? [];
    if (changes.length > 0) await this.commit(changes, {});
    this.tendedAt = ports.clock.now();
  }

  /** As long ago it was tended; milliseconds. */
  get untendedMs(): number {
    return this.parts.ports.clock.now() - this.tendedAt;
  }

  private asked(): Promise<ViewRow[]> {
    const { ports, work } = this.parts;
    return ports.views.list(parkingViews(work).asked, work.generation, partitionOwner(this.partition));
  }

  private isNew({ offset }: ReceivedRecord): boolean {
    return BigInt(offset) >= BigInt(this.checkpoint.nextOffset);
  }

  /** Leaves out what was handled before under another offset, and what the store does not hold. */
  private async withoutStrangers(items: readonly Item[]): Promise<Item[]> {
    const known: Item[] = [];
    let last = this.checkpoint.lastPosition;
    for (const item of items) {
      const { event } = item;
      if (event === undefined) {
        known.push(item);
      } else if (comparePositions(event.position, last) > 0) {
        if (await this.head.isBefore(event.position)) {
          await this.letter(item, 'beyond_head');
          continue;
        }
        last = event.position;
        known.push(item);
      }
    }
    return known;
  }

  /** All in one transaction; false, with nothing written, when an event among them cannot be handled. */
  private async handleAtOnce(items: readonly Item[], nextOffset: string): Promise<boolean> {
    const live = items.filter(({ record }) => !this.parked.has(record.key));
    const aside = items.filter(({ record }) => this.parked.has(record.key));
    const events = live.flatMap(({ event }) => (event === undefined ? [] : [event]));
    const changes = events.length === 0 ? [] : await this.fold(events);
    if (changes === undefined) return false;
    const rows = aside.map(({ record }) => recordRow(this.parts.work, record));
    const lastPosition = items.at(-1)?.event?.position;
    await this.commit([...changes, ...rows], { nextOffset, lastPosition });
    return true;
  }

  private async handleOne(item: Item): Promise<void> {
    const { record, event } = item;
    const { work } = this.parts;
    const nextOffset = String(BigInt(record.offset) + 1n);
    const to = { nextOffset, lastPosition: event?.position };
    if (this.parked.has(record.key)) return this.commit([recordRow(work, record)], to);
    const changes = event === undefined ? undefined : await this.tryFold(event);
    if (changes !== undefined) return this.commit(changes, to);
    if (!(await this.isHeld(item))) {
      // Whoever may write to the bus sets nobody aside.
      await this.letter(item, 'not_held');
      return this.commit([], { nextOffset });
    }
    const reason = event === undefined ? 'unreadable' : 'not_handled';
    await this.letter(item, reason);
    const { partition } = this;
    const position = event?.position ?? null;
    const since = new Date(this.parts.ports.clock.now()).toISOString();
    const parked = { key: record.key, partition, position, offset: record.offset, since, reason } as const;
    const aside = (await work.aside?.(parked)) ?? [];
    await this.commit([...aside, keyRow(work, parked), recordRow(work, record)], to);
    this.parked.set(record.key, parked);
    this.tellParked();
  }

  private async isHeld({ record, event }: Item): Promise<boolean> {
    const { holds } = this.parts.ports;
    return holds === undefined || holds(record, event);
  }

  /** Folds one event, again after each of the waits; undefined when it fails every time. */
  private async tryFold(event: RecordedEvent): Promise<Changes | undefined> {
    for (const delayMs of this.parts.settings.retryDelaysMs ?? defaultRetryDelaysMs) {
      const changes = await this.fold([event]);
      if (changes !== undefined) return changes;
      await new Promise((resolve) => {
        setTimeout(resolve, delayMs);
      });
    }
    return this.fold([event]);
  }

  /** Undefined when an event fails; rejects when a port does. */
  private async fold(events: readonly RecordedEvent[]): Promise<Changes | undefined> {
    try {
      return await this.parts.work.fold(this.partition, events);
    } catch (error) {
      if (isEngineError(error)) throw error;
      // What the work remembers may be half changed.
      await this.parts.work.assigned?.(this.partition);
      return undefined;
    }
  }

  /** The letter is written before the record is passed, so at least once, always with the same origin. */
  private async letter({ record, error }: Item, reason: DeadLetterReason): Promise<void> {
    const { ports, settings, work, observer } = this.parts;
    const origin = { topic: settings.deadLetters, consumer: `${work.name}.${work.generation}`, reason };
    await ports.bus.write([deadLetter(record, origin)]);
    observer.deadLettered?.(record, reason, error);
  }

  private async commit(
    changes: Changes,
    to: { readonly nextOffset?: string; readonly lastPosition?: Position },
  ): Promise<void> {
    const { ports, work } = this.parts;
    const { nextOffset = this.checkpoint.nextOffset, lastPosition = this.checkpoint.lastPosition } = to;
    const of = { consumer: work.name, generation: work.generation, partition: this.partition };
    const from = this.checkpoint;
    this.checkpoint = await ports.checkpoints.commit({ of, from, to: { nextOffset, lastPosition }, changes });
    work.committed?.(this.partition);
  }

  private tellParked(): void {
    this.parts.observer.parked?.(this.partition, [...this.parked.keys()]);
  }
}

function readItem(record: ReceivedRecord): Item {
  try {
    return { record, event: recordedEvent(record) };
  } catch (error) {
    return { record, event: undefined, error };
  }
}
