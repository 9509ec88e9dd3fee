// Encrypted connections: credentials go with each call, and only an authority that was named is trusted.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { initAccess } from '@sallyport/adapter-eventstoredb';
import { exampleAppend, MemoryEventStore, SteppingClock } from '@sallyport/testing';
import { loopbackCertificate } from '../tools/own-certificate.js';
import { EventStoreDouble } from '../tools/eventstore-double/eventstore-double.js';
import { connect, until, type Client } from './under-test.js';

describe('an encrypted connection', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
  const authority = join(directory, 'authority.pem');
  const clock = new SteppingClock();
  const clients: Client[] = [];
  let double: EventStoreDouble;

  beforeAll(async () => {
    const certificate = loopbackCertificate(Date.now());
    writeFileSync(authority, certificate.certificate);
    const store = new MemoryEventStore(clock);
    const onlyFor = 'writer:p@ss:word';
    double = await EventStoreDouble.start({ store, feed: store.feed, certificate, onlyFor });
  });

  afterAll(async () => {
    for (const { feed, connection } of clients) {
      feed.close();
      await connection.close();
    }
    await double.stop();
    rmSync(directory, { recursive: true });
  });

  const urlOf = (user: string, file = authority) => {
    const trusting = file === '' ? '' : `?tlsCAFile=${encodeURIComponent(file)}`;
    return `esdb://${user}@127.0.0.1:${double.port}${trusting}`;
  };
  const clientOf = (url: string) => {
    const client = connect({ url, clock, appendTimeoutMs: 2_000, readTimeoutMs: 2_000 });
    clients.push(client);
    return client;
  };

  it('carries the credentials of the address with appends, reads and subscriptions', async () => {
    const { store, feed } = clientOf(urlOf('writer:p%40ss%3Aword'));
    const { position } = await store.append(exampleAppend('a', -1));
    expect(await store.read('a', 0, 10)).toHaveLength(1);
    expect(await feed.read(null, 10)).toHaveLength(1);
    const waiting = feed.wait(position, 10_000);
    await until(() => double.seen.calls.subscribe > 0 && feed.isLive);
    await store.append(exampleAppend('a', 0));
    expect(await waiting).toBe(true);
    expect(double.seen.calls['batch-append']).toBe(0);
  });

  it('of somebody else is refused, and says so in the health', async () => {
    const { store, connection } = clientOf(urlOf('writer:wrong'));
    await expect(store.append(exampleAppend('b', -1))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(connection.health).toMatchObject({ reachable: false, trouble: 'access_denied' });
    const passwords = { writer: 'w', relay: 'r', auditor: 'a' };
    const plan = { passwords, resetPasswords: false };
    const setUp = initAccess({ url: urlOf('writer:wrong'), clock }, plan);
    await expect(setUp).rejects.toMatchObject({ code: 'access_denied' });
  });

  it('to somebody whose authority was not named sends nothing', async () => {
    const before = double.seen.calls.append;
    const { store } = clientOf(urlOf('writer:p%40ss%3Aword', ''));
    await expect(store.append(exampleAppend('c', -1))).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.heads(['c'])).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(double.seen.calls.append).toBe(before);
  });
});
