// Scenarios of people and operators ending things: at once, for everybody in scope, and for codes in flight.
import { SignInRefused, type App } from '../client/index.js';
import { idsOf, type Scenario, type Stage } from './stage.js';

const lostPhone: Scenario = {
  name: 'lost-phone',
  title: 'a phone reported lost is out at once, and its key is refused for good',
  async play(stage) {
    const person = await stage.person();
    const lost = await stage.phone(person);
    const other = await stage.phone(person);
    const { did, sid } = idsOf(lost.tokens);
    const shown = await other.call('GET', `/v1/devices?after=${other.network.position}`);
    const devices = (shown.body['devices'] ?? []) as readonly {
      readonly id: string;
      readonly current: boolean;
    }[];
    const own = devices.find(({ current }) => current)?.id;
    stage.check(
      'the other phone sees both and knows itself',
      devices.length === 2 && own === idsOf(other.tokens).did,
      devices,
    );
    const reported = await other.call('POST', `/v1/devices/${did}/lost`);
    stage.check('it reports the first one lost', reported.status === 204, reported.body);
    await stage.signsOut('the lost phone is out', lost.refresh(), 'device_revoked');
    await stage.refuses(
      'and cannot be signed in again, password or not',
      lost.signIn(person),
      'device_key_lost',
    );
    await other.refresh();
    stage.check('the other one goes on', other.store.read() !== undefined);
    await stage.endedSessionTells(sid, ['started']);
    const told = ['opened', 'device-linked', 'device-linked', 'device-revoked(lost)'];
    await stage.streamTells(`account-${person.accountId}`, told);
  },
};

const logOutEverywhere: Scenario = {
  name: 'log-out-everywhere',
  title: 'logging out everywhere ends every session, and what was about to become one',
  async play(stage) {
    const person = await stage.person();
    const [first, second, waiting] = [
      await stage.phone(person),
      await stage.phone(person),
      await stage.newPhone(),
    ];
    const code = await waiting.obtainCode(person);
    const { accessToken } = first.tokens;
    const ended = await first.call('DELETE', '/v1/sessions?scope=all');
    stage.check('one phone logs out everywhere', ended.status === 204, ended.body);
    stage.check('and is told where that stands', /^\d+$/.test(ended.headers.get('sallyport-position') ?? ''));
    const call = await callWith(first, accessToken);
    stage.check('its access token is refused at once', call === 401, call);
    await stage.signsOut('it is out', first.refresh(), 'revoked');
    await stage.signsOut('the other is out', second.refresh(), 'revoked');
    await stage.refuses('the code in flight is worth nothing', waiting.exchange(code), 'revoked');
    await waiting.signIn(person);
    stage.check('a sign-in after it works', waiting.store.read() !== undefined);
    const told = ['opened', 'device-linked', 'device-linked', 'all-sessions-revoked', 'device-linked*'];
    await stage.streamTells(`account-${person.accountId}`, told);
  },
};

async function callWith(app: App, accessToken: string): Promise<number> {
  const held = app.tokens;
  app.store.restore({ ...held, accessToken });
  const { status } = await app.call('GET', '/v1/sessions');
  app.store.restore(held);
  return status;
}

const lockAndUnlock: Scenario = {
  name: 'lock-and-unlock',
  title: 'a lock ends sessions and bars sign-ins; unlocking revives nothing',
  async play(stage) {
    const { operator } = stage.target;
    const person = await stage.person();
    const [app, waiting] = [await stage.phone(person), await stage.newPhone()];
    const held = app.tokens;
    const code = await waiting.obtainCode(person);
    await operator.lock(person.accountId);
    await stage.signsOut('locked: no refresh', app.refresh(), 'locked');
    const refused = await stage.rejects('locked: no sign-in', waiting.signIn(person));
    stage.check('which the sign-in page says', refused instanceof SignInRefused, refused?.message);
    await operator.unlock(person.accountId);
    app.store.restore(held);
    await stage.signsOut('unlocked: the session from before stays ended', app.refresh(), 'revoked');
    await stage.refuses('unlocked: the code from before stays worthless', waiting.exchange(code));
    await app.signIn(person);
    await app.refresh();
    stage.check('unlocked: a new sign-in works', app.store.read() !== undefined);
    const told = ['opened', 'device-linked', 'locked', 'unlocked', 'device-linked*'];
    await stage.streamTells(`account-${person.accountId}`, told);
  },
};

const erasure: Scenario = {
  name: 'erasure',
  title: 'an erased person is gone: sessions, name and personal data; the history still tells what happened',
  async play(stage) {
    const person = await stage.person();
    const app = await stage.phone(person);
    const { sid } = idsOf(app.tokens);
    const { refreshToken } = app.tokens;
    const erased = await app.call('POST', '/v1/account/erasure');
    stage.check(
      'the person erases the account',
      erased.status === 200 && erased.body['erased'] === true,
      erased.body,
    );
    await stage.signsOut('the session has ended', app.refresh(), 'closed');
    await stage.rejects('nobody can sign in', app.signIn(person));
    await stage.rejects('operators find no such name', stage.target.operator.find(person.username));
    await stage.streamTells(`account-${person.accountId}`, ['opened', 'device-linked', 'erased']);
    await stage.endedSessionTells(sid, ['started']);
    stage.keepsNoneOf('no name, password or token is anywhere in the data directory', [
      person.username,
      person.password,
      refreshToken,
    ]);
    const { accountId } = await stage.target.operator.openAccount(person);
    stage.check('the name is free: a new account has nothing of the old one', accountId !== person.accountId);
    await operatorErasure(stage);
  },
};

async function operatorErasure(stage: Stage): Promise<void> {
  const person = await stage.person();
  const [app, waiting] = [await stage.phone(person), await stage.newPhone()];
  const code = await waiting.obtainCode(person);
  await stage.target.operator.erase(person.accountId);
  await stage.signsOut('by an operator: the session has ended', app.refresh(), 'closed');
  await stage.refuses('by an operator: a code in flight is worth nothing', waiting.exchange(code));
  await stage.streamTells(`account-${person.accountId}`, ['opened', 'device-linked', 'erased']);
}

export const revocations: readonly Scenario[] = [lostPhone, logOutEverywhere, lockAndUnlock, erasure];
