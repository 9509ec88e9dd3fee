// What the ring does when keys have leaked, a store was restored, or a key turns up that it does not know.
import { EngineError } from '@sallyport/engine';
import { codeOfAsync, holdAnswers, newRing, NOON, settled } from './spec-examples.js';
import { KeyRing } from './index.js';

/** Two processes on one store and one clock. */
async function newReplicas(change: { publishAheadMs?: number } = {}) {
  const one = await newRing(change);
  const two = new KeyRing(one.parts);
  await two.load();
  return { ...one, two };
}

function statusesOf(ring: KeyRing, purpose: string): string[] {
  return ring.describe().flatMap((key) => (key.purpose === purpose ? [key.status] : []));
}

describe('an emergency', () => {
  it('retires every refresh key there was, once, and mints under a new one', async () => {
    const { ring } = await newRing();
    await ring.rotate('refresh');
    const old = ring.describe().filter(({ purpose }) => purpose === 'refresh');
    const changed = await ring.retireRefreshKeys();
    for (const { keyId } of old) expect(ring.refreshKey(keyId)!.status).toBe('retired');
    expect(statusesOf(ring, 'refresh')).toEqual(['retired', 'retired', 'current']);
    expect(changed.map(({ status }) => status)).toEqual(['retired', 'retired', 'current']);
    expect(changed[0]!.retiredAt).toBe(new Date(NOON).toISOString());
  });

  it('replaces a bad current key at once, and never makes an older one current again', async () => {
    const { ring } = await newRing();
    for (const purpose of ['refresh', 'signing', 'nonce', 'sealing'] as const) {
      const older = ring.current(purpose).id;
      await ring.rotate(purpose);
      const bad = ring.current(purpose).id;
      await ring.markBad(bad);
      expect([older, bad]).not.toContain(ring.current(purpose).id);
      expect(ring.describe().find(({ keyId }) => keyId === bad)!.status).toBe('bad');
    }
  });

  it('takes a bad signing key out of the JWKS and out of use, the next one too', async () => {
    const { ring } = await newRing();
    const { id, header } = ring.current('signing');
    const next = ring.jwks().keys.find(({ kid }) => kid !== id)!.kid;
    await ring.markBad(id);
    await ring.markBad(next);
    expect(ring.jwks().keys.map(({ kid }) => kid)).not.toEqual(expect.arrayContaining([id]));
    expect(ring.signingKeyOfHeader(header)).toBeUndefined();
    expect(ring.current('signing').id).not.toBe(next);
    expect(ring.jwks().keys).toHaveLength(2);
  });

  it('marks a key bad once; a second time changes nothing, and an unknown one is not found', async () => {
    const { ring } = await newRing();
    const { id } = ring.current('refresh');
    expect(await ring.markBad(id)).toHaveLength(2);
    expect(await ring.markBad(id)).toEqual([]);
    expect(await codeOfAsync(ring.markBad('00000000'))).toBe('key_not_found');
  });
});

describe('an unknown key id', () => {
  it('makes the ring be read again, for all who ask at most once a second', async () => {
    const { two, ring, clock, store } = await newReplicas();
    await ring.rotate('refresh');
    clock.time += 1_000;
    store.reads = 0;
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => two.reloadIfUnknown(ring.current('refresh').id)),
    );
    expect(new Set(asked)).toEqual(new Set([true]));
    expect(store.reads).toBe(1);
    for (const id of ['00000000', '00000001']) expect(await two.reloadIfUnknown(id)).toBe(false);
    expect(store.reads).toBe(1);
    clock.time += 1_000;
    expect(await two.reloadIfUnknown('00000000')).toBe(false);
    expect(store.reads).toBe(2);
  });

  it('is judged by a reading that began after the question where replicas make keys too', async () => {
    const { two, ring, store, clock } = await newReplicas({ publishAheadMs: 2_000 });
    // The second after a reading has not gone by when another replica retires what it finds.
    await two.reload();
    await ring.retireRefreshKeys();
    store.reads = 0;
    const { id } = ring.current('refresh');
    const asked = await Promise.all(['00000000', id, id].map((one) => two.reloadIfUnknown(one)));
    expect(asked).toEqual([false, true, true]);
    expect(store.reads).toBe(1);
    for (const reads of [2, 3]) {
      clock.time += 1_000;
      expect(await two.reloadIfUnknown('00000000')).toBe(false);
      expect(store.reads).toBe(reads);
    }
  });

  it('holds no more requests than a bounded number: the others are no verdict', async () => {
    const { two } = await newReplicas({ publishAheadMs: 2_000 });
    const asked = await Promise.allSettled(Array.from({ length: 501 }, () => two.reloadIfUnknown('0')));
    const refused = asked.filter((one) => one.status === 'rejected').map(({ reason }) => reason as Error);
    expect(refused).toEqual([new EngineError('store_unavailable')]);
  });

  it('is no verdict while the store is away, within the second too', async () => {
    const { ring, clock, store } = await newRing();
    clock.time += 1_000;
    store.away = new EngineError('store_unavailable');
    await expect(ring.reloadIfUnknown('00000000')).rejects.toBe(store.away);
    await expect(ring.reloadIfUnknown('00000000')).rejects.toBe(store.away);
    store.away = undefined;
    clock.time += 1_000;
    expect(await ring.reloadIfUnknown('00000000')).toBe(false);
  });

  it('is not decided by a reading that began first and ended last', async () => {
    const { ring, two, store } = await newReplicas();
    const { id } = ring.current('refresh');
    const release = holdAnswers(store, 'list');
    const slow = two.reload();
    await settled();
    await ring.retireRefreshKeys();
    await two.reload();
    release();
    await slow;
    expect(two.refreshKey(id)!.status).toBe('retired');
    expect(two.describe()).toEqual(ring.describe());
  });

  it('does not keep what another process retired or marked bad from being seen', async () => {
    const { ring, two } = await newReplicas();
    const { id } = ring.current('refresh');
    await ring.retireRefreshKeys();
    await two.reload();
    expect(two.refreshKey(id)!.status).toBe('retired');
    expect(two.current('refresh').id).toBe(ring.current('refresh').id);
  });
});
