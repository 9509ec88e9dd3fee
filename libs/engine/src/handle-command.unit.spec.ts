// One decision against one stream: what is appended, when it is decided again, and which answer may be released.
import { MemoryEventStore } from '@sallyport/testing';
import { EngineError } from './errors.js';
import type { DomainEvent, EventDraft, RecordedEvent } from './event.js';
import type { Append, Appended } from './event-store.js';
import { eventId, handleCommand, readVerdict } from './handle-command.js';
import type { Command, Decision, Handled, Loaded } from './handle-command.js';
import { StreamQueue } from './stream-queue.js';

/** A till that counts sales while the shop is open. */
interface Till {
  readonly sales: number;
  readonly shopOpen: boolean;
}

const till = 'till-1';
const shop = 'shop-1';
const clock = { now: () => Date.UTC(2026, 10, 2, 9) };
const sold: DomainEvent = { type: 'till.sold', data: {} };
const idOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(10, '0')}00`;

function draft(id: string, type: string): EventDraft {
  const context = { correlationId: 'c', causationId: id, partitionKey: '*', actor: { kind: 'system' as const } };
  return { ...context, id, type, schemaVersion: 1, data: {} };
}

/** Another process: appends to a stream, whatever its revision. */
function meanwhile(store: MemoryEventStore, stream: string, type = 'till.sold'): Promise<Appended> {
  return store.append({ stream, expected: 'any', events: [draft(`other-${store.log.events.length}`, type)], guards: [] });
}

async function look(store: MemoryEventStore): Promise<Loaded<Till>> {
  const [sales, closings] = await Promise.all([store.read(till, 0, 1000), store.read(shop, 0, 1000)]);
  return {
    state: { sales: sales.length, shopOpen: closings.length === 0 },
    revision: sales.length - 1,
    guards: [{ stream: shop, revision: closings.length - 1 }],
  };
}

/** Sells once: the answer is the number of the sale, or `closed`. What happened on the way is in `log`. */
class Sale implements Command<Till, string> {
  readonly log: string[] = [];
  readonly id = idOf(7);
  readonly stream = till;
  /** A state to begin with that may be out of date. */
  cached: Loaded<Till> | undefined;

  constructor(readonly store: MemoryEventStore) {}

  async load(fresh: boolean): Promise<Loaded<Till>> {
    this.log.push(fresh ? 'load fresh' : 'load');
    return (fresh ? undefined : this.cached) ?? look(this.store);
  }

  decide({ sales, shopOpen }: Till, revision: number): Decision<string> {
    this.log.push(`decide at ${revision}`);
    return shopOpen ? { events: [sold], answer: `sale ${sales + 1}` } : { events: [], answer: 'closed' };
  }

  own({ shopOpen }: Till, events: readonly RecordedEvent[]): string {
    this.log.push(`own at ${events.map((event) => event.revision).join()}`);
    return shopOpen ? `sale ${(events[0]?.revision ?? 0) + 1}` : 'closed';
  }

  draft(events: readonly DomainEvent[]): EventDraft[] {
    return events.map(({ type }, index) => draft(eventId(this.id, index), type));
  }

  appended(before: Loaded<Till>, _events: readonly DomainEvent[], { revision }: Appended): void {
    this.log.push(`appended ${before.revision} to ${revision}`);
  }
}

const run = <A>(command: Command<Till, A> & { readonly store: MemoryEventStore }): Promise<Handled<A>> =>
  handleCommand({ store: command.store, queue: new StreamQueue() }, command);
const salesIn = async (store: MemoryEventStore): Promise<number> => (await store.read(till, 0, 1000)).length;

describe('a decision with events', () => {
  it('is appended, and then answered with its place', async () => {
    const sale = new Sale(new MemoryEventStore(clock));
    const handled = await run(sale);
    expect(handled).toMatchObject({ answer: 'sale 1', appended: { revision: 0, position: '1' } });
    expect(sale.log).toEqual(['load', 'decide at -1', 'appended -1 to 0']);
    expect((await sale.store.read(till, 0, 1))[0]?.id).toBe(eventId(sale.id, 0));
  });

  it('is decided again on the stream as stored when the stream has moved', async () => {
    const sale = new Sale(new MemoryEventStore(clock));
    sale.cached = await look(sale.store);
    await meanwhile(sale.store, till);
    expect((await run(sale)).answer).toBe('sale 2');
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'decide at 0', 'appended 0 to 1']);
  });

  it('is decided again when a stream it looked at has moved', async () => {
    const sale = new Sale(new MemoryEventStore(clock));
    sale.cached = await look(sale.store);
    await meanwhile(sale.store, shop, 'shop.closed');
    expect((await run(sale)).answer).toBe('closed');
    expect(await salesIn(sale.store)).toBe(0);
  });

  it('is given up as retryable after eight lost attempts', async () => {
    class Contended extends MemoryEventStore {
      override async append(append: Append): Promise<Appended> {
        if (append.expected !== 'any') await meanwhile(this, till);
        return super.append(append);
      }
    }
    const sale = new Sale(new Contended(clock));
    await expect(run(sale)).rejects.toMatchObject({ code: 'conflict_persists', details: { stream: till } });
    expect(sale.log.filter((line) => line.startsWith('decide'))).toHaveLength(8);
    expect(sale.log.filter((line) => line.startsWith('appended'))).toEqual([]);
  });

  it('lands at any revision, unguarded, when it says so', async () => {
    class Urgent extends Sale {
      override decide(): Decision<string> {
        return { events: [sold], answer: 'done', atAnyRevision: true };
      }
    }
    const sale = new Urgent(new MemoryEventStore(clock));
    sale.cached = await look(sale.store);
    await meanwhile(sale.store, till);
    await meanwhile(sale.store, shop, 'shop.closed');
    expect(await run(sale)).toMatchObject({ answer: 'done', appended: { revision: 1 } });
    expect(sale.log).toEqual(['load', 'appended -1 to 1']);
  });

  it('is refused as unavailable, at once, when the store is away', async () => {
    const store = new MemoryEventStore(clock);
    const sale = new Sale(store);
    sale.cached = await look(store);
    store.unavailable = true;
    await expect(run(sale)).rejects.toMatchObject({ code: 'store_unavailable' });
    store.unavailable = false;
    expect(await salesIn(store)).toBe(0);
  });
});

describe('a verdict without events', () => {
  const closed = async (): Promise<Sale> => {
    const sale = new Sale(new MemoryEventStore(clock));
    await meanwhile(sale.store, shop, 'shop.closed');
    return sale;
  };

  it('is released when no head has moved since its load', async () => {
    const sale = await closed();
    expect(await run(sale)).toEqual({ answer: 'closed' });
    expect(sale.log).toEqual(['load', 'decide at -1']);
  });

  it.each([till, shop])('is taken again on fresh states when %s has moved', async (stream) => {
    const sale = await closed();
    sale.cached = { ...(await look(sale.store)), state: { sales: 0, shopOpen: false } };
    await meanwhile(sale.store, stream);
    expect(await run(sale)).toEqual({ answer: 'closed' });
    expect(sale.log.filter((line) => line.startsWith('load'))).toEqual(['load', 'load fresh']);
  });

  it('is taken on heads that were read after it: an answered change is never missed', async () => {
    const sale = await closed();
    const heads: string[][] = [];
    const read = sale.store.heads.bind(sale.store);
    sale.store.heads = (streams) => (heads.push([...streams]), sale.log.push('heads'), read(streams));
    await run(sale);
    expect(sale.log).toEqual(['load', 'decide at -1', 'heads']);
    expect(heads).toEqual([[till, shop]]);
  });

  it('is given up as retryable when heads never stand still', async () => {
    const sale = await closed();
    const read = sale.store.heads.bind(sale.store);
    sale.store.heads = async (streams) => (await meanwhile(sale.store, till), read(streams));
    await expect(run(sale)).rejects.toMatchObject({ code: 'conflict_persists' });
  });
});

describe('an append whose guard moved after it, on a store that cannot check inside', () => {
  const late = () => new MemoryEventStore(clock, { checksGuardsAfterAppend: true });

  it('keeps its one event, and releases its answer when that still stands', async () => {
    const store = late();
    const sale = new Sale(store);
    store.beforeGuardCheck = () => meanwhile(store, shop, 'shop.opened');
    sale.own = (_till, events) => `sale ${(events[0]?.revision ?? 0) + 1} after all`;
    expect(await run(sale)).toMatchObject({ answer: 'sale 1 after all', appended: { revision: 0, position: '1' } });
    expect(await salesIn(store)).toBe(1);
  });

  it('releases nothing on the old decision when the move forbids it', async () => {
    const store = late();
    const sale = new Sale(store);
    store.beforeGuardCheck = () => meanwhile(store, shop, 'shop.closed');
    expect((await run(sale)).answer).toBe('closed');
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'own at 0']);
    expect(await salesIn(store)).toBe(1);
  });

  it('judges its own event again when the heads moved once more', async () => {
    const store = late();
    const sale = new Sale(store);
    store.beforeGuardCheck = () => meanwhile(store, shop, 'shop.opened');
    const read = store.heads.bind(store);
    let moves = 0;
    store.heads = async (streams) => {
      if (moves++ === 0) await meanwhile(store, shop, 'shop.closed');
      return read(streams);
    };
    expect((await run(sale)).answer).toBe('closed');
    expect(sale.log.filter((line) => line.startsWith('own'))).toEqual(['own at 0', 'own at 0']);
  });
});

describe('an append whose outcome is unknown', () => {
  it('is found in the stream when it was committed, and is not taken for a second use', async () => {
    const store = new MemoryEventStore(clock);
    store.loseAnswer = true;
    const sale = new Sale(store);
    expect(await run(sale)).toMatchObject({ answer: 'sale 1', appended: { revision: 0 } });
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'own at 0']);
    expect(await salesIn(store)).toBe(1);
  });

  it('is found behind what others appended since', async () => {
    const store = new MemoryEventStore(clock);
    const append = store.append.bind(store);
    store.append = async (given) => {
      await append(given);
      store.append = append;
      for (let n = 0; n < 20; n += 1) await meanwhile(store, till);
      throw new EngineError('outcome_unknown', { stream: till });
    };
    expect((await run(new Sale(store))).answer).toBe('sale 1');
    expect(await salesIn(store)).toBe(21);
  });

  it('is decided again when it was not committed', async () => {
    const store = new MemoryEventStore(clock);
    const append = store.append.bind(store);
    store.append = async () => {
      store.append = append;
      throw new EngineError('outcome_unknown', { stream: till });
    };
    expect((await run(new Sale(store))).answer).toBe('sale 1');
    expect(await salesIn(store)).toBe(1);
  });

  it('is still its own when it lands only after it was decided again', async () => {
    const store = new MemoryEventStore(clock);
    const append = store.append.bind(store);
    store.append = async (lost) => {
      store.append = async (second) => {
        store.append = append;
        await append(lost);
        return append(second);
      };
      throw new EngineError('outcome_unknown', { stream: till });
    };
    const sale = new Sale(store);
    expect((await run(sale)).answer).toBe('sale 1');
    expect(sale.log.at(-1)).toBe('own at 0');
    expect(await salesIn(store)).toBe(1);
  });

  it('hands all events of the command to `own`, in order', async () => {
    class Double extends Sale {
      override decide(): Decision<string> {
        return { events: [sold, sold], answer: 'two' };
      }
    }
    const store = new MemoryEventStore(clock);
    store.loseAnswer = true;
    const sale = new Double(store);
    await meanwhile(store, till).catch(() => undefined);
    await run(sale);
    expect(sale.log.at(-1)).toBe('own at 1,2');
  });
});

describe('commands on one stream', () => {
  it('run one at a time, so that none conflicts within the process', async () => {
    const store = new MemoryEventStore(clock);
    const queue = new StreamQueue();
    const sales = Array.from({ length: 20 }, (_, number) => Object.assign(new Sale(store), { id: idOf(number + 10) }));
    const answers = await Promise.all(sales.map((sale) => handleCommand({ store, queue }, sale)));
    expect(answers.map(({ answer }) => answer)).toEqual(sales.map((_, number) => `sale ${number + 1}`));
    expect(sales.flatMap((sale) => sale.log)).not.toContain('load fresh');
    expect(queue.depth).toBe(0);
  });
});

describe('a verdict on a plain read', () => {
  const judge = (store: MemoryEventStore, loads: (fresh: boolean) => Promise<Loaded<Till>>) =>
    readVerdict(store, { stream: till, load: loads, judge: ({ sales }) => sales });

  it('stands when no head has moved, and waits for no queue', async () => {
    const store = new MemoryEventStore(clock);
    await meanwhile(store, till);
    expect(await judge(store, () => look(store))).toBe(1);
  });

  it('is taken again on fresh states when one has, and given up after eight', async () => {
    const store = new MemoryEventStore(clock);
    const stale = await look(store);
    await meanwhile(store, till);
    expect(await judge(store, async (fresh) => (fresh ? look(store) : stale))).toBe(1);
    await expect(judge(store, async () => stale)).rejects.toMatchObject({ code: 'conflict_persists' });
  });
});

describe('the id of an event', () => {
  it('is the id of its command with the index in the last byte: a UUID still', () => {
    const command = '3f2b1c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d';
    expect(eventId(command, 0)).toBe('3f2b1c4d-5e6f-4a7b-8c9d-0e1f2a3b4c00');
    expect(eventId(command, 255)).toBe('3f2b1c4d-5e6f-4a7b-8c9d-0e1f2a3b4cff');
    const all = new Set(Array.from({ length: 256 }, (_, index) => eventId(command, index)));
    expect(all.size).toBe(256);
  });
});
