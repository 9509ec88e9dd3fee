// A candidate over history: the rules that were active differ in nothing, others where they say otherwise.
import type { RuleContext } from '@sallyport/core-anomaly';
import fc from 'fast-check';
import type { Moment } from './moment.js';
import { rulesOverHistory } from './rules-over-history.js';
import type { RulesFindings, RulesOptions } from './rules-over-history.js';
import { contextOf, hour, minute, noon, rulesWith, Town } from './spec-examples.js';

const active = contextOf('active');

function over(
  { store }: Town,
  context: RuleContext,
  options: Omit<RulesOptions, 'context'> = {},
): Promise<RulesFindings> {
  return rulesOverHistory(store.feed, { context, ...options });
}

/** Ada is taken over by somebody in Brazil while she is at home; Bob is at home. */
async function takenOver(town = new Town(active)): Promise<Town> {
  await town.use('started', { session: 'ada-1' });
  await town.use('started', { session: 'bob-1' });
  town.nowMs += 100 * hour;
  await town.use('refresh-rotated', { session: 'ada-1' });
  await town.use('refresh-rotated', { session: 'bob-1' });
  town.nowMs += hour;
  await town.use('started', { session: 'ada-2', country: 'BR', device: 'thief' });
  await town.settle();
  return town;
}

describe('the rules that were active', () => {
  const who = fc.constantFrom('ada', 'bob');
  const used = fc.record({
    kind: fc.constantFrom('started', 'refresh-rotated', 'refresh-rotated', 'reuse-detected'),
    who,
    session: fc.constantFrom('1', '2'),
    country: fc.constantFrom('CH', 'CH', 'ES', 'BR'),
    device: fc.constantFrom('phone', 'other'),
    afterMs: fc.constantFrom(0, minute, hour, 80 * hour),
    late: fc.boolean(),
  });
  const done = fc.record({
    kind: fc.constantFrom('release' as const, 'step_up' as const, 'unlock' as const, 'dismiss' as const),
    who,
    pick: fc.nat(9),
  });
  const settled = fc.record({ kind: fc.constant('settle' as const), braked: fc.boolean() });
  const step = fc.oneof({ weight: 4, arbitrary: used }, { weight: 2, arbitrary: done }, settled);
  type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

  async function play(town: Town, one: Step): Promise<void> {
    if (!('who' in one)) {
      town.braked = one.braked;
      return town.settle();
    }
    if ('session' in one) {
      town.nowMs += one.afterMs;
      await town.use(one.kind, { ...one, session: `${one.who}-${one.session}` });
      return one.late ? undefined : town.settle();
    }
    if (one.kind === 'unlock') return town.unlock(one.who);
    if (one.kind === 'dismiss') return town.dismiss(one.pick);
    return town.release(one.pick, one.kind === 'release' ? 'operator' : 'step_up');
  }

  it.each([
    ['by their hash', 'active'],
    ['under another hash', 'the same, written otherwise'],
  ])('differ in nothing, %s: whatever people and operators did meanwhile', async (_, hash) => {
    let decided = 0;
    let released = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const town = new Town(active);
        for (const one of steps) await play(town, one);
        await town.settle();
        const found = await over(town, contextOf(hash));
        expect(found.accounts.filter(({ divergence }) => divergence !== undefined)).toEqual([]);
        expect(found).toMatchObject({ differing: 0, unjudged: [], events: town.events.length });
        for (const [ours, theirs] of Object.values(found.findings)) expect(ours).toBe(theirs);
        const { braked, ...happened } = found.happened;
        const sum = (all: object) => Object.values(all).reduce<number>((a, b) => a + Number(b), 0);
        expect(sum(found.would)).toBe(sum(happened) + braked);
        decided += sum(happened);
        released += town.events.filter(({ type }) => type === 'account.hold-released').length;
      }),
      { numRuns: 300 },
    );
    expect(Math.min(decided, released)).toBeGreaterThan(100);
  });
});

describe('another rule set', () => {
  it('says whom it would have left alone, and whom the active one did', async () => {
    const town = await takenOver();
    const lenient = rulesWith({ new_country: { mode: 'off' }, impossible_travel: { mode: 'off' } });
    const found = await over(town, contextOf('lenient', lenient));
    expect(found).toMatchObject({ ruleSet: 'lenient', differing: 1 });
    expect([found.happened.hold, found.would.hold]).toEqual([1, 0]);
    expect(found.findings).toEqual({ impossible_travel: [0, 1], new_country: [0, 1] });
    const [ada] = found.accounts;
    expect(ada).toMatchObject({ accountId: 'ada', would: {}, happened: { hold: 1 } });
    expect(ada?.divergence).toMatchObject({ position: '5', would: [], happened: [{ outcome: 'sent' }] });
  });

  it('says whom it would have held instead, with the combination that it is for', async () => {
    const off = rulesWith({ new_country: { mode: 'off' } });
    const town = await takenOver(new Town(contextOf('off', off)));
    const found = await over(town, active);
    expect(found).toMatchObject({ would: { hold: 1, step_up: 0 }, happened: { hold: 0, step_up: 1 } });
    expect(found.accounts[0]?.divergence).toMatchObject({
      position: '5',
      at: new Date(noon + 101 * hour).toISOString(),
      would: [{ action: 'hold', combination: 'taken over from another country' }],
      happened: [{ action: 'step_up', sessionId: 'ada-2' }],
    });
  });

  it('parts from what happened once in each account, at the first place', async () => {
    const town = await takenOver();
    await town.unlock('ada');
    for (const session of ['ada-1', 'bob-1']) await town.use('reuse-detected', { session });
    await town.settle();
    const lenient = rulesWith({ new_country: { mode: 'off' }, reuse_forked: { mode: 'observe' } });
    const { accounts, would } = await over(town, contextOf('lenient', lenient));
    expect(would.observed).toBeGreaterThan(0);
    const bobs = String(town.events.findLast(({ type }) => type === 'session.reuse-detected')?.position);
    expect(accounts.map(({ accountId, divergence }) => [accountId, divergence?.position])).toEqual([
      ['ada', '5'],
      ['bob', bobs],
    ]);
  });

  it('that only observes does nothing, as one that is off does', async () => {
    const observing = contextOf('observing', rulesWith(allIn('observe')));
    const town = await takenOver(new Town(observing));
    const { differing, would, happened } = await over(town, contextOf('off', rulesWith(allIn('off'))));
    expect([differing, would.observed, happened.observed]).toEqual([0, 0, 1]);
  });
});

function allIn(mode: string): { readonly [rule: string]: object } {
  return { new_country: { mode }, impossible_travel: { mode }, concurrent_countries: { mode } };
}

describe('what is compared', () => {
  const at = (position: string): Moment => ({ kind: 'position', position });
  const none = contextOf('none', rulesWith(allIn('off')));

  it('are decisions on events from and up to a moment, whenever they were recorded', async () => {
    const town = await takenOver();
    const upTo = await over(town, none, { to: at('5') });
    expect(upTo).toMatchObject({ from: '1', to: '5', events: 5, differing: 1, happened: { hold: 1 } });
    expect(await over(town, none, { to: at('4') })).toMatchObject({ differing: 0, happened: { hold: 0 } });
    expect(await over(town, none, { from: at('6') })).toMatchObject({ from: '6', differing: 0 });
    const instant = new Date(noon + 101 * hour).toISOString();
    const since = await over(town, none, { from: { kind: 'instant', instant } });
    expect(since).toMatchObject({ from: '5', differing: 1 });
  });

  it('rests on all that came before it', async () => {
    const town = await takenOver();
    expect(await over(town, active, { from: at('5') })).toMatchObject({ differing: 0, would: { hold: 1 } });
  });

  it('is nothing on a ledger without events', async () => {
    const found = await over(new Town(active), active);
    expect(found).toMatchObject({ from: '0', to: '0', events: 0, accounts: [], differing: 0 });
  });

  it('leaves an account aside whose events cannot be judged, and says so', async () => {
    const town = await takenOver();
    await town.append('ada', 'session-ada-9', { type: 'session.started', data: {} });
    const found = await over(town, none);
    expect(found.unjudged).toMatchObject([{ accountId: 'ada', position: String(town.events.length) }]);
    expect(found).toMatchObject({ accounts: [], differing: 0 });
  });
});
