// Whether the live views are what the ledger's events fold to: made again, and compared row by row.
import { isDeepStrictEqual } from 'node:util';
import { comparePositions, replayProjections } from '@sallyport/engine';
import type { Feed, JsonObject, Position, Projection, ViewRow, ViewStore } from '@sallyport/engine';

export interface ReplayViewsPorts {
  readonly feed: Feed;
  /** The live views as they were at one instant: they do not move while they are compared. */
  readonly live: Pick<ViewStore, 'checkpoint' | 'page'>;
  /** Where they are made again. */
  readonly rebuilt: ViewStore;
}

/** A row that is not what it should be; absent where there is none, or should be none. */
export interface RowDifference {
  readonly view: string;
  readonly generation: number;
  readonly key: string;
  /** Its members that differ, `owner` or one of its body. */
  readonly members: readonly string[];
  readonly live?: { readonly owner: string; readonly body: JsonObject };
  readonly rebuilt?: { readonly owner: string; readonly body: JsonObject };
}

export interface ReplayedView {
  readonly projection: string;
  readonly view: string;
  readonly generation: number;
  /** At which both were compared: the live one's checkpoint; `0` where it has none. */
  readonly position: Position;
  readonly rows: number;
  readonly differing: number;
}

/** The views hold when nothing differs. */
export interface ViewFindings {
  readonly events: number;
  readonly views: readonly ReplayedView[];
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly RowDifference[];
  /** What else is wrong with the live views, in words. */
  readonly problems: readonly string[];
}

const maxDifferencesTold = 20;
const pageSize = 500;

/** Rejects when a port fails, or an event cannot be folded. */
export async function replayViews(
  projections: readonly Projection[],
  ports: ReplayViewsPorts,
  options: { progressed?(position: Position, last: Position): void } = {},
): Promise<ViewFindings> {
  const replays = await Promise.all(
    projections.map(async (projection) => {
      const checkpoint = await ports.live.checkpoint(projection.name, projection.generation);
      return { projection, to: checkpoint ?? '0' };
    }),
  );
  const { feed, rebuilt: views } = ports;
  const head = (await feed.head()) ?? '0';
  const events = await replayProjections(replays, { feed, views }, options);
  const compared = new Comparison(ports);
  for (const { projection, to } of replays) {
    for (const view of projection.views) await compared.compare(projection, view, to);
  }
  const ahead = replays.filter(({ to }) => comparePositions(to, head) > 0);
  const problems = ahead.map(({ projection, to }) => {
    return `the views of ${projection.name} stand at ${to}, past the end of the ledger at ${head}`;
  });
  return { events, ...compared.findings(), problems };
}

class Comparison {
  private readonly views: ReplayedView[] = [];
  private readonly differences: RowDifference[] = [];
  private differenceCount = 0;

  constructor(private readonly ports: ReplayViewsPorts) {}

  async compare(replayed: Projection, view: string, position: Position): Promise<void> {
    const { name: projection, generation } = replayed;
    const before = this.differenceCount;
    const [live, rebuilt] = [
      new Cursor(this.ports.live, view, generation),
      new Cursor(this.ports.rebuilt, view, generation),
    ];
    let rows = 0;
    for (;;) {
      const [is, should] = [await live.peek(), await rebuilt.peek()];
      if (is === undefined && should === undefined) break;
      // From the highest key down: the row with the lower one is still to come on the other side.
      const isHere = is !== undefined && (should === undefined || is.key >= should.key);
      const shouldBeHere = should !== undefined && (is === undefined || should.key >= is.key);
      if (isHere) live.take();
      if (shouldBeHere) rebuilt.take();
      rows += 1;
      this.compareRows({ view, generation }, isHere ? is : undefined, shouldBeHere ? should : undefined);
    }
    const differing = this.differenceCount - before;
    this.views.push({ projection, view, generation, position, rows, differing });
  }

  findings(): Omit<ViewFindings, 'events' | 'problems'> {
    const { views, differenceCount, differences } = this;
    return { views, differenceCount, differences };
  }

  private compareRows(
    place: { readonly view: string; readonly generation: number },
    live: ViewRow | undefined,
    rebuilt: ViewRow | undefined,
  ): void {
    if (isDeepStrictEqual(live, rebuilt)) return;
    this.differenceCount += 1;
    if (this.differences.length >= maxDifferencesTold) return;
    const key = live?.key ?? rebuilt?.key ?? '';
    const sides = { ...side('live', live), ...side('rebuilt', rebuilt) };
    this.differences.push({ ...place, key, members: membersThatDiffer(live, rebuilt), ...sides });
  }
}

/** The rows of a view from the highest key down, one page in memory. */
class Cursor {
  private rows: ViewRow[] = [];
  private at = 0;
  private before: string | undefined;
  private ended = false;

  constructor(
    private readonly store: Pick<ViewStore, 'page'>,
    private readonly view: string,
    private readonly generation: number,
  ) {}

  async peek(): Promise<ViewRow | undefined> {
    if (this.at === this.rows.length && !this.ended) {
      const { before } = this;
      this.rows = await this.store.page(this.view, this.generation, { before, limit: pageSize });
      this.at = 0;
      this.before = this.rows.at(-1)?.key;
      this.ended = this.rows.length < pageSize;
    }
    return this.rows[this.at];
  }

  take(): void {
    this.at += 1;
  }
}

function side(name: 'live' | 'rebuilt', row: ViewRow | undefined): Partial<RowDifference> {
  return row === undefined ? {} : { [name]: { owner: row.owner, body: row.body } };
}

function membersThatDiffer(live: ViewRow | undefined, rebuilt: ViewRow | undefined): string[] {
  if (live === undefined || rebuilt === undefined) return [];
  const [is, should] = [live, rebuilt].map(({ owner, body }) => ({ ...body, owner }) as JsonObject);
  const names = new Set([...Object.keys(is ?? {}), ...Object.keys(should ?? {})]);
  return [...names].filter((name) => !isDeepStrictEqual(is?.[name], should?.[name]));
}
