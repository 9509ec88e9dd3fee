// The rows by which a consumer of the bus sets accounts aside, and by which others ask it to take them up.
import type { ReceivedRecord } from './bus.js';
import { isEngineError } from './errors.js';
import type { Position } from './event.js';
import type { ViewCommit, ViewStore } from './view-store.js';

type Change = ViewCommit['changes'][number];

/** - `unreadable`: the record is no event. - `not_handled`: the work failed on it, however often.
 * - `beyond_head`: it stands where the store has not come to, so it is none of the store's.
 * - `not_held`: it could not be handled, and the store does not hold it: somebody else wrote it. */
export type DeadLetterReason = 'unreadable' | 'not_handled' | 'beyond_head' | 'not_held';

/** Name and generation of a consumer: each sets aside for itself. */
export interface ConsumerName {
  readonly name: string;
  readonly generation: number;
}

/** An account whose records are set aside from one on. */
export interface ParkedKey {
  readonly key: string;
  readonly partition: number;
  /** Position of the event that could not be handled, where it could be read. */
  readonly position: Position | null;
  readonly offset: string;
  readonly since: string;
  readonly reason: DeadLetterReason;
}

/** By its consumer's name: who is set aside, what of them, and whom somebody asks to be taken up again. */
export function parkingViews({ name }: Pick<ConsumerName, 'name'>) {
  const keys = `parked-${name}`;
  return { keys, records: `parked-records-${name}`, asked: `parked-asked-${name}` } as const;
}

type Place = Pick<ParkedKey, 'partition' | 'key'>;

/** The key of its row: system events are in each partition, and may be aside in some. */
export function placeText({ partition, key }: Place): string {
  return `${partition}/${key}`;
}

/** By what rows of keys of the partition are listed. */
export function partitionOwner(partition: number): string {
  return `partition-${partition}`;
}

/** The row of a key that is set aside; found by its partition. */
export function keyRow(consumer: ConsumerName, parked: ParkedKey): Change {
  const key = placeText(parked);
  const row = { key, owner: partitionOwner(parked.partition), body: { ...parked } };
  return { view: parkingViews(consumer).keys, key, row };
}

/** The row of a record that is set aside; found by its key's place, in order of offset. */
export function recordRow(consumer: ConsumerName, record: ReceivedRecord): Change {
  const { key: recordKey, partition, offset, topic, headers, value } = record;
  const key = `${partition}/${offset.padStart(20, '0')}`;
  const body = { topic, partition, offset, key: recordKey, headers, value };
  return { view: parkingViews(consumer).records, key, row: { key, owner: placeText(record), body } };
}

/** The keys that a consumer has set aside, in all partitions; `limit` of them at most. */
export async function parkedKeys(
  views: Pick<ViewStore, 'page'>,
  consumer: ConsumerName,
  limit = 1_000,
): Promise<ParkedKey[]> {
  const rows = await views.page(parkingViews(consumer).keys, consumer.generation, { limit });
  return rows.map(({ body }) => body as unknown as ParkedKey);
}

const askTries = 8;

/**
 * Asks whichever process has the partition to take the key up: it does about a second later. Rejects with
 * `EngineError`: nothing is asked then, or (`outcome_unknown`) it may be.
 */
export async function askToTakeUp(
  views: Pick<ViewStore, 'checkpoint' | 'commit'>,
  consumer: ConsumerName,
  place: Place,
): Promise<void> {
  const { asked: view } = parkingViews(consumer);
  const key = placeText(place);
  const body = { key: place.key, partition: place.partition };
  const row = { key, owner: partitionOwner(place.partition), body };
  for (let tries = 1; ; tries += 1) {
    const from = await views.checkpoint(view, consumer.generation);
    const to = String(BigInt(from ?? '0') + 1n);
    const { generation } = consumer;
    try {
      return await views.commit({ projection: view, generation, from, to, changes: [{ view, key, row }] });
    } catch (error) {
      // Somebody else asked at the same time.
      if (!isEngineError(error, 'checkpoint_moved') || tries === askTries) throw error;
    }
  }
}
