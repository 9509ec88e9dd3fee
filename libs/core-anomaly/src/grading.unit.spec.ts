// What findings lead to: alone, together, softened, and not twice.
import { contextOf, from, History, hour, minute, noon } from './spec-examples.js';
import { actionsOf, day, rulesOf, rulesWith } from './spec-examples.js';

const home = from('CH');
const phone = { device: 'phone', network: home };
const thief = { device: 'thief', network: from('BR') };

function atHome(): History {
  const history = new History();
  history.start('s1', noon, phone);
  history.refresh('s1', noon + 4 * day, phone);
  return history;
}

const later = noon + 4 * day + hour;

describe('a combination', () => {
  it('holds the account when a new device in a new country is used while its person is at home', () => {
    const said = atHome().start('s2', later, thief);
    expect(rulesOf(said)).toEqual(['new_country', 'impossible_travel']);
    expect(said.decisions).toMatchObject([
      { action: 'hold', combination: 'taken over from another country', accountId: 'ada', trigger: '3' },
    ]);
    expect(said.decisions[0]?.sessionId).toBeUndefined();
    expect(said.decisions[0]?.findingIds).toEqual(said.findings.toReversed().map(({ id }) => id));
  });

  it('is only what the devices that are new make it', () => {
    const said = atHome().refresh('s1', later, { ...thief, device: 'phone' });
    expect(actionsOf(said)).toEqual(['step_up s1']);
  });

  it('asks a session without a key to step up, and no more: it says nothing of its device', () => {
    const said = atHome().start('s2', later, { network: from('BR') });
    expect(rulesOf(said)).toEqual(['new_country', 'impossible_travel']);
    expect(actionsOf(said)).toEqual(['step_up s2']);
  });

  it('locks when a copy of the key is used elsewhere: two kinds of own evidence', () => {
    const history = atHome();
    history.refresh('s1', later, { ...thief, device: 'phone' });
    const said = history.presented('forked', 's1', { at: later + minute, ...phone });
    expect(actionsOf(said)).toEqual(['lock']);
  });

  it('counts findings of a day, in either order', () => {
    const history = atHome();
    expect(actionsOf(history.presented('stale_token', 's1', { at: later, ...phone }))).toEqual([
      'step_up s1',
    ]);
    expect(actionsOf(history.refresh('s1', later + minute, { ...thief, device: 'phone' }))).toEqual([
      'reauthenticate',
    ]);
    const slow = atHome();
    slow.presented('stale_token', 's1', { at: later, ...phone });
    slow.refresh('s1', later + 20 * hour, phone);
    expect(actionsOf(slow.refresh('s1', later + 25 * hour, { ...thief, device: 'phone' }))).not.toContain(
      'reauthenticate',
    );
  });

  it('is never made of what strangers can cause', () => {
    const history = atHome();
    for (let n = 0; n < 50; n += 1) {
      const at = later + n * 2 * hour;
      history.failures(1000, at);
      for (const cause of ['forged', 'wrong_key', 'superseded'])
        history.presented(cause, 's1', { at, ...phone });
    }
    const actions = new Set(history.said.flatMap(({ decisions }) => decisions.map(({ action }) => action)));
    expect([...actions].sort()).toEqual(['flag', 'step_up']);
  });

  it('is observed, not done, where one of its rules only observes', () => {
    const history = new History(contextOf(rulesWith({ new_country: { mode: 'observe' } })));
    history.start('s1', noon, phone);
    history.refresh('s1', noon + 4 * day, phone);
    expect(history.start('s2', later, thief).decisions).toMatchObject([
      { mode: 'enforce', action: 'step_up', sessionId: 's2' },
      { mode: 'observe', action: 'hold' },
    ]);
  });
});

describe('what is in force', () => {
  it('is not decided again, and the stronger still is', () => {
    const history = atHome();
    history.presented('stale_token', 's1', { at: later, ...phone });
    expect(actionsOf(history.presented('stale_token', 's1', { at: later + 2 * hour, ...phone }))).toEqual([]);
    const fork = history.presented('forked', 's1', { at: later + 3 * hour, ...phone });
    expect(actionsOf(fork)).toEqual(['hold']);
  });

  it('ends with its session', () => {
    const history = atHome();
    history.presented('stale_token', 's1', { at: later, ...phone });
    history.add('session.revoked', { stream: 'session-s1', at: later });
    expect(history.state.open).toEqual([]);
  });

  it('ends when it could not be carried out', () => {
    const history = atHome();
    const { decisions } = history.start('s2', later, thief);
    const data = { decisionId: decisions[0]?.id, outcome: 'braked' };
    history.add('anomaly.decision-taken', { stream: 'anomaly-ada', at: later, data });
    expect(history.state.open).toEqual([]);
  });

  it('ends with its release, which an operator clears the evidence with', () => {
    const history = atHome();
    const [decision] = history.start('s2', later, thief).decisions;
    expect(history.state.open).toMatchObject([{ action: 'hold', id: decision?.id }]);
    const released = { holdId: decision?.id, cause: 'operator', state: {} };
    history.add('account.hold-released', { stream: 'account-ada', at: later, data: released });
    expect([history.state.open, history.state.recent]).toEqual([[], []]);
    expect(history.state.triggers.impossible_travel).toBe('4');
  });

  it('ends with the step-up that confirms where its person is', () => {
    const history = atHome();
    const [decision] = history.refresh('s1', later, { ...thief, device: 'phone' }).decisions;
    const released = { holdId: decision?.id, cause: 'step_up', state: {} };
    history.add('account.hold-released', { stream: 'account-ada', at: later, data: released });
    expect(history.state.open).toEqual([]);
    const confirmed = history.state.countries.filter((seen) => seen.confirmed);
    expect(confirmed.map(({ value }) => value)).toEqual(['BR']);
  });

  it('is judged anew after an unlock, on new evidence only', () => {
    const history = atHome();
    history.refresh('s1', later, { ...thief, device: 'phone' });
    history.presented('forked', 's1', { at: later + minute, ...phone });
    history.add('account.unlocked', { stream: 'account-ada', at: later + hour, data: { state: {} } });
    expect(history.state.open.map(({ action }) => action)).not.toContain('lock');
    const said = history.refresh('s1', later + 3 * hour, phone);
    expect(actionsOf(said)).not.toContain('lock');
  });
});

describe('what its person said ahead', () => {
  const notice = (more: object = {}) => ({
    from: new Date(noon).toISOString(),
    until: new Date(noon + 9 * day).toISOString(),
    filedAt: new Date(noon + 3 * day).toISOString(),
    countries: ['BR'],
    filedBySession: 's0',
    ...more,
  });
  const say = (history: History, state: object, at = noon + 4 * day) =>
    history.add('account.travel-notice-filed', { stream: 'account-ada', at, data: { state } });
  const forked = (history: History) => {
    history.refresh('s1', later, { ...thief, device: 'phone' });
    return actionsOf(history.presented('forked', 's1', { at: later + minute, ...phone }));
  };

  it.each([
    ['a travel notice', { travel: [notice()] }],
    ['trust in the device', { trustedDevices: [{ deviceId: 'phone', bySession: 's0' }] }],
  ])('%s softens place rules to step-up, and nothing else', (_, state) => {
    const history = atHome();
    say(history, state);
    // The step-up that the place rules asked for is in force, and the fork alone asks for no more.
    expect(forked(history)).toEqual([]);
    const findings = history.findings.filter(({ softened }) => softened !== undefined);
    expect(findings.map(({ rule, action }) => [rule, action])).toEqual([
      ['new_country', 'step_up'],
      ['impossible_travel', 'step_up'],
    ]);
  });

  it.each([
    ['another country', { countries: ['JP'] }],
    ['another time', { until: new Date(noon + day).toISOString() }],
    ['the session that filed it', { filedBySession: 's1' }],
  ])('a travel notice does not excuse %s', (_, more) => {
    const history = atHome();
    say(history, { travel: [notice(more)] });
    expect(forked(history)).toEqual(['lock']);
  });

  it('a thief who files a notice first excuses neither this session nor the next on the new device', () => {
    const history = atHome();
    expect(actionsOf(history.start('t1', later, { device: 'thief', network: home }))).toEqual([]);
    say(
      history,
      { travel: [notice({ filedBySession: 't1', filedAt: new Date(later).toISOString() })] },
      later,
    );
    expect(actionsOf(history.start('t2', later + minute, thief))).toEqual(['hold']);
  });

  it('a device is not trusted on the word of the session itself', () => {
    const history = atHome();
    say(history, { trustedDevices: [{ deviceId: 'thief', bySession: 's2' }] });
    expect(actionsOf(history.start('s2', later, thief))).toEqual(['hold']);
  });
});

describe('a finding dismissed', () => {
  it('counts no more, and what it found unusual is usual', () => {
    const history = atHome();
    const said = history.start('s2', later, thief);
    for (const { id, rule, trigger } of said.findings) {
      const data = { findingId: id, rule, trigger: trigger.position, reason: 'A known journey.' };
      history.add('anomaly.dismissed', { stream: 'anomaly-ada', at: later, data });
    }
    expect(history.state.recent).toEqual([]);
    expect(history.state.countries.map(({ value, confirmed }) => [value, confirmed])).toEqual([
      ['CH', false],
      ['BR', true],
    ]);
    expect(history.state.triggers).toEqual({ new_country: '3', impossible_travel: '3' });
  });
});

describe('a trigger', () => {
  it('at or below the last of its rule does nothing', () => {
    const history = atHome();
    history.state.triggers.impossible_travel = '3';
    expect(rulesOf(history.start('s2', later, thief))).toEqual(['new_country']);
    history.state.position = '9';
    expect(rulesOf(history.presented('forked', 's1', { at: later, ...phone }))).toEqual([]);
  });

  it('is no consequence of what rules decided', () => {
    const history = atHome();
    const actor = { kind: 'rule', id: 'impossible_travel' };
    const { data } = history.events[0] as { data: object };
    const said = history.add('session.reuse-detected', {
      stream: 'session-s1',
      at: later,
      actor,
      data: { ...data, cause: 'forked', presented: 1, count: 1 },
    });
    expect(rulesOf(said)).toEqual([]);
  });
});
