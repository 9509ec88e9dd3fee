// What holds for personal data and credentials at rest: bound to their event, closed, gone on erasure.
import {
  codeOf,
  codeOfAsync,
  holdAnswers,
  ids,
  master,
  MemorySecrets,
  mutations,
  newRing,
  otherMaster,
  settled,
} from './spec-examples.js';
import { Credentials, nameHash, networkOf, PersonalKeys } from './index.js';

const place = { stream: 'session-1', eventId: 'event-1' };
const data = { ip: '192.0.2.7', userAgent: 'marked-secret' };

async function newKeys() {
  const store = new MemorySecrets();
  const keys = new PersonalKeys({ store, master, ids });
  await keys.create('anna');
  await keys.create('ben');
  return { store, keys };
}

describe('personal data', () => {
  it('comes back in its event, for a process that starts later too', async () => {
    const { store, keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, data))!;
    expect(await keys.open('anna', place, sealed)).toEqual(data);
    expect(await new PersonalKeys({ store, master, ids }).open('anna', place, sealed)).toEqual(data);
    expect(Buffer.from(sealed, 'base64url').toString('latin1')).not.toContain('marked');
  });

  it('does not open in another event, stream or account', async () => {
    const { keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, data))!;
    const elsewhere = [
      { ...place, eventId: 'event-2' },
      { ...place, stream: 'session-2' },
    ];
    for (const other of elsewhere) {
      expect(await codeOfAsync(keys.open('anna', other, sealed))).toBe('personal_altered');
    }
    expect(await codeOfAsync(keys.open('ben', place, sealed))).toBe('personal_altered');
  });

  it('is refused with a reason after any change of any character', async () => {
    const { keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, { a: 1 }))!;
    const codes = new Set<string>();
    for (const altered of mutations(sealed)) codes.add(await codeOfAsync(keys.open('anna', place, altered)));
    expect([...codes].sort()).toEqual(['personal_altered', 'personal_malformed']);
  });

  it('is gone for good with the key: nothing opens, nothing is sealed, no tag is made', async () => {
    const { store, keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, data))!;
    await keys.delete('anna');
    expect(await keys.open('anna', place, sealed)).toBeUndefined();
    expect(await keys.seal('anna', place, data)).toBeUndefined();
    expect(await keys.networkTag('anna', '192.0.2.7')).toBeUndefined();
    expect([...store.entries.get('personal')!.keys()]).toEqual(['ben']);
    await keys.delete('anna');
  });

  it('is gone in a process that is told of an erasure elsewhere', async () => {
    const { store, keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, data))!;
    await new PersonalKeys({ store, master, ids }).delete('anna');
    keys.forget('anna');
    expect(await keys.open('anna', place, sealed)).toBeUndefined();
  });

  it('stays gone when a look-up was under way during the erasure', async () => {
    const { store, keys } = await newKeys();
    const fresh = new PersonalKeys({ store, master, ids });
    const sealed = (await keys.seal('anna', place, data))!;
    const release = holdAnswers(store, 'get');
    const slow = fresh.open('anna', place, sealed);
    await settled();
    await fresh.delete('anna');
    release();
    expect(await slow).toEqual(data);
    expect(await fresh.open('anna', place, sealed)).toBeUndefined();
  });

  it('keeps the first key when it is created twice', async () => {
    const { keys } = await newKeys();
    const sealed = (await keys.seal('anna', place, data))!;
    await keys.create('anna');
    keys.forget('anna');
    expect(await keys.open('anna', place, sealed)).toEqual(data);
  });

  it('names a damaged key, or another master key, as such', async () => {
    const { store } = await newKeys();
    const other = new PersonalKeys({ store, master: otherMaster, ids });
    expect(await codeOfAsync(other.seal('anna', place, data))).toBe('personal_key_damaged');
    store.entries.get('personal')!.set('anna', store.entries.get('personal')!.get('ben')!);
    const moved = new PersonalKeys({ store, master, ids });
    expect(await codeOfAsync(moved.seal('anna', place, data))).toBe('personal_key_damaged');
  });
});

describe('a network tag', () => {
  it('is the same for one network of one account, and another for every other', async () => {
    const { keys } = await newKeys();
    const tag = await keys.networkTag('anna', '192.0.2.7');
    expect(tag).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(await keys.networkTag('anna', '::ffff:192.0.2.7')).toBe(tag);
    expect(await keys.networkTag('anna', '192.0.2.8')).not.toBe(tag);
    expect(await keys.networkTag('ben', '192.0.2.7')).not.toBe(tag);
  });

  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.7', '64:ff9b:0:0::/64'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['192.0.2.7', '192.0.2.7'],
  ])('takes %s as %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});

describe('a credential', () => {
  it('comes back in its event, and nowhere else, and under no other master key', () => {
    const credentials = new Credentials(master, ids);
    const sealed = credentials.seal(place, { hash: '$argon2id$' });
    expect(credentials.open(place, sealed)).toEqual({ hash: '$argon2id$' });
    const elsewhere = { ...place, eventId: 'event-2' };
    expect(codeOf(() => credentials.open(elsewhere, sealed))).toBe('credential_altered');
    expect(codeOf(() => new Credentials(otherMaster, ids).open(place, sealed))).toBe('credential_altered');
  });

  it('is refused with a reason after any change of any character', () => {
    const credentials = new Credentials(master, ids);
    const texts = mutations(credentials.seal(place, { a: 1 }));
    const codes = new Set([...texts].map((altered) => codeOf(() => credentials.open(place, altered))));
    expect([...codes].sort()).toEqual(['credential_altered', 'credential_malformed']);
  });
});

it('finds a name by the same hash after every rotation, and by another in another ring', async () => {
  const { ring } = await newRing();
  const hash = nameHash('anna@example.org', ring);
  expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
  await ring.rotate('sealing');
  expect(nameHash('anna@example.org', ring)).toBe(hash);
  expect(nameHash('ben@example.org', ring)).not.toBe(hash);
  expect(nameHash('anna@example.org', (await newRing()).ring)).not.toBe(hash);
});
