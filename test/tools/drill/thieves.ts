// Scenarios of theft: what a thief of a token or of the key gets, and what the owner notices.
import { newDeviceKey, newId, type App } from '../client/index.js';
import { idsOf, type Scenario, type Stage } from './stage.js';

const stolenWithoutKey: Scenario = {
  name: 'stolen-token-without-key',
  title: 'a stolen token is worth nothing without the key, and its owner stays signed in',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    const thief = stage.stranger(app);
    const { refreshToken } = app.tokens;
    const bare = await thief.refresh(refreshToken);
    stage.check('without a proof: a challenge', bare.body['error'] === 'use_dpop_nonce', bare.body);
    const other = await thief.refresh(refreshToken, { key: await newDeviceKey() });
    stage.check('with another key: refused', other.body['error'] === 'invalid_grant', other.body);
    stage.check('without a reason', other.body['reason'] === undefined, other.body);
    await app.refresh();
    stage.check('the owner refreshes as before', app.tokens.refreshToken !== refreshToken);
    await stage.sessionTells(sid, ['started', 'reuse-detected(wrong_key)', 'refresh-rotated']);
    stage.check('the session is flagged', (await stage.flags(sid)).includes('wrong_key'));
  },
};

const stolenWithKey: Scenario = {
  name: 'stolen-with-key',
  title: 'a thief with the key is found out when the owner comes back: the app ends the session',
  async play(stage) {
    const person = await stage.person();
    const app = await stage.phone(person, { attempts: false });
    const { sid } = idsOf(app.tokens);
    const thief = await theThief(stage, app, false);
    await thief.refresh();
    await thief.refresh();
    stage.check(
      'without an attempt nothing tells the thief from the owner',
      thief.store.read() !== undefined,
    );
    await stage.signsOut(
      'the owner is told that the token is old, and ends the session',
      app.refresh(),
      'stale_token',
    );
    await stage.signsOut('which takes it from the thief', thief.refresh(), 'revoked');
    await app.signIn(person);
    stage.check('the owner signs in again, into another session', idsOf(app.tokens).sid !== sid);
    await stage.sessionTells(sid, [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      ...stage.onceEach('stale-token-presented'),
      'revoked(client)',
    ]);
  },
};

const stolenWithKeyAndAttempt: Scenario = {
  name: 'stolen-with-key-attempt',
  title: 'attempts tell a thief with the key from the own lost answer, at the very next refresh',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    await app.refresh();
    const thief = await theThief(stage, app, true);
    const stolen = await thief.refresh();
    const before = app.network.posts.length;
    const own = await app.refresh();
    stage.check(
      'the owner is challenged first: an old request may be a duplicate',
      app.network.posts.length === before + 2,
    );
    stage.check('and gets the token the thief has: one successor', own.refreshToken === stolen.refreshToken);
    stage.check('the session is flagged as forked', (await stage.flags(sid)).includes('forked'));
    const told = [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      'rotation-retried',
      'reuse-detected(forked)',
    ];
    await stage.sessionTells(sid, told);
  },
};

/** Somebody who copied the phone whole: key and tokens. */
async function theThief(stage: Stage, app: App, attempts: boolean): Promise<App> {
  const thief = await stage.newPhone({ key: app.options.key, attempts });
  thief.store.restore({ ...app.tokens, ...(attempts ? { attempt: newId() } : {}) });
  return thief;
}

const bearerTheft: Scenario = {
  name: 'bearer-theft',
  title: 'a bearer token used twice ends the session, for the thief too',
  async play(stage) {
    const app = await stage.bearerApp(await stage.person());
    const { sid } = idsOf(app.tokens);
    const thief = stage.stranger(app);
    const stolen = await thief.refresh(app.tokens.refreshToken);
    stage.check('the thief comes first and gets tokens', stolen.status === 200, stolen.body);
    const { accessToken } = app.tokens;
    await stage.signsOut('the owner comes second and is signed out', app.refresh());
    const next = await thief.refresh(String(stolen.body['refresh_token']));
    stage.check("the thief's token is dead", next.body['error'] === 'invalid_grant', next.body);
    app.store.begin({ accessToken, refreshToken: '' });
    const call = await app.call('GET', '/v1/sessions');
    stage.check('and so is every access token of the session', call.status === 401, call.status);
    await stage.sessionTells(sid, ['started', 'refresh-rotated', 'reuse-detected(superseded)', 'flagged*']);
  },
};

export const thieves: readonly Scenario[] = [
  stolenWithoutKey,
  stolenWithKey,
  stolenWithKeyAndAttempt,
  bearerTheft,
];
