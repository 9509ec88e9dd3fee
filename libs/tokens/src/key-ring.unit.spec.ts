// What the ring promises: keys outlive processes, are known before their use, and leave when they are bad.
import {
  codeOfAsync,
  codeOf,
  ids,
  ISSUER,
  master,
  MemorySecrets,
  newRing,
  otherMaster,
} from './spec-examples.js';
import { KEY_PURPOSES, KeyRing, type KeyDescription } from './index.js';

const DAY = 86_400_000;

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

describe('the key ring, at its first start,', () => {
  it('makes a current key for every purpose and the next signing key, and says so', async () => {
    const { ring, made } = await newRing();
    const brief = (keys: KeyDescription[]) =>
      keys.map(({ purpose, status }) => `${purpose} ${status}`).sort();
    const all = ['index current', 'nonce current', 'refresh current', 'sealing current'];
    expect(brief(made)).toEqual([...all, 'signing current', 'signing next'].sort());
    expect(ring.describe()).toEqual(made);
    expect(made[0]).toMatchObject({
      createdAt: '2026-11-22T12:00:00.000Z',
      keyId: expect.stringMatching(/^[0-9a-f]{8}$/),
    });
  });

  it('makes one ring when two processes start at once', async () => {
    const store = new MemorySecrets();
    const { parts } = await newRing();
    const rings = [1, 2, 3].map(() => new KeyRing({ ...parts, store }));
    const made = await Promise.all(rings.map((ring) => ring.load()));
    expect(made.filter((keys) => keys.length > 0)).toHaveLength(1);
    for (const ring of rings) expect(ring.describe()).toEqual(rings[0]!.describe());
    expect(store.entries.get('key')!.size).toBe(rings[0]!.describe().length);
  });

  it('gives no key before it is loaded', async () => {
    const { parts } = await newRing();
    for (const purpose of KEY_PURPOSES) {
      expect(codeOf(() => new KeyRing(parts).current(purpose))).toBe('key_not_found');
    }
  });
});

describe('the key ring, loaded again,', () => {
  it('has the same keys and makes none', async () => {
    const { ring, parts } = await newRing();
    const again = new KeyRing(parts);
    expect(await again.load()).toEqual([]);
    expect(again.describe()).toEqual(ring.describe());
    expect(again.jwks()).toEqual(ring.jwks());
    expect(again.current('index').key.of('a')).toEqual(ring.current('index').key.of('a'));
    expect(again.current('refresh').tagKey.of('a')).toEqual(ring.current('refresh').tagKey.of('a'));
  });

  it('refuses another master key with one clear error, and changes nothing', async () => {
    const { parts, store } = await newRing();
    const before = structuredClone(store.entries);
    expect(await codeOfAsync(new KeyRing({ ...parts, master: otherMaster }).load())).toBe('master_key_wrong');
    expect(store.entries).toEqual(before);
  });

  it('refuses a store in which a key is missing, altered or exchanged for another', async () => {
    const damages: ((keys: Map<string, Uint8Array>, id: string, other: string) => void)[] = [
      (keys, id) => keys.delete(id),
      (keys, id) =>
        keys.set(
          id,
          keys.get(id)!.map((byte, index) => (index === 20 ? byte ^ 1 : byte)),
        ),
      (keys, id, other) => keys.set(id, keys.get(other)!),
      (keys, id) => keys.set(id, new Uint8Array(3)),
    ];
    for (const damage of damages) {
      const { parts, store } = await newRing();
      const [id, other] = [...store.entries.get('key')!.keys()] as [string, string];
      damage(store.entries.get('key')!, id, other);
      expect(await codeOfAsync(new KeyRing(parts).load())).toBe('key_ring_damaged');
    }
  });

  it('refuses signing material that is no key', async () => {
    const { parts, store, ring } = await newRing();
    const entry = { kind: 'key', name: ring.current('signing').id };
    store.entries.get('key')!.set(entry.name, master.wrap(entry, new Uint8Array(32), ids));
    expect(await codeOfAsync(new KeyRing(parts).load())).toBe('key_ring_damaged');
  });

  it('holds no key in clear in its store', async () => {
    const { ring, store } = await newRing();
    const stored = Buffer.concat([...store.entries.values()].flatMap((kind) => [...kind.values()])).toString(
      'latin1',
    );
    const der = ring.current('signing').privateKey.export({ format: 'der', type: 'pkcs8' });
    expect(stored).not.toContain(der.subarray(36, 60).toString('latin1'));
    expect(stored).not.toContain('refresh');
  });
});

describe('rotation', () => {
  it('of signing keys makes current what the JWKS had, and publishes the next', async () => {
    const { ring } = await newRing();
    const [current, next] = ring.jwks().keys;
    const changed = await ring.rotate('signing');
    expect(ring.current('signing').id).toBe(next!.kid);
    expect(ring.jwks().keys.map(({ kid }) => kid)).toEqual(expect.arrayContaining([current!.kid, next!.kid]));
    expect(ring.jwks().keys).toHaveLength(3);
    expect(changed.map(({ keyId, status }) => [keyId === current!.kid, keyId === next!.kid, status])).toEqual(
      expect.arrayContaining([
        [true, false, 'previous'],
        [false, true, 'current'],
        [false, false, 'next'],
      ]),
    );
  });

  it('of refresh keys makes a new key current and keeps every older one', async () => {
    const { ring, clock } = await newRing();
    const ids = [ring.current('refresh').id];
    for (let round = 0; round < 4; round += 1) {
      clock.time += 400 * DAY;
      await ring.rotate('refresh');
      ids.push(ring.current('refresh').id);
    }
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(ring.refreshKey(id)).toBeDefined();
    expect(statusesOf(ring, 'refresh')).toEqual(['previous', 'previous', 'previous', 'previous', 'current']);
  });

  it('drops a refresh key only when no session under it can be alive, and its material with it', async () => {
    const { ring, clock, store } = await newRing({ keepRefreshKeysMs: 30 * DAY });
    const first = ring.current('refresh').id;
    clock.time += 100 * DAY;
    await ring.rotate('refresh');
    clock.time += 30 * DAY;
    await ring.rotate('refresh');
    expect(ring.refreshKey(first)).toBeDefined();
    clock.time += 1;
    const changed = await ring.rotate('refresh');
    expect(ring.refreshKey(first)).toBeUndefined();
    expect(store.entries.get('key')!.has(first)).toBe(false);
    expect(changed).toContainEqual(expect.objectContaining({ keyId: first, status: 'deleted' }));
  });

  it('drops what lived short a day after it was replaced', async () => {
    const { ring, clock } = await newRing();
    const first = ring.current('nonce').id;
    await ring.rotate('nonce');
    clock.time += DAY + 1;
    await ring.rotate('nonce');
    expect(ring.secretKey('nonce', first)).toBeUndefined();
    expect(statusesOf(ring, 'nonce')).toEqual(['previous', 'current']);
  });

  it('of the index key is refused: names could not be found any more', async () => {
    const { ring } = await newRing();
    expect(await codeOfAsync(ring.rotate('index'))).toBe('key_purpose_fixed');
    expect(await codeOfAsync(ring.markBad(ring.current('index').id))).toBe('key_purpose_fixed');
  });

  it('publishes a key ahead of its use where replicas have to hear of it', async () => {
    const { ring, clock, two } = await newReplicas({ publishAheadMs: 2_000 });
    const old = ring.current('refresh').id;
    await ring.rotate('refresh');
    expect(ring.current('refresh').id).toBe(old);
    expect(statusesOf(ring, 'refresh')).toEqual(['current', 'next']);
    clock.time += 2_000;
    const fresh = ring.current('refresh').id;
    expect(fresh).not.toBe(old);
    expect(ring.refreshKey(old)!.status).toBe('previous');
    expect(await two.reloadIfUnknown(fresh)).toBe(true);
    expect(two.current('refresh').id).toBe(fresh);
  });

  it('by many processes at once loses no key', async () => {
    const { ring, two } = await newReplicas();
    await Promise.all([
      ring.rotate('refresh'),
      two.rotate('refresh'),
      ring.rotate('nonce'),
      two.rotate('signing'),
    ]);
    await Promise.all([ring.reload(), two.reload()]);
    expect(ring.describe()).toEqual(two.describe());
    expect(statusesOf(ring, 'refresh')).toEqual(['previous', 'previous', 'current']);
    expect(statusesOf(ring, 'signing')).toEqual(['previous', 'current', 'next']);
  });

  it('gives up after losing to other processes again and again', async () => {
    const { ring, store } = await newRing();
    store.putIfAbsent = async () => new Uint8Array(1);
    const keys = store.entries.get('key')!.size;
    expect(await codeOfAsync(ring.rotate('refresh'))).toBe('key_ring_contended');
    expect(store.entries.get('key')!.size).toBe(keys);
  });
});

it('binds refresh, nonce and sealing keys to the issuer, and leaves the index of names alone', async () => {
  const { ring, parts } = await newRing();
  const moved = new KeyRing({ ...parts, issuer: `${ISSUER}/b` });
  await moved.load();
  expect(moved.current('refresh').tagKey.of('a')).not.toEqual(ring.current('refresh').tagKey.of('a'));
  expect(moved.current('nonce').key.of('a')).not.toEqual(ring.current('nonce').key.of('a'));
  expect(moved.current('sealing').key.equals(ring.current('sealing').key)).toBe(false);
  expect(moved.current('index').key.of('a')).toEqual(ring.current('index').key.of('a'));
});
