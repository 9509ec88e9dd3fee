// What is done to one account's state out of turn: taken up after parking, made anew, shown a bus's event.
import { comparePositions } from '@sallyport/engine';
import type { RecordedEvent } from '@sallyport/engine';
import type { ConsumerReport } from './consumer-messages.js';
import type { RuleBook } from './rule-book.js';

type Tell = (report: ConsumerReport) => void;

/** Judges what was set aside of an account, in order; sets it aside again from where that fails. */
export async function drain(book: RuleBook, accountId: string, tell: Tell): Promise<void> {
  const row = (await book.open()).parked.get(accountId);
  if (row === undefined) return;
  const { parkedAt } = row;
  for await (const event of book.history(accountId, String(BigInt(row.from) - 1n))) {
    const fold = await book.open();
    await fold.cache.load([event]);
    try {
      fold.take(event, { draining: true });
    } catch (error) {
      const again = await book.reopen();
      tell(faultOf(event, error));
      const { position: from, recordedAt: since } = event;
      again.park(accountId, { parkedAt, from, since, error: reasonOf(error) });
      return book.commit(again);
    }
    fold.park(accountId, { ...row, from: String(BigInt(event.position) + 1n) });
    await book.commit(fold);
  }
  const fold = await book.open();
  fold.unpark(accountId, book.checkpoint ?? '0');
  await book.commit(fold);
}

/** Makes an account's state anew from the store; nothing is sent for it. */
export async function rebuild(book: RuleBook, accountId: string): Promise<void> {
  const fold = await book.open();
  fold.cache.reset(accountId);
  for await (const event of book.history(accountId, null)) fold.takeSilently(event);
  await book.commit(fold);
}

/** An event that came by a bus alone. One beyond the store's head cannot be true, and moves nothing. */
export async function inject(book: RuleBook, event: RecordedEvent, tell: Tell): Promise<void> {
  const fold = await book.open();
  if (comparePositions(event.position, book.checkpoint) > 0) {
    return tell(faultOf(event, new Error('beyond the head of the store')));
  }
  await fold.cache.load([event]);
  try {
    fold.take(event);
  } catch (error) {
    book.forget();
    return tell(faultOf(event, error));
  }
  await book.commit(fold);
}

export function faultOf(
  { partitionKey: accountId, position }: RecordedEvent,
  error: unknown,
): ConsumerReport {
  return { kind: 'fault', accountId, position, reason: reasonOf(error) };
}

/** What an error says, as far as it may be kept. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 300) : 'unknown';
}
