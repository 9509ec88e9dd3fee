// What a change of the leader means to those who call: it is followed, and nothing is made twice.
import { exampleAppend, exampleDraft } from '@sallyport/testing';
import { connect, hereAt, twoNodes } from './under-test.js';

const quick = { appendTimeoutMs: 1_000, readTimeoutMs: 1_000, feedTimeoutMs: 1_000 };

describe('a change of the leader', () => {
  it(
    'is followed: the append is sent once more, to the leader that was named, and is there once',
    twoNodes(async ({ store, follower, leader, behind }) => {
      follower.faults.add('append', { kind: 'not-leader', ...hereAt(leader) }, 1);
      expect(await store.append(exampleAppend('a', -1))).toMatchObject({ revision: 0 });
      expect([follower.seen.calls.append, leader.seen.calls.append]).toEqual([1, 1]);
      expect(await behind.heads(['sallyport.a'])).toEqual([0]);
    }),
  );

  it(
    'that goes on refuses the append as certainly not made, after one more try',
    twoNodes(async ({ store, follower, leader }) => {
      for (const node of [follower, leader])
        node.faults.add('append', { kind: 'not-leader', ...hereAt(leader) });
      await expect(store.append(exampleAppend('a', -1))).rejects.toMatchObject({ code: 'store_unavailable' });
      expect([follower.seen.calls.append, leader.seen.calls.append]).toEqual([1, 1]);
    }),
  );

  it(
    'is followed by reads as well',
    twoNodes(async ({ store, follower, leader }) => {
      await store.append(exampleAppend('a', -1));
      follower.faults.add('read', { kind: 'not-leader', ...hereAt(leader) }, 1);
      expect(await store.read('a', 0, 10)).toHaveLength(1);
      expect(leader.seen.calls.read).toBe(1);
    }),
  );

  it(
    'is found by asking the cluster, also when nobody answered the question at first',
    twoNodes(async ({ follower, leader, clock }) => {
      follower.leader = hereAt(leader);
      follower.faults.add('gossip', { kind: 'drop', code: 'INTERNAL' }, 2);
      const options = 'tls=false&maxDiscoverAttempts=1&gossipTimeout=1';
      const url = `esdb+discover://127.0.0.1:${follower.port}?${options}`;
      const { store, connection } = connect({ url, clock, ...quick });
      await expect(store.append(exampleAppend('a', -1))).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.heads(['a'])).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await store.append(exampleAppend('a', -1))).toMatchObject({ revision: 0 });
      expect(leader.seen.calls.append).toBe(1);
      expect(connection.rebuilds).toBe(2);
      await connection.close();
    }),
  );

  it(
    'makes nothing twice: own events are recognised before the append is sent again',
    twoNodes(async ({ store, follower, leader, behind }) => {
      const events = [exampleDraft(), exampleDraft()];
      follower.faults.add('append', { kind: 'not-leader-after-commit', ...hereAt(leader) }, 1);
      const appended = await store.append(exampleAppend('a', 'any', { events }));
      expect(appended.revision).toBe(1);
      const stored = await behind.read('sallyport.a', 0, 10);
      expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
      expect(leader.seen.calls.append).toBe(0);
    }),
  );
});
