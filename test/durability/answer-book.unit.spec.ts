// What the book of answers finds wrong, shown on tokens made up for it.
import { fingerprint } from '@sallyport/tokens';
import { AnswerBook, placeOf } from '../tools/prove/answer-book.js';
import { LedgerImage } from '../tools/prove/ledger-image.js';

const sessionId = 'A'.repeat(22);

/** A token of the session as the codec lays it out; `secret` tells two of one generation apart. */
function token(generation: number, secret = 1): string {
  const bytes = Buffer.alloc(90, secret);
  bytes.fill(0, 6, 22);
  bytes.writeUInt32BE(generation, 22);
  return `sprt_${bytes.toString('base64url')}`;
}

/** A ledger that has these tokens. */
function ledgerOf(...tokens: string[]): LedgerImage {
  const known = new Map(tokens.map((text) => [placeOf(text).generation, fingerprint(text)]));
  return Object.assign(new LedgerImage(), {
    fingerprintOf: (_sessionId: string, generation: number) => known.get(generation),
    eventAt: (position: string) => (position === '5' ? { stream: `session-${sessionId}` } : undefined),
  });
}

describe('the book of answers', () => {
  it('reads the session and the generation from a token', () => {
    expect(placeOf(token(7))).toEqual({ sessionId, generation: 7 });
  });

  it('finds nothing wrong with answers that the ledger has, given again as often as asked', () => {
    const book = new AnswerBook();
    book.note(token(0), token(1), '5');
    book.note(token(0), token(1), undefined);
    book.note(token(1), token(2), '5');
    expect(book.problems(ledgerOf(token(1), token(2)))).toEqual([]);
    expect(book.size).toBe(3);
  });

  it('finds two successors of one generation, whichever of them is stored', () => {
    const book = new AnswerBook();
    book.note(token(0), token(1), '5');
    book.note(token(0), token(1, 2), '5');
    expect(book.problems(ledgerOf(token(1)))).toEqual([
      `${sessionId}/1 was answered with two different tokens`,
      `${sessionId}/1 was answered and is not in the ledger`,
    ]);
  });

  it('finds answers that are not stored, not where they said, or not the successor', () => {
    const book = new AnswerBook();
    book.note(token(0), token(1), '5');
    book.note(token(1), token(2), '6');
    book.note(token(2), token(4), '5');
    expect(book.problems(ledgerOf(token(2), token(4)))).toEqual([
      `${sessionId}/2 was answered with ${sessionId}/4`,
      `${sessionId}/1 was answered and is not in the ledger`,
      `${sessionId}/2 was answered with position 6, which is not the session's`,
    ]);
  });
});
