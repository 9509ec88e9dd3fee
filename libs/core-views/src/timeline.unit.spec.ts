// The sentence of every type of event, for the account's owner and for operators, from the golden events.
import { readFileSync } from 'node:fs';
import { eventCatalogue } from '@sallyport/core-session';
import type { SallyportEvent } from '@sallyport/core-session';
import { happeningOf, sentenceOf } from './index.js';
import type { Names, ViewEvent } from './index.js';

type EventType = SallyportEvent['type'];
interface Golden {
  readonly type: EventType;
  readonly revision: number;
  readonly data: object;
}

const stream: { readonly [prefix: string]: string } = {
  account: 'account-alice',
  session: 'session-s1',
  login: 'login-alice',
  'login-name': 'login-name-hash',
};

/** The golden event of the type, with other members in its data. */
function golden(type: string, data: object = {}): ViewEvent {
  const file = new URL(`../../../test/golden/${type}.v1.json`, import.meta.url);
  const event = JSON.parse(readFileSync(file, 'utf8')) as Golden;
  const prefix = type.slice(0, type.indexOf('.'));
  return {
    id: 'e1',
    stream: stream[prefix] ?? prefix,
    position: '7',
    partitionKey: 'alice',
    recordedAt: '2026-11-22T12:00:00.000Z',
    actor: { kind: 'operator', id: 'grace' },
    ...event,
    data: { ...event.data, ...data },
  };
}

function names(audience: Names['audience']): Names {
  const called = (kind: string) => (what: string) => `${kind} ${what.slice(0, 6)}`;
  return { audience, client: called('app'), device: called('device'), country: called('country') };
}

const say = (event: ViewEvent, audience: Names['audience']): string =>
  sentenceOf(happeningOf(event), names(audience));

const on = 'app demo-p on device m0uYHq';

/** Complete by type. A second sentence is what operators read, where it is another one. */
const sentences: { readonly [T in EventType]: readonly [owner: string, operator?: string] } = {
  'account.opened': ['The account was opened by an operator.', 'The account was opened by operator grace.'],
  'account.password-changed': [
    'The password was changed by an operator; every other session ended.',
    'The password was changed by operator grace; every other session ended.',
  ],
  'account.device-linked': [`A device was added with ${on}.`],
  'account.device-revoked': [
    'Device m0uYHq was reported lost; its key is refused for good.',
    'Device m0uYHq was reported lost; its key is refused for good: left in a taxi.',
  ],
  'account.all-sessions-revoked': [
    'Every session but one was ended by an operator.',
    'Every session but one was ended by operator grace.',
  ],
  'account.locked': [
    'The account was locked by an operator.',
    'The account was locked by operator grace: owner called.',
  ],
  'account.unlocked': [
    'The account was unlocked by an operator.',
    'The account was unlocked by operator grace: identity shown.',
  ],
  'account.sensitive-actions-held': [
    'Sensitive actions of a session were held by an operator until its device signs in again.',
    'Sensitive actions of a session were held by operator grace until its device signs in again: ' +
      'impossible travel.',
  ],
  'account.hold-released': [
    'A hold on sensitive actions was released by an operator.',
    'A hold on sensitive actions was released by operator grace: owner called.',
  ],
  'account.reauthentication-required': [
    'Every session was ended by an operator, to be signed in again.',
    'Every session was ended by operator grace, to be signed in again: concurrent use in two countries.',
  ],
  'account.travel-notice-filed': [
    'A journey was told ahead: country IT, country SI, from 2026-11-05 until 2026-11-12.',
  ],
  'account.travel-notice-withdrawn': ['A journey that was told ahead was withdrawn.'],
  'account.device-trusted': ['Device m0uYHq was marked as trusted.'],
  'account.device-attested': ['Device m0uYHq could not be attested.'],
  'account.erased': [
    'The account was erased by an operator.',
    'The account was erased by operator grace: asked by the person.',
  ],
  'session.started': [`Signed in with ${on} from country CH.`],
  'session.refresh-rotated': [`The session was refreshed with ${on} from country CH.`],
  'session.rotation-retried': [
    `A refresh whose answer was lost was answered again with ${on} from country CH.`,
  ],
  'session.stale-token-presented': [`An outdated token of the session of ${on} was presented and refused.`],
  'session.reuse-detected': [
    `A token of the session of ${on} was presented with the key of another device 3 times and refused.`,
  ],
  'session.flagged': [
    `The session of ${on} was flagged by an operator: its use is unusual.`,
    `The session of ${on} was flagged by operator grace: its use is unusual.`,
  ],
  'session.revoked': [
    'The session was ended by an operator.',
    'The session was ended by operator grace: signed out.',
  ],
  'session.step-up-completed': [`Authenticated again with ${on} from country CH.`],
  'session.sensitive-action-checked': [
    `A withdrawal with ${on} from country CH was held until step-up.`,
    `A withdrawal with ${on} from country CH was held until step-up: held.`,
  ],
  'anomaly.detected': [
    'Something unusual was noticed.',
    'Something unusual was noticed: impossible_travel (at 2026-11-02T10:05:00.000Z, country BR, ' +
      'previousAt 2026-11-02T09:33:20.000Z, previousCountry CH, distanceKm 6812, speedKmh 12909, ' +
      'minKm 500, minKmh 900, newDevice true, action step_up).',
  ],
  'anomaly.dismissed': [
    'Something unusual was found harmless by an operator.',
    'Something unusual was found harmless by operator grace: impossible_travel, ' +
      'Known second phone, confirmed in a call.',
  ],
  'anomaly.decision-taken': [
    'The service decided on step-up (sent).',
    'The service decided on step-up (sent): impossible_travel.',
  ],
  'rules.activated': [
    'Rules were activated by an operator.',
    'Rules were activated by operator grace: The defaults.',
  ],
  'rules.enforcement-paused': [
    'Enforcement by rules was paused by an operator.',
    'Enforcement by rules was paused by operator grace: 20 locks within a minute.',
  ],
  'rules.enforcement-resumed': [
    'Enforcement by rules was resumed by an operator.',
    'Enforcement by rules was resumed by operator grace: A wrong threshold was corrected.',
  ],
  'login.succeeded': ['The password was accepted for a sign-in with app demo-p from country CH.'],
  'login.failed': ['4 sign-ins from one network failed.'],
  'login.throttled': ['A sign-in was refused for 8 seconds after 10 failures from one network.'],
  'login-name.claimed': ['The sign-in name was taken for the account.'],
  'login-name.released': ['The sign-in name was released.'],
  'cutoffs.declared': [
    'Every session ended for every account by an operator.',
    'Every session ended for every account by operator grace: store restored.',
  ],
  'keys.created': ['The refresh key r1 was made.'],
  'keys.activated': ['The refresh key r1 became current.'],
  'keys.retired': ['The refresh key r1 was retired.', 'The refresh key r1 was retired: store restored.'],
};

describe('a sentence', () => {
  it.each(Object.keys(eventCatalogue) as EventType[])('tells of %s', (type) => {
    const [owner, operator = owner] = sentences[type];
    expect([say(golden(type), 'owner'), say(golden(type), 'operator')]).toEqual([owner, operator]);
  });

  it.each([
    ['forged', 'that claims to be of the session', 'was never given out was presented and refused'],
    ['forked', 'was used in two places', "hold its device's key."],
    ['superseded', 'A used token of the session', 'presented again 2 times and refused; the session ended.'],
  ])('says what reuse with the cause %s means', (cause, start, end) => {
    const more = cause === 'superseded' ? { count: 2, ends: true } : { count: 1 };
    const sentence = say(golden('session.reuse-detected', { cause, ...more }), 'owner');
    expect(sentence).toContain(start);
    expect(sentence).toContain(end);
  });

  it.each([
    ['user', 'The session was ended by an operator.'],
    ['client', 'The session was ended by its app.'],
    ['code_reused', 'The session ended because its sign-in code was used twice.'],
    ['token_reused', 'The session ended because a used token came back.'],
    ['wrong_key', "The session ended because its token was used with another device's key."],
    ['stale_token', 'The session ended because an outdated token came back.'],
  ])('says why a session ended by %s', (cause, sentence) => {
    expect(say(golden('session.revoked', { cause, reason: undefined }), 'owner')).toBe(sentence);
  });

  it.each([
    ['user', '', 'Device m0uYHq was removed.'],
    ['rule', 'rule', 'Device m0uYHq was removed by the service.'],
    ['operator', 'operator', 'Device m0uYHq was removed by an operator.'],
    ['handed_over', '', 'Device m0uYHq was handed over; its key is refused for good.'],
  ])('says how a device went: %s', (cause, kind, sentence) => {
    const event = { ...golden('account.device-revoked', { cause }), actor: { kind, id: 'x' } };
    expect(say(event, 'owner')).toBe(sentence);
  });

  it('says that a hold without a session is on the account, and that a step-up released one', () => {
    const held = golden('account.sensitive-actions-held', { hold: { id: 'h', reason: 'r' } });
    expect(say(held, 'owner')).toBe('Sensitive actions were held by an operator.');
    const released = golden('account.hold-released', { cause: 'step_up', reason: undefined });
    expect(say(released, 'owner')).toBe(
      'A hold on sensitive actions was released by a new sign-in on its device.',
    );
    const distrusted = golden('account.device-trusted', { trusted: false });
    expect(say(distrusted, 'owner')).toBe('Device m0uYHq was marked as trusted no longer.');
  });

  it.each([
    ['anomaly', 'its use is unusual'],
    ['stale_token', 'an outdated token of it was presented'],
    ['wrong_key', 'a token of it was misused'],
  ])('says why a session was flagged: %s', (flag, why) => {
    expect(say(golden('session.flagged', { flag }), 'owner')).toContain(why);
  });

  it.each([
    [{ kind: 'bearer' }, 'Every session without a device key ended for every account by an operator.'],
    [{ kind: 'client', clientId: 'demo-bearer' }, 'Every session of app demo-b ended for every account'],
  ])('says whose sessions a cutoff of %j ended', (scope, sentence) => {
    expect(say(golden('cutoffs.declared', { scope }), 'owner')).toContain(sentence);
  });

  it('names a rule to operators only', () => {
    const event = { ...golden('account.locked'), actor: { kind: 'rule', id: 'impossible-travel' } };
    expect(say(event, 'owner')).toBe('The account was locked by the service.');
    expect(say(event, 'operator')).toContain('by the rule impossible-travel');
  });

  it('refuses a type it does not know', () => {
    const unknown = { ...golden('account.opened'), type: 'account.moved' };
    expect(() => happeningOf(unknown)).toThrow('account.moved cannot be told: its writer is newer');
  });
});

describe('what is kept of an event', () => {
  it.each(Object.keys(eventCatalogue))('holds no key, hash, tag or clear personal part of %s', (type) => {
    const kept = JSON.stringify(happeningOf({ ...golden(type), personal: 'sealed' }));
    const { data } = golden(type);
    const state = 'state' in data ? (data.state as object) : {};
    const hidden = ['jkt', 'fingerprint', 'previousFingerprint', 'nameHash', 'attempt', 'ipTag', 'proof'];
    for (const name of type.startsWith('keys.') ? hidden : [...hidden, 'keyId']) {
      const values = [data, state].flatMap((from) => (name in from ? [from[name as keyof typeof from]] : []));
      for (const value of values) expect(kept).not.toContain(`"${String(value)}"`);
    }
    for (const name of ['ipTag', 'jkt', 'marker', 'proofs', 'credential']) expect(kept).not.toContain(name);
    expect(JSON.parse(kept)).toEqual(happeningOf({ ...golden(type), personal: 'sealed' }));
  });

  it('names who acted only where that is an operator or a rule', () => {
    const by = (kind: string) => happeningOf({ ...golden('account.opened'), actor: { kind, id: 'x' } }).by;
    expect([by('user'), by('operator'), by('rule'), by('system')]).toEqual([
      { kind: 'user' },
      { kind: 'operator', id: 'x' },
      { kind: 'rule', id: 'x' },
      { kind: 'system' },
    ]);
  });
});
