// How large the event of a rotation is, with values as long as real ones: the ledger's growth hangs on it.
import { given, keyBoundStarted, minuteMs, refreshOf, standingOf, startedMs } from '@sallyport/testing';
import { sessionFold } from './folds.js';
import { rotate } from './rotation.js';
import type { Network, SessionState } from './session-events.js';

/** What the shipped data tell of a network, and all that an operator's data can add. */
const shipped: Network = {
  country: 'CH',
  asn: null,
  kind: 'unknown',
  ipTag: 'k2Vd8sQwR4tYb7Nm',
  dayTag: 'Xc5Vb6Nm7Qw',
};
const everything: Network = {
  ...shipped,
  asn: 4_294_967_294,
  kind: 'residential',
  place: { lat: -42.5, lon: -172.5, radiusKm: 1040 },
  server: true,
};

describe('the event of a rotation', () => {
  it.each([
    ['from a network of the shipped data', shipped, 940],
    ['from a network of which all is known', everything, 1010],
  ])('%s takes no more bytes than its limit once a session is under way', (_, network, maxBytes) => {
    let session = given(sessionFold, keyBoundStarted);
    let bytes = 0;
    for (let n = 0; n < 12; n += 1) {
      const nowMs = startedMs + (n + 1) * 5 * minuteMs;
      const command = refreshOf(n, nowMs, { network });
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
