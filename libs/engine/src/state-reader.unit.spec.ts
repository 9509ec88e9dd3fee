// States of streams: read back to the last event that carries one, folded from there, and cached within
// bounds.
import { MemoryEventStore } from '@sallyport/testing';
import type { EventDraft, JsonObject } from './event.js';
import { StateReader } from './state-reader.js';
import type { FoldedEvent, StreamType } from './state-reader.js';

/** A meter: `read` events carry the total, `ticked` ones add one and carry nothing. */
interface Meter {
  readonly total: number;
}

const folded: number[] = [];
const meter: StreamType<Meter> = {
  initial: { total: 0 },
  evolve: (state, event, revision) => {
    folded.push(revision);
    if (event.type === 'meter.read') return { total: (event.data as Meter).total };
    if (event.type === 'meter.ticked') return { total: state.total + 1 };
    throw new Error(`unknown meter event ${event.type}`);
  },
  carried: ({ type, data }) => {
    const { total, v } = data as { total?: number; v?: number };
    return type === 'meter.read' && total !== undefined && v !== 0 ? { total } : undefined;
  },
  size: () => 100,
};

const clock = { now: () => Date.UTC(2026, 10, 2, 9) };
const tick: FoldedEvent = { type: 'meter.ticked', data: {} };
const reading = (total: number): FoldedEvent => ({ type: 'meter.read', data: { total } });

class CountingStore extends MemoryEventStore {
  reads = 0;

  override readBack(
    stream: string,
    limit: number,
    maxRevision?: number,
  ): ReturnType<MemoryEventStore['readBack']> {
    this.reads += 1;
    return super.readBack(stream, limit, maxRevision);
  }

  async add(stream: string, ...events: readonly FoldedEvent[]): Promise<void> {
    const drafts = events.map(({ type, data }, index): EventDraft => {
      const context = {
        correlationId: 'c',
        causationId: 'c',
        partitionKey: '*',
        actor: { kind: 'system' as const },
      };
      return {
        ...context,
        id: `${this.log.events.length}-${index}`,
        type,
        schemaVersion: 1,
        data: data as JsonObject,
      };
    });
    await this.append({ stream, expected: 'any', events: drafts, guards: [] });
  }
}

function readerOf(maxBytes = 10_000): { readonly store: CountingStore; readonly reader: StateReader<Meter> } {
  const store = new CountingStore(clock);
  folded.length = 0;
  return { store, reader: new StateReader(store, meter, maxBytes) };
}

describe('reading a state from the store', () => {
  it('gives the initial state, at revision -1, for a stream without events', async () => {
    const { reader } = readerOf();
    expect(await reader.fetch('m')).toEqual({ stream: 'm', revision: -1, state: { total: 0 } });
  });

  it('takes the state that the last event carries, and folds nothing', async () => {
    const { store, reader } = readerOf();
    await store.add('m', tick, tick, reading(40));
    expect(await reader.load('m')).toEqual({ stream: 'm', revision: 2, state: { total: 40 } });
    expect(folded).toEqual([]);
    expect(store.reads).toBe(1);
  });

  it('folds what carries no state on top of the last that does', async () => {
    const { store, reader } = readerOf();
    await store.add('m', reading(40), tick);
    expect(await reader.load('m')).toMatchObject({ revision: 1, state: { total: 41 } });
    expect(folded).toEqual([1]);
  });

  it.each([1, 2, 3, 17, 18, 19, 40])('reads back over %i events that carry none', async (count) => {
    const { store, reader } = readerOf();
    await store.add('m', tick, reading(40), ...Array.from({ length: count }, () => tick));
    expect(await reader.fetch('m')).toMatchObject({ revision: count + 1, state: { total: 40 + count } });
    expect(folded).toEqual(Array.from({ length: count }, (_, index) => index + 2));
  });

  it.each([1, 2, 3, 18, 35])(
    'folds the whole history of %i events when none carries a state',
    async (count) => {
      const { store, reader } = readerOf();
      await store.add('m', ...Array.from({ length: count }, () => tick));
      expect(await reader.fetch('m')).toMatchObject({ revision: count - 1, state: { total: count } });
    },
  );

  it('passes over a state of another version', async () => {
    const { store, reader } = readerOf();
    await store.add('m', tick, { type: 'meter.read', data: { total: 9, v: 0 } }, tick);
    expect(await reader.fetch('m')).toMatchObject({ revision: 2, state: { total: 10 } });
    expect(folded).toEqual([0, 1, 2]);
  });

  it('throws on an event it cannot fold', async () => {
    const { store, reader } = readerOf();
    await store.add('m', reading(1), { type: 'meter.broken', data: {} });
    await expect(reader.fetch('m')).rejects.toThrow('unknown meter event meter.broken');
  });
});

describe('the cache of states', () => {
  it('answers a second load without the store, and a fetch with it', async () => {
    const { store, reader } = readerOf();
    await store.add('m', reading(1));
    await reader.load('m');
    await store.add('m', reading(2));
    expect(await reader.load('m')).toMatchObject({ revision: 0, state: { total: 1 } });
    expect(store.reads).toBe(1);
    expect(await reader.fetch('m')).toMatchObject({ revision: 1, state: { total: 2 } });
    expect(reader.peek('m')).toMatchObject({ revision: 1 });
  });

  it('takes note of appended events, those that carry a state and those that do not', async () => {
    const { store, reader } = readerOf();
    const empty = await reader.load('m');
    const read = reader.applied(empty, [reading(5), tick]);
    expect(read).toEqual({ stream: 'm', revision: 1, state: { total: 6 } });
    expect(await reader.load('m')).toBe(read);
    expect(store.reads).toBe(1);
  });

  it('never goes back to an older state that was read late', async () => {
    const { store, reader } = readerOf();
    await store.add('m', reading(1));
    const older = await reader.fetch('m');
    await store.add('m', reading(2));
    const newer = await reader.fetch('m');
    reader.applied({ ...older, revision: -1 }, [reading(1)]);
    expect(reader.peek('m')).toBe(newer);
  });

  it('forgets', async () => {
    const { store, reader } = readerOf();
    await store.add('m', reading(1));
    await reader.load('m');
    reader.forget('m');
    reader.forget('unknown');
    expect(reader.peek('m')).toBeUndefined();
    await reader.load('m');
    expect(store.reads).toBe(2);
  });

  it('stays within its bytes by dropping what was used least recently', async () => {
    const { reader } = readerOf(300);
    for (const stream of ['a', 'b', 'c']) await reader.load(stream);
    reader.peek('a');
    await reader.load('d');
    expect(['a', 'b', 'c', 'd'].filter((stream) => reader.peek(stream) !== undefined)).toEqual([
      'a',
      'c',
      'd',
    ]);
  });

  it('counts a state once, however often it is replaced, and none that was forgotten', async () => {
    const { reader } = readerOf(200);
    for (let n = 0; n < 10; n += 1) {
      await reader.fetch('a');
      await reader.fetch('b');
      reader.forget('b');
    }
    await reader.fetch('b');
    expect(reader.peek('a')).toBeDefined();
    expect(reader.peek('b')).toBeDefined();
  });

  it('keeps nothing that is larger than all of it', async () => {
    const { reader } = readerOf(99);
    expect(await reader.load('m')).toMatchObject({ revision: -1 });
    expect(reader.peek('m')).toBeUndefined();
  });
});
