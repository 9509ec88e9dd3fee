// Up to where, and as of when, a partition of the bus holds all that the ledger does. The bus cannot say so
// itself: a relay that stands still looks like a ledger in which nothing happens.
import { comparePositions, everyPartition, partitionOf } from '@sallyport/engine';
import type { Clock, Feed, Position } from '@sallyport/engine';

const pageEvents = 500;
const maxPages = 20;

/** How a partition stands. */
export interface Standing {
  /** All of it up to here is handled. */
  readonly position: Position | null;
  /** All of it that the ledger held at this instant is; undefined before that is known; milliseconds. */
  readonly asOfMs: number | undefined;
}

/** A partition here. */
interface Stand {
  /** All of the partition up to here is handled, and nothing of it stands between. */
  complete: Position | null;
  /** When the ledger held nothing of the partition that is not handled; milliseconds. */
  asOfMs: number | undefined;
  /** An instant that becomes `asOfMs` once all is handled that the ledger held then. */
  pending: Pending | undefined;
}

interface Pending {
  readonly atMs: number;
  readonly head: Position | null;
  /** The last event of the partition that the ledger held. */
  readonly owed: Position | null;
}

export class LedgerLine {
  private stands = new Map<number, Stand>();
  /** The last event of each partition that was seen in the ledger. */
  private readonly owed = new Map<number, Position>();
  private scanned: Position | null = null;
  private added = 0;

  /** `partitions`: how many there are. */
  constructor(
    private readonly ledger: Pick<Feed, 'read' | 'head'>,
    private readonly clock: Clock,
    private readonly partitions: () => number,
  ) {}

  /** A partition came here. What its owner before has said of it, nothing makes untrue. */
  add(partition: number, before: Standing = { position: null, asOfMs: undefined }): void {
    const { position: complete, asOfMs } = before;
    const isFirst = this.stands.size === 0;
    this.stands.set(partition, { complete, asOfMs, pending: undefined });
    if (isFirst || comparePositions(complete, this.scanned) < 0) this.scanned = complete;
    this.added += 1;
  }

  remove(partition: number): void {
    this.stands.delete(partition);
  }

  /**
   * Looks what the ledger holds now, about once a second; `handled` tells a partition's last event that was
   * handled. Rejects as the ledger does: then nothing gets newer.
   */
  async look(handled: (partition: number) => Position | null): Promise<void> {
    const { added, stands } = this;
    if (stands.size === 0) return;
    const asked = new Map(stands);
    const atMs = this.clock.now();
    const head = await this.ledger.head();
    // What every partition here has handled owes nothing.
    const through = [...asked.keys()].map(handled).sort(comparePositions)[0] ?? null;
    const from = comparePositions(through, this.scanned) > 0 ? through : this.scanned;
    const scanned = await this.scan(from, head);
    // A partition that came meanwhile begins further back.
    if (added === this.added) this.scanned = scanned;
    if (comparePositions(scanned, head) < 0) return;
    for (const [partition, stand] of asked) {
      if (stands.get(partition) !== stand) continue;
      stand.pending ??= { atMs, head, owed: this.owed.get(partition) ?? null };
    }
  }

  /** How the partition stands once `handled` was its last event. */
  stand(partition: number, handled: Position | null): Standing {
    const stand = this.stands.get(partition);
    if (stand === undefined) return { position: handled, asOfMs: undefined };
    const { pending } = stand;
    if (pending !== undefined && comparePositions(handled, pending.owed) >= 0) {
      stand.asOfMs = pending.atMs;
      if (comparePositions(pending.head, stand.complete) > 0) stand.complete = pending.head;
      stand.pending = undefined;
    }
    const isFurther = comparePositions(handled, stand.complete) > 0;
    return { position: isFurther ? handled : stand.complete, asOfMs: stand.asOfMs };
  }

  /** Notes whom the events after `from` concern, up to the head if that is near enough; answers how far. */
  private async scan(from: Position | null, head: Position | null): Promise<Position | null> {
    let at = from;
    for (let pages = maxPages; pages > 0 && comparePositions(at, head) < 0; pages -= 1) {
      const events = await this.ledger.read(at, pageEvents);
      for (const { partitionKey, position } of events) this.note(partitionKey, position);
      at = events.at(-1)?.position ?? head;
    }
    return at;
  }

  private note(partitionKey: string, position: Position): void {
    const count = this.partitions();
    const isAll = partitionKey === everyPartition;
    const concerned = isAll ? [...Array(count).keys()] : [partitionOf(partitionKey, count)];
    for (const partition of concerned) {
      const before = this.owed.get(partition) ?? null;
      if (comparePositions(position, before) > 0) this.owed.set(partition, position);
    }
  }
}
