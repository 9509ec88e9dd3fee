// Rules on failed sign-ins, reuse, attestation and sensitive actions: when each fires and when it does not.
import { actionsOf, day, from, History, hour, minute, noon, rulesOf } from './spec-examples.js';

const phone = { device: 'phone', network: from('CH') };
const other = { device: 'other', network: from('CH') };

describe('failures of one account', () => {
  it('make a new device that comes after them suspect', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const failed = history.failures(10, noon + day);
    expect(failed.findings).toMatchObject([{ rule: 'failures_account', action: 'flag' }]);
    expect(failed.decisions).toEqual([]);
    const said = history.start('s2', noon + day + minute, other);
    expect(said.findings).toMatchObject([
      { rule: 'failures_account', sessionId: 's2', evidence: { failures: 10, newDevice: true } },
    ]);
    expect(said.findings[0]?.cites).toMatchObject([{ position: '2' }]);
    expect(actionsOf(said)).toEqual(['step_up s2']);
  });

  it('are found late too, as they are counted up before they are recorded', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.start('s2', noon + day, other);
    expect(actionsOf(history.failures(12, noon + day - minute))).toEqual(['step_up s2']);
  });

  it('leave the device that is known alone, however many', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.failures(100_000, noon + day);
    expect(rulesOf(history.start('s2', noon + day + minute, phone))).toEqual([]);
    expect(rulesOf(history.refresh('s1', noon + day + minute, phone))).toEqual([]);
  });

  it('that are few, or long ago, are somebody who mistyped', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.failures(9, noon + day);
    history.failures(9, noon + 2 * day);
    expect(rulesOf(history.start('s2', noon + 2 * day + 2 * hour, other))).toEqual([]);
  });
});

describe('a token that comes back', () => {
  it.each([
    ['forged', 'reuse_forged', 'flag'],
    ['wrong_key', 'reuse_wrong_key', 'step_up'],
    ['forked', 'reuse_forked', 'step_up'],
    ['superseded', 'reuse_superseded', 'flag'],
    ['stale_token', 'stale_token', 'step_up'],
  ])('%s fires %s, which does %s alone', (cause, rule, action) => {
    const history = new History();
    history.start('s1', noon, phone);
    const said = history.presented(cause, 's1', { at: noon + minute, ...phone });
    expect(said.findings).toMatchObject([{ rule, action, sessionId: 's1' }]);
  });

  it('tells nothing of where its person is, nor of which devices there are', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const before = structuredClone([history.state.sightings, history.state.devices, history.state.countries]);
    history.presented('wrong_key', 's1', { at: noon + minute, ...phone, network: from('BR') });
    expect([history.state.sightings, history.state.devices, history.state.countries]).toEqual(before);
  });
});

describe('what later events tell', () => {
  const checked = (history: History, at: number, more: object = {}) => {
    const { state } = history.events[0]!.data as { state: object };
    const data = { decisionId: 'd', purpose: 'withdrawal', verdict: 'allow', state, ...more };
    return history.add('session.sensitive-action-checked', { stream: 'session-s1', at, data });
  };

  it('the first sensitive action on a device that is new asks for step-up', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const said = checked(history, noon + hour);
    expect(said.findings).toMatchObject([
      { rule: 'first_sensitive_action', evidence: { purpose: 'withdrawal', deviceAgeSeconds: 3600 } },
    ]);
    expect(actionsOf(said)).toEqual(['step_up s1']);
  });

  it('a sensitive action on a known device does not, nor one that the standing refused', () => {
    const history = new History();
    history.start('s1', noon, phone);
    expect(rulesOf(checked(history, noon + 4 * day))).toEqual([]);
    expect(rulesOf(checked(history, noon + hour, { verdict: 'deny', reason: 'locked' }))).toEqual([]);
  });

  it('an attestation that failed asks for step-up on the session of its device', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const attested = (deviceId: string, result: string) =>
      history.add('account.device-attested', {
        stream: 'account-ada',
        at: noon + minute,
        data: { deviceId, result, format: 'android-key', state: {} },
      });
    expect(rulesOf(attested('phone', 'passed'))).toEqual([]);
    expect(rulesOf(attested('nobody', 'failed'))).toEqual([]);
    expect(actionsOf(attested('phone', 'failed'))).toEqual(['step_up s1']);
  });
});
