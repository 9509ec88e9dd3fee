// Rules across accounts, whatever order their events come in and however often: nothing that time order would
// show of a network or a key is missed. The oracle is written anew, over whole histories.
import fc from 'fast-check';
import { observe } from './observe.js';
import type { ObservedEvent } from './observed-event.js';
import { RuleMemory } from './rule-memory.js';
import { contextOf, day, from, minute, noon, rulesWith } from './spec-examples.js';

/** Of one event. */
const failures = 2;
const windowMs = 60 * minute;
const windowSeconds = windowMs / 1000;
/** Thresholds that short histories reach. */
const small = contextOf(
  rulesWith({
    failures_address: { count: 3 * failures, accounts: 2, windowSeconds },
    shared_network: { accounts: 3, windowSeconds },
    shared_key: { accounts: 3, windowSeconds },
  }),
);
const names = ['ada', 'bob', 'cyd', 'dan', 'eve'];

interface Act {
  readonly kind: 'start' | 'fail';
  readonly who: string;
  readonly ms: number;
  readonly tag: string;
  readonly key: string;
  /** Left out: one that is new to the account, which has had another for days. */
  readonly device?: string;
}

const act: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom<Act['kind'][]>('start', 'fail'),
  who: fc.constantFrom(...names),
  ms: fc.integer({ min: 0, max: 240 }).map((n) => noon + n * minute),
  tag: fc.constantFrom('t1', 't2'),
  key: fc.constantFrom('k1', 'k2'),
});
/** In the order in which they become known. */
const acts = fc.uniqueArray(act, { minLength: 3, maxLength: 16, selector: ({ ms }) => ms });

function eventOf({ kind, who, ms, tag, key, device = 'new' }: Act, number: number): ObservedEvent {
  const time = new Date(ms).toISOString();
  const network = from('CH', { dayTag: tag });
  const session = `${who}-${ms}`;
  const times = { startedAt: time, rotatedAt: time };
  const state = { accountId: who, deviceId: `${who}-${device}`, jkt: key, ...times, generation: 0, network };
  const isStart = kind === 'start';
  return {
    id: `e${number}`,
    type: isStart ? 'session.started' : 'login.failed',
    stream: isStart ? `session-${session}` : `login-${who}`,
    revision: number,
    position: String(number),
    recordedAt: time,
    data: isStart ? { state } : { count: failures, since: time, until: time, ipTag: 'x', network },
    actor: { kind: 'user' },
    partitionKey: who,
  };
}

/** What was found, by rule and session; each event may come again at any time after. */
function run(list: readonly Act[], again: readonly number[] = []): string[] {
  const memory = new RuleMemory(small);
  for (const who of names) {
    const own = { tag: 'home', key: `old-${who}`, device: 'old' };
    const event = eventOf({ kind: 'start', who, ms: noon - 9 * day, ...own }, 1 + names.indexOf(who));
    observe(memory.account(who), event, small);
  }
  const events = list.map((one, n) => eventOf(one, 10 + n));
  const said = events.flatMap((event, n) => {
    const echoes = again.filter((k) => k % events.length <= n).map((k) => events[k % events.length] ?? event);
    return [event, ...echoes].flatMap((one) => memory.observe(one).findings);
  });
  const crowds = ['failures_address', 'shared_network', 'shared_key'];
  return said.filter((one) => crowds.includes(one.rule)).map((one) => `${one.rule} ${one.sessionId}`).sort();
}

/** Over the whole history, in the order of time. */
function oracle(list: readonly Act[]): string[] {
  const starts = list.filter(({ kind }) => kind === 'start');
  const found = new Set<string>();
  for (const last of starts) {
    const before = (one: Act): boolean => one.ms <= last.ms && last.ms - one.ms <= windowMs;
    const failed = list.filter((one) => one.kind === 'fail' && one.tag === last.tag && before(one));
    const tried = new Set(failed.map(({ who }) => who));
    if (failed.length >= 3 && tried.size >= 2) found.add(`failures_address ${last.who}-${last.ms}`);
    for (const [rule, member] of [['shared_network', 'tag'] as const, ['shared_key', 'key'] as const]) {
      const within = starts.filter((one) => one[member] === last[member] && before(one));
      if (new Set(within.map(({ who }) => who)).size < 3) continue;
      for (const { who, ms } of within) found.add(`${rule} ${who}-${ms}`);
    }
  }
  return [...found].sort();
}

const again = fc.array(fc.nat(15), { maxLength: 12 });

describe('what is found across accounts', () => {
  it('is all that there is, in the order of time and in any other, however often events come', () => {
    let found = 0;
    fc.assert(
      fc.property(acts, again, (list, echoes) => {
        const expected = oracle(list);
        expect(run(list.toSorted((a, b) => a.ms - b.ms))).toEqual(expected);
        expect(run(list, echoes)).toEqual(expected);
        found += expected.length;
      }),
      { numRuns: 500 },
    );
    expect(found).toBeGreaterThan(500);
  });
});
