// Calls that outlive their client do not end the process: shown in a process of its own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { collect, repositoryRoot } from '@sallyport/testing';

/** Runs in a plain Node process, where a rejection that nobody handles is the end. Prints what it counted. */
const script = `
import { mkdtempSync, rmSync } from 'node:fs';
const from = (path) => import(new URL(path, process.env.BUILT));
const { EventStoreDouble } = await from('test/tools/eventstore-double/eventstore-double.js');
const adapter = await from('libs/adapter-eventstoredb/src/index.js');
const { EventStoreDbConnection, EventStoreDbEventStore } = adapter;
const { SqliteEventStore, SqliteFeed } = await from('libs/adapter-sqlite/src/index.js');
const directory = mkdtempSync(process.env.TMP + '/sallyport-broken-');
const clock = { now: () => Date.now() };
const behind = SqliteEventStore.open({ file: directory + '/l.sqlite', clock, synchronous: 'OFF' });
const start = () => EventStoreDouble.start({ store: behind, feed: SqliteFeed.of(behind) });
const node = await start();
const url = 'esdb+discover://127.0.0.1:' + node.port + '?tls=false&maxDiscoverAttempts=3&gossipTimeout=1';
const connection = EventStoreDbConnection.to({ url, clock, appendTimeoutMs: 200, readTimeoutMs: 1000 });
const store = new EventStoreDbEventStore(connection);
const event = () => ({ id: crypto.randomUUID(), type: 'a', schemaVersion: 1, data: {}, correlationId: '',
  causationId: '', partitionKey: '*', actor: { kind: 'system' } });
const append = (stream) => store
  .append({ stream, expected: 'any', guards: [], events: [event()] })
  .then(() => 'made', ({ code }) => code);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const codes = [];
for (let tries = 0; codes.at(-1) !== 'made' && tries < 20; tries += 1) codes.push(await append('first'));
node.faults.add('append', { kind: 'drop', code: 'UNAVAILABLE' }, 1);
codes.push(await append('dropped'));
await pause(50);
// Nobody says who leads until these have given up and their client was replaced.
node.faults.add('gossip', { kind: 'silent' }, 1);
codes.push(...(await Promise.all(Array.from({ length: 5 }, (_, index) => append('late-' + index)))));
await pause(2500);
for (let tries = 0; codes.at(-1) !== 'made' && tries < 20; tries += 1) codes.push(await append('last'));
console.log(JSON.stringify({ codes, rebuilds: connection.rebuilds, open: node.connections }));
await connection.close();
await node.stop();
await behind.close();
rmSync(directory, { recursive: true });
`;

describe('a client that is replaced while its calls still wait for a connection', () => {
  it('does not end the process when the connection comes, and the next append is made', async () => {
    const built = `file://${join(repositoryRoot(), 'dist')}/`;
    const env = { PATH: process.env['PATH'], BUILT: built, TMP: process.env['TMPDIR'] ?? '/tmp' };
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { env });
    const output = collect(child);
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, stderr: output.stderr }).toEqual({ code: 0, stderr: '' });
    const found = JSON.parse(output.stdout) as { codes: string[]; rebuilds: number };
    expect(found.codes.at(-1)).toBe('made');
    expect(found.codes.filter((one) => one === 'outcome_unknown').length).toBeGreaterThanOrEqual(6);
    expect(found.rebuilds).toBeGreaterThan(0);
  }, 60_000);
});
