// `npm run eventstore:init`: users and access are made once, kept as they are, and mistakes are said clearly.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtApp, collect, MemoryEventStore, SteppingClock } from '@sallyport/testing';
import { EventStoreDouble } from '../tools/eventstore-double/eventstore-double.js';

const passwords = {
  SALLYPORT_EVENTSTORE_WRITER_PASSWORD: 'writer-secret-1',
  SALLYPORT_EVENTSTORE_RELAY_PASSWORD: 'relay-secret-22',
  SALLYPORT_EVENTSTORE_AUDITOR_PASSWORD: 'auditor-secret-3',
};

describe('setting up the event store', () => {
  let double: EventStoreDouble;

  beforeEach(async () => {
    const store = new MemoryEventStore(new SteppingClock());
    double = await EventStoreDouble.start({ store, feed: store.feed });
  });
  afterEach(() => double.stop());

  async function init(words: string[] = [], environment: Record<string, string> = passwords) {
    const env = { PATH: process.env['PATH'], SALLYPORT_EVENTSTORE_ADMIN_URL: double.url, ...environment };
    const child = spawn(process.execPath, [builtApp('eventstore-init'), ...words], { env });
    const output = collect(child);
    const [code] = (await once(child, 'close')) as [number];
    return { code, ...output };
  }

  const lastOf = async (stream: string) => {
    const [event] = await double.log.readStream(stream, { from: undefined, count: 1, back: true });
    return JSON.parse(Buffer.from(event?.data ?? []).toString('utf8')) as Record<string, unknown>;
  };

  it('makes users for writer, relay and auditor, and lets nobody else in', async () => {
    const { code, stdout } = await init();
    expect(code).toBe(0);
    expect(stdout.split('\n').filter((line) => line.startsWith('made'))).toHaveLength(5);
    expect([...double.users.keys()]).toEqual(['sallyport-writer', 'sallyport-relay', 'sallyport-auditor']);
    expect([...double.users.values()].map(({ password }) => password)).toEqual(Object.values(passwords));
    expect([...double.users.values()].flatMap(({ groups }) => groups)).toEqual([]);
    const all = ['$admins', 'sallyport-writer', 'sallyport-relay', 'sallyport-auditor'];
    expect(await lastOf('$settings')).toMatchObject({
      $userStreamAcl: { $r: all, $w: ['$admins', 'sallyport-writer'], $d: '$admins', $mw: '$admins' },
      $systemStreamAcl: { $r: '$admins', $w: '$admins' },
    });
    expect(await lastOf('$$$all')).toEqual({ $acl: { $r: all } });
  });

  it('changes nothing the second time, and what others have set stays', async () => {
    await init();
    const events = (await double.log.readAll(undefined, 100)).length;
    const other = { ...passwords, SALLYPORT_EVENTSTORE_RELAY_PASSWORD: 'another-secret' };
    const again = await init(['--json'], other);
    expect(again.code).toBe(0);
    const { steps } = JSON.parse(again.stdout) as { steps: { outcome: string }[] };
    expect(steps.map(({ outcome }) => outcome)).toEqual(Array<string>(5).fill('unchanged'));
    expect((await double.log.readAll(undefined, 100)).length).toBe(events);
    expect(double.users.get('sallyport-relay')?.password).toBe('relay-secret-22');
    const theirs = { $acl: { $mr: 'ops', $r: 'ops' }, kept: true };
    const data = Buffer.from(JSON.stringify(theirs));
    const event = { id: '00000000-0000-4000-8000-000000000001', type: '$metadata', isJson: true, data };
    await double.log.append('$$$all', 'any', [{ ...event, metadata: Buffer.from('') }]);
    expect((await init()).stdout).toMatch(/changed +access to \$all/);
    expect(await lastOf('$$$all')).toMatchObject({ kept: true, $acl: { $mr: 'ops' } });
  });

  it('sets the passwords of users that are there when it is told to', async () => {
    await init();
    const SALLYPORT_EVENTSTORE_RELAY_PASSWORD = 'another-secret';
    await init(['--reset-passwords'], { ...passwords, SALLYPORT_EVENTSTORE_RELAY_PASSWORD });
    expect(double.users.get('sallyport-relay')?.password).toBe('another-secret');
  });

  it('says all that is missing or wrong at once, and what it would do', async () => {
    const nothing = await init([], { SALLYPORT_EVENTSTORE_WRITER_PASSWORD: 'short' });
    expect(nothing.code).toBe(2);
    expect(nothing.stderr).toMatch(/WRITER_PASSWORD needs 12 characters/);
    expect(nothing.stderr).toMatch(/RELAY_PASSWORD is not set\n.*AUDITOR_PASSWORD is not set/);
    const same = { ...passwords, SALLYPORT_EVENTSTORE_RELAY_PASSWORD: 'writer-secret-1' };
    expect((await init([], same)).stderr).toMatch(/must differ/);
    expect((await init(['--wrong'])).code).toBe(2);
    const help = await init(['--help'], {});
    expect(help).toMatchObject({ code: 0, stdout: expect.stringMatching(/SALLYPORT_EVENTSTORE_ADMIN_URL/) });
  });

  it('says that it was refused, or that nobody answers, without a password in the words', async () => {
    double.faults.add('users', { kind: 'access-denied' });
    const refused = await init();
    expect(refused).toMatchObject({ code: 3, stderr: expect.stringMatching(/must be in \$admins/) });
    const SALLYPORT_EVENTSTORE_ADMIN_URL = 'esdb://admin:changeit@127.0.0.1:1?tls=true';
    const away = await init([], { ...passwords, SALLYPORT_EVENTSTORE_ADMIN_URL });
    const unavailable = expect.stringMatching(/cannot be reached \(unavailable\)/);
    expect(away).toMatchObject({ code: 3, stderr: unavailable });
    const inClear = { ...passwords, SALLYPORT_EVENTSTORE_ADMIN_URL: 'esdb://admin:changeit@a?tls=false' };
    expect((await init([], inClear)).stderr).toMatch(/never sent over tls=false/);
    for (const { stdout, stderr } of [refused, away]) expect(stdout + stderr).not.toMatch(/secret|changeit/);
  });
});
