// Whether the views that projectors wrote into PostgreSQL are what the ledger's events fold to.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parsePostgresUrl, PostgresStores } from '@sallyport/adapter-postgres';
import { SqliteViewStore } from '@sallyport/adapter-sqlite';
import { projections, viewsConsumer } from '@sallyport/core-views';
import { comparePositions, everyPartition, partitionOf } from '@sallyport/engine';
import type { Feed, Position, RecordedEvent } from '@sallyport/engine';
import { replayViews } from '@sallyport/feature-auditor';
import { differenceWords } from '../prove/views-audit.js';

export interface ReplicaViews {
  readonly postgresUrl: string;
  readonly partitions: number;
  readonly feed: Feed;
  /** Everything in the ledger; where rows are compared nothing is appended meanwhile. */
  readonly events: readonly RecordedEvent[];
}

const maxProblems = 5;

/** Resolves with the partitions, in words, whose part of these events is not folded after the time. */
export async function viewsBehind(of: ReplicaViews, withinMs: number): Promise<string[]> {
  const stores = await openStores(of);
  return partitionsBehind(of, stores, withinMs).finally(() => stores.close());
}

/** Waits until every partition is folded; then rows that differ from a replay, at most five. */
export async function replicaViewsProblems(of: ReplicaViews, withinMs: number): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-replay-'));
  const stores = await openStores(of);
  const rebuilt = SqliteViewStore.open(join(folder, 'rebuilt.sqlite'), 'OFF');
  try {
    const behind = await partitionsBehind(of, stores, withinMs);
    if (behind.length > 0) return behind;
    const head = await of.feed.head();
    const { views } = stores;
    const live = { checkpoint: () => Promise.resolve(head), page: views.page.bind(views) };
    const { differences, problems } = await replayViews(projections, { feed: of.feed, live, rebuilt });
    return [...problems, ...differences.slice(0, maxProblems).map(differenceWords)];
  } finally {
    rebuilt.close();
    await stores.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function openStores({ postgresUrl }: ReplicaViews): Promise<PostgresStores> {
  const { settings, mistakes } = parsePostgresUrl(postgresUrl);
  if (settings === undefined) throw new Error(mistakes.join('; '));
  return PostgresStores.open(settings);
}

/** The partitions whose last event is not folded after the time. */
async function partitionsBehind(
  of: ReplicaViews,
  stores: PostgresStores,
  withinMs: number,
): Promise<string[]> {
  const deadline = performance.now() + withinMs;
  const { name, generation } = viewsConsumer;
  const ends = Array.from({ length: of.partitions }, (_, partition) => lastPosition(of, partition));
  for (;;) {
    const progress = await stores.consumers.progress(name, generation);
    const behind = ends.flatMap((end, partition) => {
      const at = progress.get(partition)?.lastPosition ?? null;
      const isBehind = comparePositions(at, end) < 0;
      return isBehind ? [`the views of partition ${partition} stand at ${at}, its last event is ${end}`] : [];
    });
    if (behind.length === 0 || performance.now() > deadline) return behind;
    await sleep(100);
  }
}

function lastPosition({ events, partitions }: ReplicaViews, partition: number): Position | null {
  const last = events.findLast(({ partitionKey }) => {
    return partitionKey === everyPartition || partitionOf(partitionKey, partitions) === partition;
  });
  return last?.position ?? null;
}
