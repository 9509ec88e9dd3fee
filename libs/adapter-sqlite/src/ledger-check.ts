// What a ledger file's own tables must agree on, and what no event read in order of position would show.
import type { Position } from '@sallyport/engine';
import type { Statement } from 'better-sqlite3';
import { settle } from './errors.js';
import { LEDGER_FILE } from './ledger-file.js';
import { openForReading, type Connection } from './sqlite-file.js';

/** Names of streams per query. */
const STREAMS_PER_QUERY = 10_000;

/**
 * Reads beside the writer, in short transactions. The rows tell which stream an event is in by its name and
 * by its number; streams are found by the number, through an index of its own. Positions have no gaps, as an
 * append that was refused takes none.
 */
export class SqliteLedgerCheck {
  private readonly afterGap: Statement;
  private readonly misplaced: Statement;
  private readonly unlisted: Statement;
  private readonly names: Statement;
  private readonly empty: Statement;

  private constructor(private readonly db: Connection) {
    const between = 'e.position > ? AND e.position <= ?';
    this.afterGap = db
      .prepare(
        `SELECT e.position FROM events e WHERE ${between} AND e.position > 1 AND NOT EXISTS
           (SELECT 1 FROM events p WHERE p.position = e.position - 1)`,
      )
      .pluck();
    this.misplaced = db
      .prepare(
        `SELECT e.position FROM events e WHERE ${between} AND NOT EXISTS
           (SELECT 1 FROM heads h WHERE h.stream = e.stream AND h.stream_id = e.stream_id)`,
      )
      .pluck();
    this.unlisted = db
      .prepare(
        `SELECT e.position FROM events e WHERE ${between} AND NOT EXISTS
           (SELECT 1 FROM events i INDEXED BY events_by_stream
            WHERE i.stream_id = e.stream_id AND i.revision = e.revision AND i.position = e.position)`,
      )
      .pluck();
    this.names = db.prepare('SELECT stream FROM heads WHERE stream > ? ORDER BY stream LIMIT ? + 0').pluck();
    this.empty = db
      .prepare(
        `SELECT h.stream FROM heads h WHERE h.stream > ? AND h.stream <= ? AND NOT EXISTS
           (SELECT 1 FROM events e
            WHERE e.position = h.stream_id AND e.stream = h.stream AND e.revision = 0)`,
      )
      .pluck();
  }

  /** Throws when there is no such file, and `SqliteFileError` when it is of another kind or newer. */
  static openReadOnly(file: string): SqliteLedgerCheck {
    return new SqliteLedgerCheck(openForReading(file, LEDGER_FILE));
  }

  /** Events after one position up to another that reading by stream would not find where they are. */
  eventProblems(after: Position | null, to: Position): Promise<string[]> {
    return settle(() => {
      const range = [Number(after ?? 0), Number(to)];
      const afterGap = this.afterGap.all(...range) as number[];
      const misplaced = this.misplaced.all(...range) as number[];
      const unlisted = this.unlisted.all(...range) as number[];
      return [
        ...afterGap.map((position) => `position ${position} follows on no event at the position before`),
        ...misplaced.map((position) => `position ${position} is numbered as another stream than it names`),
        ...unlisted.map((position) => `position ${position} is missing in the index over streams`),
      ];
    });
  }

  /** Streams that are listed and whose first event is not where the list says. */
  async streamProblems(): Promise<string[]> {
    const problems: string[] = [];
    let after = '';
    for (;;) {
      const from = after;
      const names = await settle(() => this.names.all(from, STREAMS_PER_QUERY) as string[]);
      const last = names.at(-1);
      if (last === undefined) return problems;
      const empty = await settle(() => this.empty.all(from, last) as string[]);
      problems.push(...empty.map((stream) => `stream ${stream} is listed without its first event`));
      after = last;
    }
  }

  close(): void {
    this.db.close();
  }
}
