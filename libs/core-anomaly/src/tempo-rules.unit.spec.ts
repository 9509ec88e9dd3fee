// Rules on how often and how evenly: when each fires and when it does not.
import { contextOf, from, History, hour, minute, noon, rulesOf, rulesWith } from './spec-examples.js';

const phone = { device: 'phone', network: from('CH') };
const second = 1000;

function refreshes(history: History, times: readonly number[]): string[] {
  return times.flatMap((ms) => rulesOf(history.refresh('s1', noon + ms, phone)));
}

/** Uneven, as people are: no two intervals alike. */
function uneven(count: number, aboutMs: number): number[] {
  let ms = 0;
  return Array.from({ length: count }, (_, n) => (ms += aboutMs * (0.4 + (1.2 * ((n * 7919) % 101)) / 101)));
}

describe('the rate of refreshes', () => {
  it('is too high at 30 of one session in five minutes', () => {
    const history = new History();
    history.start('s1', noon, phone);
    expect(refreshes(history, uneven(29, 9 * second))).toEqual([]);
    expect(refreshes(history, [270 * second])).toEqual(['refresh_rate']);
    expect(history.findings).toMatchObject([
      { sessionId: 's1', evidence: { count: 30, windowSeconds: 300 } },
    ]);
  });

  it('is fine at one each minute, and of many sessions', () => {
    const history = new History();
    expect(refreshes(history, uneven(200, minute))).toEqual([]);
    for (let n = 0; n < 60; n += 1) {
      expect(rulesOf(history.refresh(`s${n % 6}`, noon + 5 * hour + n * second, phone))).toEqual([]);
    }
  });

  it('is seen late too: what comes late counts where it belongs', () => {
    const history = new History(contextOf(rulesWith({ refresh_rate: { count: 5 } })));
    expect(
      refreshes(
        history,
        [0, 60, 120, 6000, 180].map((s) => s * second),
      ),
    ).toEqual([]);
    expect(refreshes(history, [90 * second])).toEqual(['refresh_rate']);
  });
});

describe('the cadence of a machine', () => {
  it('is twenty intervals that are nearly equal, shorter than any app needs', () => {
    const history = new History();
    const even = Array.from({ length: 21 }, (_, n) => n * 60 * second + (n % 3) * 500);
    expect(refreshes(history, even.slice(0, 20))).toEqual([]);
    expect(refreshes(history, even.slice(20))).toEqual(['machine_cadence']);
    expect(history.findings[0]?.evidence).toMatchObject({ intervals: 20, meanSeconds: 60.1 });
  });

  it('is not an app that refreshes whenever its access token ends', () => {
    const even = Array.from({ length: 60 }, (_, n) => n * 295 * second);
    expect(refreshes(new History(), even)).toEqual([]);
  });

  it('is not a person', () => {
    expect(refreshes(new History(), uneven(200, 2 * minute))).toEqual([]);
  });
});

describe('retries', () => {
  it('are flagged at 40 an hour in one account', () => {
    const history = new History();
    const times = Array.from({ length: 40 }, (_, n) => n * minute);
    const said = times.flatMap((ms) => history.retry('s1', noon + ms, phone).findings);
    expect(said).toMatchObject([{ rule: 'retry_rate', action: 'flag', evidence: { count: 40 } }]);
  });

  it('of a train ride are fine', () => {
    const history = new History();
    for (let n = 0; n < 39; n += 1)
      expect(rulesOf(history.retry('s1', noon + n * minute, phone))).toEqual([]);
  });

  it('from another network than their rotation are flagged: another carrier, not another address', () => {
    const carrier = from('CH', { asn: 3303, ipTag: 'a' });
    const use = { device: 'phone', network: carrier };
    const history = new History();
    const other = history.retry('s1', noon, { ...use, from: from('CH', { asn: 6730 }) });
    expect(other.findings).toMatchObject([
      { rule: 'retry_other_network', action: 'flag', evidence: { asn: 6730, rotationAsn: 3303 } },
    ]);
    const again = new History();
    expect(rulesOf(again.retry('s1', noon, { ...use, from: { ...carrier, ipTag: 'b' } }))).toEqual([]);
    expect(rulesOf(again.retry('s1', noon, { ...use, from: from('CH', { asn: null }) }))).toEqual([]);
    expect(rulesOf(again.retry('s1', noon, use))).toEqual([]);
  });
});
