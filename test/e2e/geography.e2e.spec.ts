// Where requests come from, as events tell it: through a proxy that is trusted, and past one that is not.
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteSecretStore } from '@sallyport/adapter-sqlite';
import type { Network, SessionState } from '@sallyport/core-session';
import type { RecordedEvent } from '@sallyport/engine';
import { mmdbFile } from '@sallyport/testing';
import { newDeviceKey } from '../tools/client/index.js';
import type { Person } from '../tools/client/index.js';
import { UnderTest, type SignedIn } from './under-test.js';

const zurich = '195.176.3.4';
const geneva = '195.176.200.1';
const singapore = '8.128.1.2';
const zurichV6 = '2a02:1210:4:5::6';
const dayMs = 86_400_000;

let service: UnderTest;

/** The network that the latest event of a session tells: of a retry or a reuse its own, else the state's. */
async function networkOf(session: SignedIn, at = service): Promise<Network | undefined> {
  const events = await at.target.ledger.events(`session-${session.ids.sid}`);
  const data = events.at(-1)?.data as { network?: Network; state: SessionState } | undefined;
  return data?.network ?? data?.state.network;
}

async function personAt(address: string, at = service): Promise<Person & { accountId: string }> {
  return { ...(await at.newPerson()), address };
}

describe('the network of events, behind a trusted proxy', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-geo-'));
    const city = { country: { iso_code: 'CH' }, location: { latitude: 47.3769, longitude: 8.5417 } };
    writeFileSync(join(folder, 'city'), mmdbFile({ '195.176.0.0/17': city }));
    writeFileSync(join(folder, 'vpn'), '# exits\n195.176.3.0/25\n');
    service = await UnderTest.start({
      SALLYPORT_TRUSTED_PROXIES: '127.0.0.1',
      SALLYPORT_GEO_CITY_FILE: join(folder, 'city'),
      SALLYPORT_GEO_VPN_FILE: join(folder, 'vpn'),
    });
  });
  afterAll(async () => {
    await service.stop();
    rmSync(folder, { recursive: true });
  });

  it('tells country, kind and coarse place where an account signs in', async () => {
    const person = await personAt(zurich);
    const session = await service.phone('phone', { person });
    const known = { country: 'CH', asn: null, kind: 'vpn', place: { lat: 47.5, lon: 8.5, radiusKm: 140 } };
    const tags = { ipTag: expect.stringMatching(/^.{16}$/), dayTag: expect.stringMatching(/^.{11}$/) };
    expect(await networkOf(session)).toEqual({ ...known, ...tags });
    const [login] = await service.target.ledger.events(`login-${person.accountId}`);
    expect(login).toMatchObject({ type: 'login.succeeded', data: { network: { ...known, ...tags } } });
  });

  it('follows a traveller from refresh to refresh, to addresses of which nothing is known too', async () => {
    const session = await service.phone('phone', { person: await personAt(geneva) });
    const seen: (string | null | undefined)[] = [(await networkOf(session))?.country];
    let token = session.first;
    for (const address of [singapore, zurichV6, '::ffff:8.128.1.2', '10.1.2.3', '127.0.0.1', 'unknown']) {
      session.caller.network.address = address;
      token = await session.rotate(token);
      seen.push((await networkOf(session))?.country);
    }
    expect(seen).toEqual(['CH', 'SG', 'CH', 'SG', null, null, null]);
  });

  it('says of a retry and of a stolen token where they came from', async () => {
    const session = await service.phone('phone', { person: await personAt(geneva) });
    const successor = await session.rotate(session.first);
    session.caller.network.address = singapore;
    expect(await session.rotate(session.first)).toBe(successor);
    expect(await networkOf(session)).toMatchObject({ country: 'SG' });
    const thief = service.caller('phone', '8.8.8.8');
    const key = await newDeviceKey();
    expect(await thief.refresh(successor, { key })).toMatchObject({ status: 400 });
    const [last] = (await service.target.ledger.events(`session-${session.ids.sid}`)).slice(-1);
    expect(last).toMatchObject({
      type: 'session.reuse-detected',
      data: { cause: 'wrong_key', network: { country: 'US' }, state: { network: { country: 'CH' } } },
    });
  });

  it('tags a network alike for all accounts on one day, and differently for each account', async () => {
    const people = [await personAt(geneva), await personAt(geneva)];
    const [one, two] = await Promise.all(people.map((person) => service.phone('phone', { person })));
    const [first, second] = [await networkOf(one!), await networkOf(two!)];
    expect(first?.dayTag).toBe(second?.dayTag);
    expect(first?.ipTag).not.toBe(second?.ipTag);
  });

  it('marks token requests of a client that is a server, and not the browser that signed in', async () => {
    const person = await personAt(geneva);
    const session = await service.phone('server', { person });
    expect(await networkOf(session)).toMatchObject({ country: 'CH', server: true });
    const [login] = await service.target.ledger.events(`login-${person.accountId}`);
    expect(login?.data['network']).not.toHaveProperty('server');
  });

  it('believes the proxy, not what the sender said to it before', async () => {
    const session = await service.phone('phone', { person: await personAt(geneva) });
    // A proxy adds what it saw at the end; what stands before came with the request.
    session.caller.network.address = `8.8.8.8, ${singapore}`;
    await session.rotate(session.first);
    expect(await networkOf(session)).toMatchObject({ country: 'SG' });
  });

  it('tells where sign-ins failed, of names that nobody has too', async () => {
    const person = { ...(await personAt(singapore)), password: 'not the password at all' };
    const nobody = { ...person, username: `nobody-${person.username}` };
    await expect(service.code('phone', { person })).rejects.toThrow(/refused/);
    await expect(service.code('phone', { person: nobody })).rejects.toThrow(/refused/);
    // What is counted is recorded a minute later, or when the service stops.
    await service.target.restart();
    const failed = await allEvents(service, 'login.failed');
    const ofName = failed.map(({ stream }) => stream.startsWith('login-name-'));
    expect(ofName.toSorted()).toEqual([false, true]);
    const networks = failed.map(({ data }) => data['network'] as unknown as Network);
    for (const network of networks) expect(network).toMatchObject({ country: 'SG', kind: 'unknown' });
    expect(networks[0]?.dayTag).toBe(networks[1]?.dayTag);
    expect(networks.map(({ ipTag }) => ipTag)).toEqual(failed.map(({ data }) => data['ipTag']));
  });

  it('leaves no address in clear', () => {
    const files = readdirSync(service.target.dataDir).map((name) => join(service.target.dataDir, name));
    for (const address of [zurich, geneva, singapore, zurichV6]) {
      expect(files.filter((file) => readFileSync(file).includes(address))).toEqual([]);
    }
  });

  it('destroys the keys of days after 90 days', async () => {
    const before = await daysInVault();
    await service.target.operator.advanceClock((89 * dayMs) / 1000);
    await service.target.restart();
    expect(await daysInVault()).toEqual(expect.arrayContaining(before));
    await service.target.operator.advanceClock((2 * dayMs) / 1000);
    await service.target.restart();
    const after = await daysInVault();
    expect(after.filter((day) => before.slice(0, -1).includes(day))).toEqual([]);
    expect(after.length).toBeGreaterThan(0);
  });
});

describe('a forged X-Forwarded-For', () => {
  it.each([
    ['where no proxy is trusted', {}],
    ['from a peer that is not a trusted proxy', { SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8' }],
  ])('moves nobody %s', async (_, env: Readonly<Record<string, string>>) => {
    const under = await UnderTest.start(env);
    try {
      const session = await under.phone('phone', { person: await personAt(zurich, under) });
      const here = await networkOf(session, under);
      expect(here).toMatchObject({ country: null, kind: 'unknown' });
      session.caller.network.address = singapore;
      await session.rotate(session.first);
      expect(await networkOf(session, under)).toEqual(here);
    } finally {
      await under.stop();
    }
  });
});

async function allEvents({ target }: UnderTest, type: string): Promise<RecordedEvent[]> {
  const events = await target.ledger.all();
  return events.filter((event) => event.type === type);
}

/** The days whose keys the vault has, read from a copy of its files. */
async function daysInVault(): Promise<string[]> {
  const copy = mkdtempSync(join(tmpdir(), 'sallyport-vault-'));
  const { dataDir } = service.target;
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith('vault.sqlite')) cpSync(join(dataDir, name), join(copy, name));
  }
  const vault = SqliteSecretStore.open(join(copy, 'vault.sqlite'));
  try {
    return (await vault.list('network-day')).map(({ name }) => name);
  } finally {
    vault.close();
    rmSync(copy, { recursive: true });
  }
}
