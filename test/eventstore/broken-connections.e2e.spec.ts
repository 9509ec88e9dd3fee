// Connections that break under many calls at once neither end the process nor stay open: in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { collect, repositoryRoot } from '@sallyport/testing';

/** Runs in a plain Node process, where a rejection that nobody handles is the end. Prints what it counted. */
const script = `
import { mkdtempSync, rmSync } from 'node:fs';
const from = (path) => import(new URL(path, process.env.BUILT));
const { EventStoreDouble } = await from('test/tools/eventstore-double/eventstore-double.js');
const { EventStoreDbConnection, EventStoreDbEventStore } = await from('libs/adapter-eventstoredb/src/index.js');
const { SqliteEventStore, SqliteFeed } = await from('libs/adapter-sqlite/src/index.js');
const directory = mkdtempSync(process.env.TMP + '/sallyport-broken-');
const clock = { now: () => Date.now() };
const behind = SqliteEventStore.open({ file: directory + '/l.sqlite', clock, synchronous: 'OFF' });
const start = () => EventStoreDouble.start({ store: behind, feed: SqliteFeed.of(behind) });
const nodes = [await start(), await start()];
const hosts = nodes.map(({ port }) => '127.0.0.1:' + port).join();
const url = 'esdb://' + hosts + '?tls=false&maxDiscoverAttempts=1&gossipTimeout=1';
const connection = EventStoreDbConnection.to({ url, clock, appendTimeoutMs: 1000, readTimeoutMs: 1000 });
const store = new EventStoreDbEventStore(connection);
const lead = (leader) => nodes.forEach((node) => (node.leader = { host: '127.0.0.1', port: leader.port }));
const event = (id) => ({ id, type: 'a', schemaVersion: 1, data: {}, correlationId: '', causationId: '',
  partitionKey: '*', actor: { kind: 'system' } });
const append = (stream) =>
  store.append({ stream, expected: 'any', guards: [], events: [event(crypto.randomUUID())] }).catch(() => 0);
for (let round = 0; round < 30; round += 1) {
  const [from_, to] = round % 2 ? nodes : nodes.toReversed();
  for (const on of ['append', 'read']) {
    from_.faults.add(on, { kind: 'not-leader', host: '127.0.0.1', port: to.port }, 3);
    from_.faults.add(on, { kind: 'drop', code: round % 3 ? 'UNAVAILABLE' : 'CANCELLED' }, 3);
  }
  if (round % 5 === 0) for (const node of nodes) node.faults.add('gossip', { kind: 'drop', code: 'INTERNAL' }, 1);
  lead(to);
  await Promise.all(Array.from({ length: 20 }, (_, index) => append('s' + index)));
}
for (const node of nodes) node.faults.clear();
const appended = await append('last');
await new Promise((resolve) => setTimeout(resolve, 500));
const open = nodes[0].connections + nodes[1].connections;
console.log(JSON.stringify({ appended: appended !== 0, open }));
await connection.close();
for (const node of nodes) await node.stop();
await behind.close();
rmSync(directory, { recursive: true });
`;

describe('connections that break under many calls at once', () => {
  it('do not end the process, are not left open, and the next append is made', async () => {
    const built = `file://${join(repositoryRoot(), 'dist')}/`;
    const env = { PATH: process.env['PATH'], BUILT: built, TMP: process.env['TMPDIR'] ?? '/tmp' };
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env });
    const output = collect(child);
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr: output.stderr }).toEqual({ code: 0, stderr: '' });
    const { appended, open } = JSON.parse(output.stdout) as { appended: boolean; open: number };
    expect(appended).toBe(true);
    // One that is in use, and those by which the cluster was asked, which the driver lets go after a while.
    expect(open).toBeLessThanOrEqual(3);
  }, 60_000);
});
