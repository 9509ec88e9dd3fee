// Whether the rows of a views file are what the ledger's events up to the file's checkpoints fold to.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { Database, SqliteFeed, SqliteViewStore, type Connection } from '@sallyport/adapter-sqlite';
import { sessionsProjection, timelineProjection } from '@sallyport/core-views';
import { comparePositions, Feed, rebuildProjection } from '@sallyport/engine';
import type { Position, Projection, RecordedEvent } from '@sallyport/engine';

/** Every row of a projection's tables by table and key, and its checkpoint, read in one transaction. */
interface Dump {
  readonly checkpoint: Position | null;
  readonly rows: ReadonlyMap<string, unknown>;
}

const projections: readonly Projection[] = [sessionsProjection, timelineProjection];
const maxProblems = 5;

/** Rows that a rebuild makes otherwise, not at all, or that it does not make; at most five a projection. */
export async function viewsProblems(viewsFile: string, ledgerFile: string): Promise<string[]> {
  const problems: string[] = [];
  for (const projection of projections) {
    const live = dump(viewsFile, projection);
    const rebuilt = await rebuild(ledgerFile, projection, live.checkpoint);
    const names = new Set([...live.rows.keys(), ...rebuilt.rows.keys()]);
    const isSame = (name: string) => isDeepStrictEqual(live.rows.get(name), rebuilt.rows.get(name));
    const differing = [...names].filter((name) => !isSame(name)).slice(0, maxProblems);
    for (const name of differing) {
      const [is, should] = [live, rebuilt].map(({ rows }) => JSON.stringify(rows.get(name)) ?? 'absent');
      problems.push(`view row ${name} at ${live.checkpoint} is ${is}, a rebuild makes it ${should}`);
    }
  }
  return problems;
}

/** Resolves once the views' writer has folded everything in the ledger; false after the time. */
export async function viewsCaughtUp(
  viewsFile: string,
  ledgerFile: string,
  withinMs: number,
): Promise<boolean> {
  const deadline = Date.now() + withinMs;
  const views = SqliteViewStore.openReadOnly(viewsFile);
  const feed = SqliteFeed.openReadOnly(ledgerFile);
  const isBehind = async ({ name, generation }: Projection): Promise<boolean> =>
    comparePositions(await views.checkpoint(name, generation), await feed.head()) < 0;
  try {
    while ((await Promise.all(projections.map(isBehind))).includes(true)) {
      if (Date.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return true;
  } finally {
    feed.close();
    views.close();
  }
}

async function rebuild(ledgerFile: string, projection: Projection, upTo: Position | null): Promise<Dump> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-rebuild-'));
  const file = join(folder, 'views.sqlite');
  const ledger = SqliteFeed.openReadOnly(ledgerFile);
  const views = SqliteViewStore.open(file);
  try {
    const feed = new FeedUpTo(ledger, Number(upTo ?? 0));
    const signal = new AbortController().signal;
    await rebuildProjection(projection, { feed, views, clock: Date }, { signal });
    return dump(file, projection);
  } finally {
    views.close();
    ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function dump(file: string, projection: Projection): Dump {
  const db = new Database(file, { readonly: true });
  try {
    return db.transaction(() => readAll(db, projection))();
  } finally {
    db.close();
  }
}

function readAll(db: Connection, { name, generation, views }: Projection): Dump {
  const place = db.prepare('SELECT position FROM checkpoints WHERE projection = ? AND generation = ?');
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE '%:%'");
  const rows = new Map<string, unknown>();
  const own = new Set(views.map((view) => `${view}:${generation}`));
  for (const table of (tables.pluck().all() as string[]).filter((one) => own.has(one))) {
    const all = db.prepare(`SELECT key, owner, body FROM "${table}"`).all() as Record<string, string>[];
    for (const { key, owner, body } of all) {
      rows.set(`${table} ${key}`, { owner, body: JSON.parse(body ?? '') as unknown });
    }
  }
  return { checkpoint: (place.pluck().get(name, generation) as string | undefined) ?? null, rows };
}

/** A feed that ends at a position, whatever the ledger holds after it. */
class FeedUpTo extends Feed {
  constructor(
    private readonly whole: Feed,
    private readonly last: number,
  ) {
    super();
  }

  async read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    const events = await this.whole.read(after, limit);
    return events.filter(({ position }) => Number(position) <= this.last);
  }

  head(): Promise<Position | null> {
    return Promise.resolve(this.last === 0 ? null : String(this.last));
  }

  wait(): Promise<boolean> {
    return Promise.resolve(false);
  }
}
