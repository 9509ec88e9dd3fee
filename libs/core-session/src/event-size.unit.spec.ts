// How large the event of a rotation is, with values as long as real ones: the ledger's growth hangs on it.
import { given, keyBoundStarted, minuteMs, refreshOf, standingOf, startedMs } from '@sallyport/testing';
import { sessionFold } from './folds.js';
import { rotate } from './rotation.js';
import type { SessionState } from './session-events.js';

const maxBytes = 920;

describe('the event of a rotation', () => {
  it(`takes no more than ${maxBytes} bytes once a session is under way`, () => {
    let session = given(sessionFold, keyBoundStarted);
    let bytes = 0;
    for (let n = 0; n < 12; n += 1) {
      const nowMs = startedMs + (n + 1) * 5 * minuteMs;
      const command = refreshOf(n, nowMs);
      const proof = {
        ...command.proof!,
        attemptHash: 'k7Jq2mZp0aXwB4nV9sTe1Q',
        proofHash: `q9Zx7Lw2Pm4Rt${100 + n}`,
      };
      const next = session.when((state) => rotate(standingOf(state as SessionState), { ...command, proof }));
      next.happens('session.refresh-rotated');
      bytes = JSON.stringify(next.events[0]?.data).length;
      session = next;
    }
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(bytes).toBeGreaterThan(maxBytes / 2);
  });
});
