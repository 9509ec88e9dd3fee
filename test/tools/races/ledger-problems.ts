// Reads a whole ledger back: each event carries the state it folds to, and every chain of hashes holds.
import { streamProblems } from '@sallyport/core-session';
import type { Feed, RecordedEvent } from '@sallyport/engine';

const pageSize = 5_000;

/** What is wrong with the ledger, in words, and how many events it has. */
export async function ledgerProblems(
  feed: Feed,
): Promise<{ readonly events: number; readonly problems: readonly string[] }> {
  const streams = new Map<string, RecordedEvent[]>();
  let events = 0;
  let page = await feed.read(null, pageSize);
  while (page.length > 0) {
    events += page.length;
    for (const event of page) {
      const stream = streams.get(event.stream);
      if (stream === undefined) streams.set(event.stream, [event]);
      else stream.push(event);
    }
    page = await feed.read(page.at(-1)?.position ?? null, pageSize);
  }
  return { events, problems: [...streams].flatMap(([name, its]) => streamProblems(name, its)) };
}
