// Scenarios of requests that come twice and tokens that are not the latest: copied, delayed, old, made up.
import { newDeviceKey, newId, replay } from '../client/index.js';
import { idsOf, type Scenario, type Stage } from './stage.js';

const delayedDuplicate: Scenario = {
  name: 'delayed-duplicate',
  title: 'a request that arrives twice, at once or late, gets nothing the second time and harms nobody',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const exchange = app.network.posts.at(-1);
    await app.refresh();
    const refresh = app.network.posts.at(-1);
    if (exchange === undefined || refresh === undefined) throw new Error('nothing was recorded');
    const soon = await replay(refresh);
    stage.check(
      'at once: the proof was used, no verdict on the token',
      soon.body['error'] === 'invalid_dpop_proof',
      soon.body,
    );
    stage.check('with a fresh nonce for a new proof', soon.headers.get('dpop-nonce') !== null);
    await app.refresh();
    await app.refresh();
    const late = await replay(refresh);
    stage.check(
      'late: a challenge, no verdict on the token',
      late.body['error'] === 'use_dpop_nonce',
      late.body,
    );
    const again = await replay(exchange);
    stage.check(
      'the exchange once more: the proof was used',
      again.body['error'] === 'invalid_dpop_proof',
      again.body,
    );
    await app.refresh();
    await stage.sessionTells(idsOf(app.tokens).sid, [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      'refresh-rotated',
      'refresh-rotated',
    ]);
  },
};

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
      ...stage.onceEach('stale-token-presented'),
      'refresh-rotated',
    ]);
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

export const copies: readonly Scenario[] = [delayedDuplicate, copiedRequest, olderToken, forgedToken];
