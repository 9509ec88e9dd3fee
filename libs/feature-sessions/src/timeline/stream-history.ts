// A cursor on one stream of the ledger: its events after a position, up to another, read as they are taken.
import { comparePositions } from '@sallyport/engine';
import type { EventStore, Position, RecordedEvent } from '@sallyport/engine';

/** After `from`, up to and with `until`. */
export interface Span {
  readonly from: Position | null;
  readonly until: Position;
}

type Reader = Pick<EventStore, 'read' | 'readBack'>;

/** Of each stream one event is held until its turn comes: an account may have had hundreds of sessions. */
const firstPageSize = 1;
const pageSize = 16;

export class StreamHistory {
  private page: readonly RecordedEvent[] = [];
  private at = 0;

  private constructor(
    private readonly store: Reader,
    private readonly stream: string,
    private readonly span: Span,
  ) {}

  /** Stands at the first event of the span, which is found by halving: a session may have many thousands. */
  static async open(store: Reader, stream: string, span: Span): Promise<StreamHistory> {
    const history = new StreamHistory(store, stream, span);
    const [head] = await store.readBack(stream, 1);
    if (head === undefined || comparePositions(head.position, span.from) <= 0) return history;
    let [low, high] = [0, head.revision];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [event] = await store.read(stream, middle, 1);
      if (comparePositions(event?.position ?? null, span.from) > 0) high = middle;
      else low = middle + 1;
    }
    await history.turn(low, firstPageSize);
    return history;
  }

  /** The event that `take` will give; undefined at the end of the span. */
  get next(): RecordedEvent | undefined {
    const event = this.page[this.at];
    return event !== undefined && comparePositions(event.position, this.span.until) <= 0 ? event : undefined;
  }

  async take(): Promise<RecordedEvent | undefined> {
    const event = this.next;
    if (event === undefined) return undefined;
    this.at += 1;
    if (this.at === this.page.length) await this.turn(event.revision + 1, pageSize);
    return event;
  }

  private async turn(revision: number, size: number): Promise<void> {
    this.page = await this.store.read(this.stream, revision, size);
    this.at = 0;
  }
}
