// Moments: which texts name one, and which events a walk up to one passes.
import { EngineError } from '@sallyport/engine';
import type { RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore, openedMs } from '@sallyport/testing';
import fc from 'fast-check';
import { parseMoment, walk } from './moment.js';
import type { Moment, Walk } from './moment.js';

describe('a moment', () => {
  it.each([
    ['0', { kind: 'position', position: '0' }],
    ['0042', { kind: 'position', position: '42' }],
    ['2026-11-22', { kind: 'instant', instant: '2026-11-22T00:00:00.000Z' }],
    ['2026-11-22T12:00Z', { kind: 'instant', instant: '2026-11-22T12:00:00.000Z' }],
    ['2026-11-22T12:00:00.5Z', { kind: 'instant', instant: '2026-11-22T12:00:00.500Z' }],
    ['2026-11-22T12:00:00+01:00', { kind: 'instant', instant: '2026-11-22T11:00:00.000Z' }],
  ])('is named by %s', (text, moment) => expect(parseMoment(text)).toEqual(moment));

  it.each([
    '',
    '-1',
    '1.5',
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-11-22T12:00:00',
    '2026-11-22 12:00Z',
  ])('is not named by "%s"', (text) => expect(parseMoment(text)).toBeUndefined());
});

/** A store whose events were recorded at these times, one event a time. */
async function recordedAt(times: readonly number[]): Promise<MemoryEventStore> {
  const store = new MemoryEventStore({ now: () => 0 });
  for (const time of times) {
    const actor = { kind: 'system' as const };
    const context = { correlationId: 'c', causationId: 'c', partitionKey: '*', actor };
    const draft = { id: String(time), type: 'example.happened', schemaVersion: 1, data: {}, ...context };
    await store.append({ stream: 's', expected: 'any', events: [draft], guards: [] });
    // A store whose clock went back, as none of ours does.
    Object.assign(store.log.events.at(-1) as RecordedEvent, { recordedAt: iso(time) });
  }
  return store;
}

const iso = (time: number): string => new Date(openedMs + time).toISOString();

async function positions(store: MemoryEventStore, way: Walk): Promise<number[]> {
  const passed: number[] = [];
  for await (const page of walk(store.feed, way)) {
    passed.push(...page.map(({ position }) => Number(position)));
  }
  return passed;
}

describe('a walk', () => {
  it('ends at the last position whose running maximum of times is not after the instant', async () => {
    const times = fc.array(fc.nat(20), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(times, fc.nat(21), async (at, instant) => {
        const store = await recordedAt(at);
        const maximum = at.map((_, index) => Math.max(...at.slice(0, index + 1)));
        const last = maximum.filter((time) => time <= instant).length;
        const to: Moment = { kind: 'instant', instant: iso(instant) };
        expect(await positions(store, { to })).toEqual(Array.from({ length: last }, (_, index) => index + 1));
      }),
    );
  });

  it('begins with the first event recorded at the instant or later', async () => {
    const store = await recordedAt([1, 3, 3, 2, 5]);
    const from = (time: number): Walk => ({ from: { kind: 'instant', instant: iso(time) } });
    expect(await positions(store, from(0))).toEqual([1, 2, 3, 4, 5]);
    expect(await positions(store, from(3))).toEqual([2, 3, 4, 5]);
    expect(await positions(store, from(6))).toEqual([]);
  });

  it('passes the positions that it names, both ends included', async () => {
    const store = await recordedAt([1, 2, 3, 4]);
    const between = (from: string, to: string): Walk => ({
      from: { kind: 'position', position: from },
      to: { kind: 'position', position: to },
    });
    expect(await positions(store, between('2', '3'))).toEqual([2, 3]);
    expect(await positions(store, between('0', '9'))).toEqual([1, 2, 3, 4]);
    expect(await positions(store, between('1', '0'))).toEqual([]);
  });

  it('ends where the store ended when it began, whatever is appended meanwhile', async () => {
    const store = await recordedAt(Array.from({ length: 1_500 }, (_, time) => time));
    let seen = 0;
    for await (const page of walk(store.feed, {})) {
      seen += page.length;
      const more = await recordedAt([1]);
      store.log.events.push({ ...(more.log.events[0] as RecordedEvent), position: '1501' });
    }
    expect(seen).toBe(1_500);
  });

  it('says after which position an event cannot be read, and has passed all before it', async () => {
    const store = await recordedAt(Array.from({ length: 1_500 }, (_, time) => time));
    const { feed } = store;
    const damaged = Object.assign(Object.create(feed) as typeof feed, {
      read: async (after: string | null, limit: number) => {
        if (Number(after ?? 0) + limit > 1_321) throw new EngineError('store_damaged');
        return feed.read(after, limit);
      },
    });
    let last = '';
    const passing = async () => {
      for await (const page of walk(damaged, {})) last = page.at(-1)?.position ?? last;
    };
    await expect(passing()).rejects.toMatchObject({
      code: 'event_unreadable',
      message: 'The event after position 1321 cannot be read.',
    });
    expect(last).toBe('1321');
  });
});
