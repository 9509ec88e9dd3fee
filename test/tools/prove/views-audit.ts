// Whether the rows of a views file are what the ledger's events up to the file's checkpoints fold to.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFeed, SqliteViewStore } from '@sallyport/adapter-sqlite';
import { projections } from '@sallyport/core-views';
import { comparePositions } from '@sallyport/engine';
import type { Projection } from '@sallyport/engine';
import { replayViews } from '@sallyport/feature-auditor';
import type { RowDifference } from '@sallyport/feature-auditor';

const maxProblems = 5;

/** Rows that a replay makes otherwise, not at all, or that it does not make; at most five. */
export async function viewsProblems(viewsFile: string, ledgerFile: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-rebuild-'));
  const copy = join(folder, 'live.sqlite');
  SqliteViewStore.copy(viewsFile, copy);
  const live = SqliteViewStore.openReadOnly(copy);
  const rebuilt = SqliteViewStore.open(join(folder, 'rebuilt.sqlite'), 'OFF');
  const feed = SqliteFeed.openReadOnly(ledgerFile);
  try {
    const { differences, problems } = await replayViews(projections, { feed, live, rebuilt });
    return [...problems, ...differences.slice(0, maxProblems).map(differenceWords)];
  } finally {
    for (const one of [feed, live, rebuilt]) one.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A row that differs, in words. */
export function differenceWords({ view, key, live, rebuilt }: RowDifference): string {
  const [is, should] = [live, rebuilt].map((row) => JSON.stringify(row) ?? 'absent');
  return `view row ${view} ${key} is ${is}, a replay makes it ${should}`;
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
