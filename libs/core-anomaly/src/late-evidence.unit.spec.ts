// Whatever order event times come in: nothing that time order would show is missed, and nothing enforced is
// weaker than what was known on arrival. The oracle is written anew, over whole histories.
import fc from 'fast-check';
import type { Finding } from './finding.js';
import { observe } from './observe.js';
import type { ObservedEvent } from './observed-event.js';
import { rankOf } from './rule-set.js';
import { contextOf, countryPlaces, from, History, minute, noon, rulesWith } from './spec-examples.js';
import { emptyAnomalyState } from './state.js';

/** Thresholds that short histories reach. */
const small = contextOf({
  ...rulesWith({
    refresh_rate: { count: 4, windowSeconds: 600 },
    retry_rate: { count: 3, windowSeconds: 600 },
    machine_cadence: { intervals: 3, underSeconds: 3600 },
    failures_account: { count: 6, windowSeconds: 3600 },
  }),
  // Acts are a minute apart: no finding hides another.
  quietSeconds: 1,
});

interface Act {
  readonly ms: number;
  readonly kind: 'start' | 'refresh' | 'retry' | 'forked' | 'stale_token' | 'failed';
  readonly who: number;
  readonly country: string;
  readonly hidden: boolean;
}

const act = fc.record({
  ms: fc.integer({ min: 0, max: 600 }),
  kind: fc.constantFrom<Act['kind'][]>(
    'start',
    'refresh',
    'refresh',
    'refresh',
    'retry',
    'forked',
    'stale_token',
    'failed',
  ),
  who: fc.integer({ min: 0, max: 2 }),
  country: fc.constantFrom('CH', 'DE', 'ES', 'BR', 'JP'),
  hidden: fc.boolean().map((b) => b),
});
/** Acts in the order they become known; no two at one time. */
const acts = fc
  .uniqueArray(act, { minLength: 2, maxLength: 14, selector: ({ ms }) => ms })
  .map((list) =>
    list.map((one): Act => ({ ...one, ms: noon + one.ms * minute, hidden: one.hidden && one.who === 2 })),
  );

const inTime = (list: readonly Act[]): Act[] => list.toSorted((a, b) => a.ms - b.ms);

/** What the rules say, an answer for each act. */
function run(list: readonly Act[]): History {
  const history = new History(small);
  for (const { ms, kind, who, country, hidden } of list) {
    const use = { device: `d${who}`, network: from(country, hidden ? { kind: 'vpn' } : {}) };
    const session = `s${who}`;
    if (kind === 'start') history.start(session, ms, use);
    else if (kind === 'refresh') history.refresh(session, ms, use);
    else if (kind === 'retry') history.retry(session, ms, { ...use, from: use.network });
    else if (kind === 'failed') history.failures(3, ms);
    else history.presented(kind, session, { at: ms, ...use });
  }
  return history;
}

interface Expected {
  readonly rule: string;
  readonly ms: number;
  /** How far from it the finding may say it was. */
  readonly withinMs: number;
  /** How long the session stayed there, none in between: the finding may be about any use of these. */
  readonly untilMs?: number;
  readonly country?: string;
}

const quietMs = 1_000;
const isUse = ({ kind }: Act): boolean => ['start', 'refresh', 'retry'].includes(kind);

/** What there is to find in the whole history. */
function oracle(list: readonly Act[]): Expected[] {
  const ordered = inTime(list);
  const placed = ordered.filter((one) => isUse(one) && !one.hidden);
  return [
    ...places(placed),
    ...firsts(placed, ({ country }) => country).map((one) => ({
      rule: 'new_country',
      ms: one.ms,
      // Once told of a country, the rule knows it; that it was there earlier still is no news.
      withinMs: Infinity,
      country: one.country,
    })),
    ...firsts(ordered.filter(isUse), ({ hidden }) => (hidden ? 'vpn' : 'residential'))
      .filter(({ hidden }) => hidden)
      .map(({ ms }) => ({ rule: 'new_network_kind', ms, withinMs: Infinity })),
    ...[0, 1, 2].flatMap((who) => {
      const times = ordered.filter((one) => one.kind === 'refresh' && one.who === who).map(({ ms }) => ms);
      return [...windows('refresh_rate', times, 4), ...cadences(times)];
    }),
    ...windows('retry_rate', timesOf(ordered, 'retry'), 3),
    ...timesOf(ordered, 'forked').map((ms) => ({ rule: 'reuse_forked', ms, withinMs: quietMs })),
    ...timesOf(ordered, 'stale_token').map((ms) => ({ rule: 'stale_token', ms, withinMs: quietMs })),
    ...timesOf(ordered, 'failed').flatMap((ms, n, all) =>
      n > 0 && ms - (all[n - 1] as number) <= 60 * minute
        ? [{ rule: 'failures_account', ms, withinMs: quietMs + 60 * minute }]
        : [],
    ),
  ];
}

function timesOf(list: readonly Act[], kind: Act['kind']): number[] {
  return list.filter((one) => one.kind === kind).map(({ ms }) => ms);
}

function places(placed: readonly Act[]): Expected[] {
  return placed.slice(1).flatMap((later, n) => {
    const earlier = placed[n] as Act;
    const km = apart(earlier.country, later.country);
    const ms = later.ms - earlier.ms;
    const found: Expected[] = [];
    // Uses that a stretch has forgotten are told of by one that it knows.
    const said = { ms: later.ms, withinMs: 10 * minute, untilMs: stayOf(placed, n + 1) };
    if (km >= 500 && km / (ms / 3_600_000) >= 900) found.push({ rule: 'impossible_travel', ...said });
    const isConcurrent =
      km >= 100 && ms <= 900_000 && earlier.who !== later.who && earlier.country !== later.country;
    if (isConcurrent) found.push({ rule: 'concurrent_countries', ...said });
    return found;
  });
}

/** When the stay that a use begins ends: the last use of it. */
function stayOf(placed: readonly Act[], index: number): number {
  const { who, country } = placed[index] as Act;
  const rest = placed.slice(index);
  const end = rest.findIndex((one) => one.who !== who || one.country !== country);
  return (rest.at(end === -1 ? -1 : end - 1) as Act).ms;
}

/** By the spherical law of cosines, not the haversine. */
function apart(a: string, b: string): number {
  const [from, to] = [countryPlaces.get(a), countryPlaces.get(b)];
  if (from === undefined || to === undefined) return 0;
  const r = Math.PI / 180;
  const cos =
    Math.sin(from.lat * r) * Math.sin(to.lat * r) +
    Math.cos(from.lat * r) * Math.cos(to.lat * r) * Math.cos((from.lon - to.lon) * r);
  return Math.acos(Math.min(1, cos)) * 6371 - from.radiusKm - to.radiusKm;
}

/** The first use of each value but the very first. */
function firsts(list: readonly Act[], valueOf: (one: Act) => string): Act[] {
  return list.filter((one, n) => n > 0 && list.findIndex((other) => valueOf(other) === valueOf(one)) === n);
}

function windows(rule: string, times: readonly number[], count: number): Expected[] {
  return times
    .filter((ms, n) => n >= count - 1 && ms - (times[n - count + 1] as number) <= 600_000)
    .map((ms) => ({ rule, ms, withinMs: quietMs + 600_000 }));
}

function cadences(times: readonly number[]): Expected[] {
  return times.flatMap((ms, n) => {
    if (n < 3) return [];
    const gaps = [0, 1, 2].map((k) => (times[n - k] as number) - (times[n - k - 1] as number));
    const mean = (gaps[0]! + gaps[1]! + gaps[2]!) / 3;
    const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / 3);
    const isEven = mean < 3_600_000 && deviation / mean <= 0.05;
    return isEven ? [{ rule: 'machine_cadence', ms, withinMs: quietMs + 3 * 3_600_000 }] : [];
  });
}

function missed(list: readonly Act[], history: History): Expected[] {
  return oracle(list).filter(
    ({ rule, ms, withinMs, untilMs = ms, country }) =>
      !history.findings.some(
        (finding) =>
          finding.rule === rule &&
          untilMs >= sinceMs(finding) - withinMs &&
          ms <= finding.atMs + withinMs &&
          (country === undefined || finding.evidence['country'] === country),
      ),
  );
}

/** Uses that a late one comes in between are known by the first and the last of them only. */
function sinceMs({ atMs, evidence }: Finding): number {
  const { previousAt } = evidence;
  return typeof previousAt === 'string' ? Math.min(atMs, Date.parse(previousAt)) : atMs;
}

/** The strongest decision so far, after each event; -1 for none. */
function strengths(history: History): number[] {
  let rank = -1;
  return history.said.map(({ decisions }) => {
    for (const { action } of decisions) rank = Math.max(rank, rankOf(action));
    return rank;
  });
}

const runs = { numRuns: 1000 };

describe('late evidence', () => {
  it('in order of time, everything that there is to find is found', () => {
    fc.assert(
      fc.property(acts, (list) => {
        expect(missed(list, run(inTime(list)))).toEqual([]);
      }),
      runs,
    );
  });

  it('in any order, the findings cover those of the order of time', () => {
    fc.assert(
      fc.property(acts, (list) => {
        expect(missed(list, run(list))).toEqual([]);
      }),
      runs,
    );
  });

  it('never leaves enforcement weaker than what was known on arrival', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const live = strengths(run(list));
        for (const [n, rank] of live.entries()) {
          const known = strengths(run(inTime(list.slice(0, n + 1)))).at(-1) ?? -1;
          expect(rank).toBeGreaterThanOrEqual(known);
        }
      }),
      runs,
    );
  });

  it('changes nothing when it comes again, wherever it comes again', () => {
    fc.assert(
      fc.property(acts, fc.array(fc.nat(13), { maxLength: 20 }), (list, again) => {
        const once = run(list);
        const state = emptyAnomalyState('ada');
        const twice = once.events.flatMap((event, n) => {
          const repeated = again.filter((k) => k % list.length <= n && k % 3 !== 1);
          const echoes = repeated.map((k) => once.events[k % list.length] as ObservedEvent);
          return [event, ...echoes].map((one) => observe(state, one, small));
        });
        expect(twice.flatMap(({ findings }) => findings)).toEqual(once.findings);
        expect(state).toEqual(once.state);
      }),
      runs,
    );
  });

  it('survives JSON at any point', () => {
    fc.assert(
      fc.property(acts, (list) => {
        const { events, findings, state } = run(list);
        let stored = emptyAnomalyState('ada');
        const again = events.flatMap((event) => {
          stored = JSON.parse(JSON.stringify(stored)) as typeof stored;
          return observe(stored, event, small).findings;
        });
        expect(again).toEqual(findings);
        expect(stored).toEqual(state);
      }),
      { numRuns: 500 },
    );
  });
});
