// Scenarios of theft: what a thief of a token, a request or the key gets, and what the owner notices.
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
      'stale-token-presented',
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

const copiedRequest: Scenario = {
  name: 'copied-request',
  title: 'a copied request is good once; what the copier gains is worth nothing without the key',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    const { refreshToken, attempt } = app.tokens;
    const copier = stage.stranger(app);
    const { key } = app.options;
    if (key === undefined) throw new Error('a phone has a key');
    const proof = await copier.proof(copier.tokenEndpoint, key, { attempt });
    const both = await Promise.all([
      copier.refresh(refreshToken, { proof }),
      copier.refresh(refreshToken, { proof }),
    ]);
    const won = both.filter(({ status }) => status === 200);
    const other = both.find(({ status }) => status !== 200);
    stage.check(
      'request and copy together: one is answered',
      won.length === 1,
      both.map(({ body }) => body['error']),
    );
    stage.check(
      'the other is told that the proof was used',
      other?.body['error'] === 'invalid_dpop_proof',
      other?.body,
    );
    const gained = String(won[0]?.body['refresh_token']);
    const used = await copier.refresh(gained, { key: await newDeviceKey() });
    stage.check(
      'a token gained so is refused without the key',
      used.body['error'] === 'invalid_grant',
      used.body,
    );
    await afterRestart(stage, async () => {
      const late = await copier.refresh(refreshToken, { proof });
      stage.check(
        'after a restart the copy is still refused',
        late.body['error'] === 'invalid_dpop_proof',
        late.body,
      );
    });
    const own = await app.refresh();
    stage.check('the owner, who saw no answer, gets the same token', own.refreshToken === gained);
    await stage.sessionTells(sid, [
      'started',
      'refresh-rotated',
      'reuse-detected(wrong_key)',
      'rotation-retried',
    ]);
  },
};

async function afterRestart(stage: Stage, then: () => Promise<void>): Promise<void> {
  const { restart } = stage.target;
  if (restart === undefined) {
    stage.report.skip(
      'after a restart the copy is still refused',
      "the service is not the drill's own to restart",
    );
    return;
  }
  await restart();
  await then();
}

const olderToken: Scenario = {
  name: 'older-token',
  title: 'a token older than the predecessor gets nothing, and the session goes on',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    const old = app.tokens;
    const stranger = stage.stranger(app);
    await stranger.freshNonce();
    await app.refresh();
    await app.refresh();
    const { key } = app.options;
    const first = await stranger.refresh(old.refreshToken, { key });
    stage.check(
      'with an older nonce: a challenge, in case it is a late duplicate',
      first.body['error'] === 'use_dpop_nonce',
      first.body,
    );
    const second = await stranger.refresh(old.refreshToken, { key });
    const { error, reason } = second.body;
    stage.check(
      'with a fresh one: refused as a stale token',
      error === 'invalid_grant' && reason === 'stale_token',
      second.body,
    );
    const newer = app.tokens;
    app.store.restore(old);
    const racing = app.refresh();
    app.store.restore(newer);
    await racing;
    stage.check(
      'an app whose other process had rotated goes on with what is stored',
      idsOf(app.tokens).sid === sid,
    );
    await stage.sessionTells(sid, [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      'stale-token-presented',
      'refresh-rotated',
    ]);
  },
};

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
    await stage.sessionTells(sid, ['started', 'refresh-rotated', 'reuse-detected(superseded)']);
  },
};

const forgedToken: Scenario = {
  name: 'forged-token',
  title: 'a token that was not minted here gets nothing and leaves no trace in any session',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    const forger = stage.stranger(app);
    const { key } = app.options;
    const { refreshToken } = app.tokens;
    const forged = [12, 20, 40, 60, 90, refreshToken.length - 3].map((at) => altered(refreshToken, at));
    const answers = await Promise.all(forged.map((token) => forger.refresh(token, { key })));
    const errors = answers.map(({ body }) => body['error']);
    stage.check(
      'whatever part of it is altered',
      errors.every((error) => error === 'invalid_grant'),
      errors,
    );
    const random = await forger.refresh(
      `sprt_${newId()
        .repeat(6)
        .slice(0, refreshToken.length - 5)}`,
      { key },
    );
    stage.check('or made up', random.body['error'] === 'invalid_grant', random.body);
    await app.refresh();
    await stage.sessionTells(sid, ['started', 'refresh-rotated']);
  },
};

function altered(token: string, at: number): string {
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

export const thieves: readonly Scenario[] = [
  stolenWithoutKey,
  stolenWithKey,
  stolenWithKeyAndAttempt,
  copiedRequest,
  olderToken,
  bearerTheft,
  forgedToken,
];
