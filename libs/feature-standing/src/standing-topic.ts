// The compacted topic as a store of rows and checkpoints: state and progress are one transaction on it, and
// whoever owns a partition has shut out all owners before, ahead of reading what they left.
import { standingKey, standingKinds, standingVersion } from '@sallyport/core-views';
import type { StandingFeed, StandingKind } from '@sallyport/core-views';
import { EngineError, isEngineError } from '@sallyport/engine';
import type {
  BusPublisher,
  BusRecord,
  ConsumerCheckpoint,
  ConsumerCheckpoints,
  ConsumerCommit,
  JsonObject,
  Position,
  ViewRow,
  ViewStore,
} from '@sallyport/engine';
import { idOf, isAside, kindOf } from './aside-rows.js';
import { LedgerLine } from './ledger-line.js';
import type { Standing } from './ledger-line.js';
import { PartitionLoads } from './partition-loads.js';
import type { PartitionRows } from './partition-rows.js';
import type { StandingObserver, StandingPorts, StandingSettings } from './standing-parts.js';

const transactionTimeoutMs = 10_000;
const beatMs = 1_000;
const unusedMs = 60_000;
const defaultRetentionMs = 24 * 3_600_000;
const sweptAtOnce = 2_000;

/** A partition that is ours, until a write says otherwise. */
interface Held {
  readonly publisher: BusPublisher;
  readonly rows: PartitionRows;
  checkpoint: ConsumerCheckpoint;
  beatenMs: number;
}

type Checkpoints = Pick<ConsumerCheckpoints, 'assign' | 'commit'>;

export class StandingTopic implements Checkpoints, Pick<ViewStore, 'list'> {
  readonly line: LedgerLine;
  private readonly held = new Map<number, Held>();
  private readonly loads: PartitionLoads;
  /** Lost to another owner, by the bus's word; the group has not said so yet. */
  private readonly lost = new Set<number>();
  private partitions = 0;

  constructor(
    private readonly ports: StandingPorts,
    private readonly settings: StandingSettings,
    private readonly observer: StandingObserver,
  ) {
    this.loads = new PartitionLoads(ports.bus, settings.topics.standing, settings.name);
    this.line = new LedgerLine(ports.ledger, ports.clock, () => this.partitions);
  }

  async assign(_consumer: string, _generation: number, partition: number): Promise<ConsumerCheckpoint> {
    await this.letGo(partition);
    // Taking it back at once would shut its owner out: first the group is to say whose it is.
    if (this.lost.delete(partition)) throw new EngineError('fenced');
    const name = `${this.settings.name}-${partition}`;
    const publisher = this.ports.bus.publisher({ name, transactionTimeoutMs });
    try {
      await publisher.open();
      this.partitions = await publisher.partitions(this.settings.topics.standing);
      const rows = await this.loads.load(partition);
      const { feed } = rows;
      const checkpoint = {
        epoch: (feed?.epoch ?? 0) + 1,
        nextOffset: feed?.nextOffset ?? '0',
        lastPosition: feed?.lastPosition ?? null,
      };
      // Its first word is due at once.
      const beatenMs = this.ports.clock.now() - beatMs;
      this.held.set(partition, { publisher, rows, checkpoint, beatenMs });
      this.line.add(partition, feed === undefined ? undefined : standingIn(feed));
      this.observer.stood?.(partition, feed === undefined ? undefined : standingIn(feed).asOfMs);
      return checkpoint;
    } catch (error) {
      await publisher.close();
      throw error;
    }
  }

  async commit({ of, from, to, changes }: ConsumerCommit): Promise<ConsumerCheckpoint> {
    const held = this.held.get(of.partition);
    const isLatest = held?.checkpoint.epoch === from.epoch && held.checkpoint.nextOffset === from.nextOffset;
    if (held === undefined || !isLatest) throw new EngineError('checkpoint_moved');
    const checkpoint = { epoch: from.epoch, nextOffset: to.nextOffset, lastPosition: to.lastPosition };
    const rows = changes.flatMap(({ view, key, row }): Change[] => {
      const kind = kindOf(view);
      if (kind === undefined) return [];
      const id = idOf(kind, key);
      if (row === null) return [{ kind, id, body: null }];
      const body = isAside(kind) ? { v: standingVersion, owner: row.owner, ...row.body } : row.body;
      return [{ kind, id, body }];
    });
    await this.write(of.partition, held, { checkpoint, rows });
    return checkpoint;
  }

  /** About once a second: says how far the partition is, and sweeps. Rejects when it is not ours any more. */
  async beat(partition: number): Promise<void> {
    const held = this.held.get(partition);
    if (held === undefined) throw new EngineError('checkpoint_moved');
    if (this.ports.clock.now() - held.beatenMs < beatMs) return;
    await this.write(partition, held, { checkpoint: held.checkpoint, rows: [] });
  }

  async list(view: string, _generation: number, owner: string): Promise<ViewRow[]> {
    const kind = kindOf(view);
    if (kind === undefined) return [];
    return [...this.held.values()].flatMap(({ rows }) => rows.asideOf(kind, owner));
  }

  /** The row as the partition has it. */
  row(partition: number, view: string, key: string): ViewRow | undefined {
    return this.held.get(partition)?.rows.row(view, key);
  }

  handled(partition: number): Position | null {
    return this.held.get(partition)?.checkpoint.lastPosition ?? null;
  }

  /** Lets go of partitions that went elsewhere: nobody tells when one does. */
  async letGoUnused(): Promise<void> {
    const before = this.ports.clock.now() - unusedMs;
    for (const [partition, { beatenMs }] of this.held) {
      if (beatenMs < before) await this.letGo(partition);
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.held.keys()].map((partition) => this.letGo(partition)));
  }

  private async letGo(partition: number): Promise<void> {
    const held = this.held.get(partition);
    if (held === undefined) return;
    this.held.delete(partition);
    this.line.remove(partition);
    this.observer.left?.(partition);
    await held.publisher.close();
  }

  private async write(partition: number, held: Held, { checkpoint, rows }: Write): Promise<void> {
    const { clock } = this.ports;
    const { position, asOfMs } = this.line.stand(partition, checkpoint.lastPosition);
    const asOf = asOfMs === undefined ? null : new Date(asOfMs).toISOString();
    const { partitions } = this;
    const feed: StandingFeed = { v: 1, partition, partitions, position, asOf, ...checkpoint };
    const changed = new Set(rows.map(({ kind, id }) => standingKey(kind, id)));
    const over = asOfMs === undefined ? [] : held.rows.over(asOfMs - this.retentionMs, sweptAtOnce);
    const swept = over.filter((key) => !changed.has(key));
    try {
      await held.publisher.publish(this.records(partition, { rows, swept, feed }));
    } catch (error) {
      // What the topic holds now has to be read again.
      if (isEngineError(error, 'fenced')) this.lost.add(partition);
      await this.letGo(partition);
      throw error;
    }
    for (const { kind, id, body } of rows) held.rows.put(kind, id, body);
    held.rows.remove(swept);
    held.checkpoint = checkpoint;
    held.beatenMs = clock.now();
    this.observer.written?.({ records: rows.length + 1, tombstones: swept.length });
    this.observer.stood?.(partition, asOfMs);
  }

  /** Accounts before their sessions, so that nobody sees one without its account; the feed at the end. */
  private records(
    partition: number,
    { rows, swept, feed }: { rows: readonly Change[]; swept: readonly string[]; feed: StandingFeed },
  ): BusRecord[] {
    const { standing: topic } = this.settings.topics;
    const order = (kind: StandingKind): number => (kind === 'session' ? standingKinds.length : 0);
    const inOrder = [...rows].sort((a, b) => order(a.kind) - order(b.kind));
    const record = (key: string, body: object | null): BusRecord => {
      const headers: Record<string, string> = body === null ? {} : { 'content-type': 'application/json' };
      return { topic, key, partition, headers, value: body === null ? null : JSON.stringify(body) };
    };
    return [
      ...inOrder.map(({ kind, id, body }) => record(standingKey(kind, id), body)),
      ...swept.map((key) => record(key, null)),
      record(standingKey('feed', String(partition)), feed),
    ];
  }

  private get retentionMs(): number {
    return this.settings.retentionMs ?? defaultRetentionMs;
  }
}

function standingIn({ position, asOf }: StandingFeed): Standing {
  return { position, asOfMs: asOf === null ? undefined : Date.parse(asOf) };
}

interface Change {
  readonly kind: StandingKind;
  readonly id: string;
  readonly body: JsonObject | null;
}

interface Write {
  readonly checkpoint: ConsumerCheckpoint;
  readonly rows: readonly Change[];
}
