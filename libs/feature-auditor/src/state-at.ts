// The state of a stream as it was at one of its revisions.
import type { Fold } from '@sallyport/core-session';
import type { EventStore, RecordedEvent } from '@sallyport/engine';

const pageSize = 16;

/** Reads back from the revision to the last event that carries the state, and folds forward from there. */
export async function stateAt(
  store: Pick<EventStore, 'readBack'>,
  fold: Fold<unknown>,
  { stream, revision }: { readonly stream: string; readonly revision: number },
): Promise<unknown> {
  const newestFirst: RecordedEvent[] = [];
  let state = fold.initial;
  for (let at = revision; at >= 0; ) {
    const page = await store.readBack(stream, pageSize, at);
    const carrying = page.findIndex((event) => fold.carried(event) !== undefined);
    newestFirst.push(...(carrying === -1 ? page : page.slice(0, carrying)));
    const found = page[carrying];
    if (found !== undefined) state = fold.carried(found);
    if (found !== undefined || page.length === 0) break;
    at = (page.at(-1)?.revision ?? 0) - 1;
  }
  return newestFirst.reduceRight((before, event) => fold.evolve(before, event, event.revision), state);
}
