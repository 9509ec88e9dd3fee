// One decision against one stream: what is appended, when it is decided again, which answer is released.
import {
  lookAtTill,
  meanwhile,
  MemoryEventStore,
  runSale,
  Sale,
  saleId,
  salesIn,
  shop,
  sold,
  till,
  tillClock,
} from '@sallyport/testing';
import type { Till } from '@sallyport/testing';
import type { Append, Appended } from './event-store.js';
import { eventId, handleCommand, readVerdict } from './handle-command.js';
import type { Decision, Loaded } from './handle-command.js';
import { StreamQueue } from './stream-queue.js';

describe('a decision with events', () => {
  it('is appended, and then answered with its place', async () => {
    const sale = new Sale(new MemoryEventStore(tillClock));
    const handled = await runSale(sale);
    expect(handled).toMatchObject({ answer: 'sale 1', appended: { revision: 0, position: '1' } });
    expect(sale.log).toEqual(['load', 'decide at -1', 'appended -1 to 0']);
    expect((await sale.store.read(till, 0, 1))[0]?.id).toBe(eventId(sale.id, 0));
  });

  it('is decided again on the stream as stored when the stream has moved', async () => {
    const sale = new Sale(new MemoryEventStore(tillClock));
    sale.cached = await lookAtTill(sale.store);
    await meanwhile(sale.store, till);
    expect((await runSale(sale)).answer).toBe('sale 2');
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'decide at 0', 'appended 0 to 1']);
  });

  it('is decided again when a stream it looked at has moved', async () => {
    const sale = new Sale(new MemoryEventStore(tillClock));
    sale.cached = await lookAtTill(sale.store);
    await meanwhile(sale.store, shop, 'shop.closed');
    expect((await runSale(sale)).answer).toBe('closed');
    expect(await salesIn(sale.store)).toBe(0);
  });

  it('is given up as retryable after eight lost attempts', async () => {
    class Contended extends MemoryEventStore {
      override async append(append: Append): Promise<Appended> {
        if (append.expected !== 'any') await meanwhile(this, till);
        return super.append(append);
      }
    }
    const sale = new Sale(new Contended(tillClock));
    await expect(runSale(sale)).rejects.toMatchObject({
      code: 'conflict_persists',
      details: { stream: till },
    });
    expect(sale.log.filter((line) => line.startsWith('decide'))).toHaveLength(8);
    expect(sale.log.filter((line) => line.startsWith('appended'))).toEqual([]);
  });

  it('lands at any revision, unguarded, when it says so', async () => {
    class Urgent extends Sale {
      override decide(): Decision<string> {
        return { events: [sold], answer: 'done', atAnyRevision: true };
      }
    }
    const sale = new Urgent(new MemoryEventStore(tillClock));
    sale.cached = await lookAtTill(sale.store);
    await meanwhile(sale.store, till);
    await meanwhile(sale.store, shop, 'shop.closed');
    expect(await runSale(sale)).toMatchObject({ answer: 'done', appended: { revision: 1 } });
    expect(sale.log).toEqual(['load', 'appended -1 to 1']);
  });

  it('is refused as unavailable, at once, when the store is away', async () => {
    const store = new MemoryEventStore(tillClock);
    const sale = new Sale(store);
    sale.cached = await lookAtTill(store);
    store.unavailable = true;
    await expect(runSale(sale)).rejects.toMatchObject({ code: 'store_unavailable' });
    store.unavailable = false;
    expect(await salesIn(store)).toBe(0);
  });
});

describe('a verdict without events', () => {
  const closed = async (): Promise<Sale> => {
    const sale = new Sale(new MemoryEventStore(tillClock));
    await meanwhile(sale.store, shop, 'shop.closed');
    return sale;
  };

  it('is released when no head has moved since its load', async () => {
    const sale = await closed();
    expect(await runSale(sale)).toEqual({ answer: 'closed' });
    expect(sale.log).toEqual(['load', 'decide at -1']);
  });

  it.each([till, shop])('is taken again on fresh states when %s has moved', async (stream) => {
    const sale = await closed();
    sale.cached = { ...(await lookAtTill(sale.store)), state: { sales: 0, shopOpen: false } };
    await meanwhile(sale.store, stream);
    expect(await runSale(sale)).toEqual({ answer: 'closed' });
    expect(sale.log.filter((line) => line.startsWith('load'))).toEqual(['load', 'load fresh']);
  });

  it('is taken on heads that were read after it: an answered change is never missed', async () => {
    const sale = await closed();
    const heads: string[][] = [];
    const read = sale.store.heads.bind(sale.store);
    sale.store.heads = (streams) => (heads.push([...streams]), sale.log.push('heads'), read(streams));
    await runSale(sale);
    expect(sale.log).toEqual(['load', 'decide at -1', 'heads']);
    expect(heads).toEqual([[till, shop]]);
  });

  it('is given up as retryable when heads never stand still', async () => {
    const sale = await closed();
    const read = sale.store.heads.bind(sale.store);
    sale.store.heads = async (streams) => (await meanwhile(sale.store, till), read(streams));
    await expect(runSale(sale)).rejects.toMatchObject({ code: 'conflict_persists' });
  });
});

describe('commands on one stream', () => {
  it('run one at a time, so that none conflicts within the process', async () => {
    const store = new MemoryEventStore(tillClock);
    const queue = new StreamQueue();
    const sales = Array.from({ length: 20 }, (_, number) =>
      Object.assign(new Sale(store), { id: saleId(number + 10) }),
    );
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
    const store = new MemoryEventStore(tillClock);
    await meanwhile(store, till);
    expect(await judge(store, () => lookAtTill(store))).toBe(1);
  });

  it('is taken again on fresh states when one has, and given up after eight', async () => {
    const store = new MemoryEventStore(tillClock);
    const stale = await lookAtTill(store);
    await meanwhile(store, till);
    expect(await judge(store, async (fresh) => (fresh ? lookAtTill(store) : stale))).toBe(1);
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
