// Exports: what goes out, in which form, and what never does.
import type { RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore, openedMs } from '@sallyport/testing';
import { exportColumns, exportEvents } from './export.js';
import type { ExportOptions } from './export.js';
import type { Moment } from './moment.js';

/** Three events of two accounts; the first has everything that an event can have. */
async function filled(): Promise<MemoryEventStore> {
  let nowMs = openedMs;
  const store = new MemoryEventStore({ now: () => (nowMs += 1_000) });
  const append = (stream: string, type: string, more: object) => {
    const context = { correlationId: 'c', causationId: 'd', partitionKey: stream.slice(-1) };
    const actor = { kind: 'user' as const };
    const event = { id: 'i', type, schemaVersion: 1, actor, data: {}, ...context, ...more };
    return store.append({ stream, expected: 'any', events: [event], guards: [] });
  };
  const said = { reason: 'a "quoted", reason;\nin two lines' };
  const sealed = { personal: 'sealed-personal', credential: 'sealed-hash' };
  await append('account-a', 'account.opened', { data: said, ...sealed });
  await append('session-b', 'session.started', {});
  await append('session-b', 'session.revoked', {});
  return store;
}

async function exported(options: Partial<ExportOptions> = {}): Promise<string> {
  const { feed } = await filled();
  let text = '';
  let events = 0;
  for await (const piece of exportEvents(feed, { format: 'ndjson', personal: false, ...options })) {
    text += piece.text;
    events += piece.events;
  }
  const lines = options.format === 'csv' ? text.split('\r\n').slice(1) : text.split('\n');
  expect(events).toBe(lines.length - 1);
  return text;
}

const parsed = async (options: Partial<ExportOptions> = {}): Promise<RecordedEvent[]> =>
  (await exported(options)).split('\n').slice(0, -1).map((line) => JSON.parse(line) as RecordedEvent);

const second: Moment = { kind: 'position', position: '2' };
const secondsTime: Moment = { kind: 'instant', instant: '2026-11-02T09:00:02.000Z' };

describe('an export', () => {
  it('never has a credential, and personal data only when it is asked for, as ciphertext', async () => {
    for (const format of ['ndjson', 'csv'] as const) {
      const without = await exported({ format });
      expect(without).not.toMatch(/sealed-|credential|personal/);
      const withPersonal = await exported({ format, personal: true });
      expect(withPersonal).toContain('sealed-personal');
      expect(withPersonal).not.toMatch(/sealed-hash|credential/);
    }
  });

  it('has all other members of an event, as they are', async () => {
    const store = await filled();
    const [event] = store.log.events;
    const { credential: _credential, ...rest } = event as RecordedEvent;
    const [first] = await parsed({ personal: true });
    expect(first).toEqual(rest);
    expect(exportColumns).toEqual(expect.arrayContaining(Object.keys(first ?? {})));
  });

  it('writes CSV with a header, each field quoted', async () => {
    const [header, first] = (await exported({ format: 'csv' })).split('\r\n');
    expect(header).toMatch(/^"position","recordedAt","stream",.*,"previousHash","hash"$/);
    expect(first).toContain('"{""reason"":""a \\""quoted\\"", reason;\\nin two lines""}"');
    expect(first).toMatch(/^"1","2026-11-02T09:00:01.000Z","account-a","0","account.opened",/);
  });

  it.each<[string, Partial<ExportOptions>, number[]]>([
    ['nothing', {}, [1, 2, 3]],
    ['an account', { account: 'b' }, [2, 3]],
    ['a type', { types: ['session.revoked'] }, [3]],
    ['several types', { types: ['session.revoked', 'account.opened'] }, [1, 3]],
    ['the beginning of a type', { types: ['session.'] }, [2, 3]],
    ['a type that only begins so', { types: ['session.start'] }, []],
    ['positions', { from: second, to: second }, [2]],
    ['a time', { from: secondsTime }, [2, 3]],
    ['a time and a type', { to: secondsTime, types: ['session.'] }, [2]],
  ])('filtered by %s has what it should', async (_, options, positions) => {
    expect((await parsed(options)).map(({ position }) => Number(position))).toEqual(positions);
  });
});
