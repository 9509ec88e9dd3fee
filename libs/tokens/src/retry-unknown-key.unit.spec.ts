// One more try with a ring read again: for keys another replica made, and for nothing else.
import { EngineError } from '@sallyport/engine';
import { codeOfAsync, ids, newRing, NOON, SESSION_ID } from './spec-examples.js';
import {
  KeyRing,
  mintFirst,
  parseRefreshToken,
  ProofNonces,
  retryUnknownKey,
  Sealer,
  TokenError,
} from './index.js';

/** Two replicas, of which the first has rotated all its keys a moment ago. */
async function newReplicas() {
  const one = await newRing();
  const two = new KeyRing(one.parts);
  await two.load();
  for (const purpose of ['refresh', 'nonce', 'sealing'] as const) await one.ring.rotate(purpose);
  one.clock.time += 2_000;
  return { ...one, two };
}

describe('an unknown key', () => {
  it('of a token, nonce or sealed box is found in the store where another replica put it', async () => {
    const first = { sessionId: SESSION_ID, keyBound: true, secret: new Uint8Array(32) };
    const cases: ((from: KeyRing, at: KeyRing) => () => unknown)[] = [
      (from, at) => () => parseRefreshToken(mintFirst(first, from.current('refresh')), at).sessionId,
      (from, at) => () => new ProofNonces(at).check(new ProofNonces(from).mint(NOON), NOON),
      (from, at) => () => {
        const sealed = new Sealer(from, ids).seal('code', {}, { now: NOON, ttlMs: 1 });
        return new Sealer(at, ids).unseal('code', sealed, NOON);
      },
    ];
    for (const make of cases) {
      const { ring, two } = await newReplicas();
      const attempt = make(ring, two);
      expect(attempt).toThrow(/unknown/);
      expect(await retryUnknownKey(two, attempt)).toBeDefined();
    }
  });

  it('that no replica has stays unknown', async () => {
    const { ring, two } = await newReplicas();
    const foreign = mintFirst(
      { sessionId: SESSION_ID, keyBound: true, secret: new Uint8Array(32) },
      (await newRing()).ring.current('refresh'),
    );
    const attempt = async () => retryUnknownKey(two, () => parseRefreshToken(foreign, two));
    expect(await codeOfAsync(attempt())).toBe('refresh_key_unknown');
    expect(ring.describe().length).toBeGreaterThan(0);
  });

  it('is no verdict while the store is away', async () => {
    const { ring, two, store } = await newReplicas();
    const nonce = new ProofNonces(ring).mint(NOON);
    store.away = new EngineError('store_unavailable');
    await expect(retryUnknownKey(two, () => new ProofNonces(two).check(nonce, NOON))).rejects.toBe(
      store.away,
    );
  });
});

it('runs once, and reads nothing, for any other refusal and for none', async () => {
  const { two, store } = await newReplicas();
  store.reads = 0;
  let runs = 0;
  const refuse = () => {
    runs += 1;
    throw new TokenError('refresh_token_tag_wrong', { keyId: '00000000' });
  };
  expect(await codeOfAsync(retryUnknownKey(two, refuse))).toBe('refresh_token_tag_wrong');
  expect(await retryUnknownKey(two, () => 7)).toBe(7);
  expect([runs, store.reads]).toEqual([1, 0]);
});
