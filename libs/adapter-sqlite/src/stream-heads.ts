// Where streams stand: remembered for recently used ones, within a fixed number of entries, else looked up.
import type { Statement } from 'better-sqlite3';
import type { Head } from './ledger-file.js';
import type { LedgerReader } from './ledger-reader.js';
import type { Connection } from './sqlite-file.js';

/**
 * Two maps instead of a linked list: what is used moves to the young one; when that is full it becomes the
 * old one and the former old one is dropped. About 250 bytes an entry; holds between half of `capacity` and
 * all of it.
 */
export class StreamHeads {
  /** `null`: there is no such stream, which is remembered too, as `cutoffs` guards every refresh. */
  private young = new Map<string, Head | null>();
  private old = new Map<string, Head | null>();
  private readonly dataVersion: Statement;
  private seenVersion = -1;
  private epoch = 0;

  constructor(
    db: Connection,
    private readonly reader: LedgerReader,
    private readonly capacity: number,
  ) {
    this.dataVersion = db.prepare('PRAGMA data_version').pluck();
  }

  /**
   * To be called before heads are relied on. Answers another number when what was known before counts no
   * more: at the start, after `forget`, or because another connection has written (a restore, a tool without
   * the lock).
   */
  refresh(): number {
    const version = this.dataVersion.get() as number;
    if (version === this.seenVersion) return this.epoch;
    this.young.clear();
    this.old.clear();
    this.seenVersion = version;
    this.epoch += 1;
    return this.epoch;
  }

  /** Nothing remembered counts any more. */
  forget(): void {
    this.seenVersion = -1;
  }

  of(stream: string): Head | undefined {
    const young = this.young.get(stream);
    if (young !== undefined) return young ?? undefined;
    const older = this.old.get(stream);
    const known = older === undefined ? (this.reader.headOf(stream) ?? null) : older;
    this.set(stream, known);
    return known ?? undefined;
  }

  revisionOf(stream: string): number {
    return this.of(stream)?.revision ?? -1;
  }

  set(stream: string, head: Head | null): void {
    if (this.young.size * 2 >= this.capacity && !this.young.has(stream)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(stream, head);
  }
}
