// What an event tells of a request's network, and how what it is derived from is kept.
import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Client } from '@sallyport/core-session';
import { GeoLookup, unknownNetwork } from '@sallyport/engine';
import type { GeoFacts, GeoSource } from '@sallyport/engine';
import { MemorySecretStore, MovableClock, policy, RandomIds } from '@sallyport/testing';
import { DayTags, MasterKey, PersonalKeys } from '@sallyport/tokens';
import { NetworkUpkeep } from './network-upkeep.js';
import { Networks } from './origin.js';

const dayMs = 86_400_000;
const origin = { ip: '85.3.2.1', correlationId: 'request' };
const place = { lat: 47.5, lon: 8.5, radiusKm: 60 };
const server = { ...policy, clientId: 'server', serverSide: true } as Client;

/** A labelled double: it knows one address, and its files are as wrong as a spec says. */
class ExampleGeo extends GeoLookup {
  faults: readonly string[] = [];

  find(address: string): GeoFacts {
    return address === origin.ip ? { country: 'CH', asn: 3303, kind: 'mobile', place } : unknownNetwork;
  }
  sources(): readonly GeoSource[] {
    return [];
  }
  async refresh(): Promise<readonly string[]> {
    return this.faults;
  }
}

async function newNetworks() {
  const store = new MemorySecretStore();
  const clock = new MovableClock();
  const parts = { store, clock, ids: new RandomIds(), master: new MasterKey(new RandomIds().bytes(32)) };
  const personalKeys = new PersonalKeys(parts);
  await personalKeys.create('alice');
  await personalKeys.create('bob');
  const geo = new ExampleGeo();
  const dayTags = new DayTags(parts);
  return { store, clock, geo, dayTags, personalKeys, networks: new Networks(geo, personalKeys, dayTags) };
}

describe('the network of a request', () => {
  it('is what is known of its address, with a tag for the account and one for the day', async () => {
    const { networks, clock } = await newNetworks();
    const known = { country: 'CH', asn: 3303, kind: 'mobile', place };
    const alice = await networks.ofAccount('alice', origin);
    expect(alice).toEqual({ ...known, ipTag: expect.any(String), dayTag: expect.any(String) });
    const bob = await networks.ofAccount('bob', origin);
    expect([bob?.dayTag === alice?.dayTag, bob?.ipTag === alice?.ipTag]).toEqual([true, false]);
    clock.time += dayMs;
    const later = await networks.ofAccount('alice', origin);
    expect([later?.dayTag === alice?.dayTag, later?.ipTag === alice?.ipTag]).toEqual([false, true]);
  });

  it('is unknown where nothing is known, and never holds the address', async () => {
    const { networks } = await newNetworks();
    const network = await networks.ofAccount('alice', { ...origin, ip: '127.0.0.1' });
    expect(network).toMatchObject({ country: null, asn: null, kind: 'unknown' });
    expect(network).not.toHaveProperty('place');
    expect(JSON.stringify(await networks.ofAccount('alice', origin))).not.toContain(origin.ip);
  });

  it('says when the client is a server', async () => {
    const { networks } = await newNetworks();
    expect(await networks.ofAccount('alice', origin, server)).toMatchObject({ country: 'CH', server: true });
    const phone = { ...server, serverSide: false };
    expect(await networks.ofAccount('alice', origin, phone)).not.toHaveProperty('server');
  });

  it('is not told of an account whose key is gone', async () => {
    const { networks, personalKeys } = await newNetworks();
    await personalKeys.delete('alice');
    expect(await networks.ofAccount('alice', origin)).toBeUndefined();
  });
});

describe('upkeep', () => {
  const everyMs = 30_000;
  const daysOf = async (store: MemorySecretStore) => {
    return (await store.list('network-day')).map(({ name }) => name);
  };

  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => {
    jest.restoreAllMocks();
    jest.useRealTimers();
  });

  it('makes the keys of today and tomorrow before the first request, and ends old ones', async () => {
    const { store, clock, geo, dayTags } = await newNetworks();
    const upkeep = new NetworkUpkeep(geo, dayTags);
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    await upkeep.onModuleInit();
    const days = await daysOf(store);
    expect(days).toEqual(['2026-11-22', '2026-11-23']);
    clock.time += 90 * dayMs;
    await jest.advanceTimersByTimeAsync(everyMs);
    expect(await daysOf(store)).toEqual(['2026-11-23', '2027-02-20', '2027-02-21']);
    await upkeep.onModuleDestroy();
  });

  it('tells once of changed files that cannot be used, and goes on when the store is away', async () => {
    const { store, geo, dayTags } = await newNetworks();
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const upkeep = new NetworkUpkeep(geo, dayTags);
    await upkeep.onModuleInit();
    geo.faults = ['city.mmdb cannot be read (ENOENT).'];
    await jest.advanceTimersByTimeAsync(3 * everyMs);
    expect(error).toHaveBeenCalledTimes(1);
    geo.faults = [];
    store.get = () => Promise.reject(new Error('away'));
    await jest.advanceTimersByTimeAsync(everyMs);
    expect(error).toHaveBeenCalledTimes(2);
    await upkeep.onModuleDestroy();
  });
});
