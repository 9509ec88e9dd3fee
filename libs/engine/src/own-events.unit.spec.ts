// After an append that may or may not exist: a command knows its own events, and releases nothing twice.
import {
  meanwhile,
  MemoryEventStore,
  runSale,
  Sale,
  salesIn,
  shop,
  sold,
  till,
  tillClock,
} from '@sallyport/testing';
import type { Till } from '@sallyport/testing';
import { EngineError } from './errors.js';
import type { Decision, Loaded } from './handle-command.js';

describe('an append whose guard moved after it, on a store that cannot check inside', () => {
  const late = () => new MemoryEventStore(tillClock, { checksGuardsAfterAppend: true });

  it('keeps its one event, and releases its answer when that still stands', async () => {
    const store = late();
    const sale = new Sale(store);
    store.beforeGuardCheck = () => meanwhile(store, shop, 'shop.opened');
    sale.own = (_till, events) => `sale ${(events[0]?.revision ?? 0) + 1} after all`;
    expect(await runSale(sale)).toMatchObject({
      answer: 'sale 1 after all',
      appended: { revision: 0, position: '1' },
    });
    expect(await salesIn(store)).toBe(1);
  });

  it('releases nothing on the old decision when the move forbids it', async () => {
    const store = late();
    const sale = new Sale(store);
    store.beforeGuardCheck = () => meanwhile(store, shop, 'shop.closed');
    expect((await runSale(sale)).answer).toBe('closed');
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
    expect((await runSale(sale)).answer).toBe('closed');
    expect(sale.log.filter((line) => line.startsWith('own'))).toEqual(['own at 0', 'own at 0']);
  });
});

describe('an append whose guard had moved, on a store that checks inside', () => {
  it('is decided again at once: what was certainly not appended is not looked for', async () => {
    const store = new MemoryEventStore(tillClock);
    const append = store.append.bind(store);
    store.append = async (given) => {
      store.append = append;
      await meanwhile(store, shop, 'shop.closed');
      return append(given);
    };
    store.readBack = () => Promise.reject(new Error('looked for'));
    const sale = new Sale(store);
    expect((await runSale(sale)).answer).toBe('closed');
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'decide at -1']);
  });
});

describe('an append whose outcome is unknown', () => {
  it('is found in the stream when it was committed, and is not taken for a second use', async () => {
    const store = new MemoryEventStore(tillClock);
    store.loseAnswer = true;
    const sale = new Sale(store);
    expect(await runSale(sale)).toMatchObject({ answer: 'sale 1', appended: { revision: 0 } });
    expect(sale.log).toEqual(['load', 'decide at -1', 'load fresh', 'own at 0']);
    expect(await salesIn(store)).toBe(1);
  });

  it('is found behind what others appended since', async () => {
    const store = new MemoryEventStore(tillClock);
    const append = store.append.bind(store);
    store.append = async (given) => {
      await append(given);
      store.append = append;
      for (let n = 0; n < 20; n += 1) await meanwhile(store, till);
      throw new EngineError('outcome_unknown', { stream: till });
    };
    expect((await runSale(new Sale(store))).answer).toBe('sale 1');
    expect(await salesIn(store)).toBe(21);
  });

  it('is decided again when it was not committed', async () => {
    const store = new MemoryEventStore(tillClock);
    const append = store.append.bind(store);
    store.append = async () => {
      store.append = append;
      throw new EngineError('outcome_unknown', { stream: till });
    };
    expect((await runSale(new Sale(store))).answer).toBe('sale 1');
    expect(await salesIn(store)).toBe(1);
  });

  it('is still its own when it lands only after it was decided again', async () => {
    const store = new MemoryEventStore(tillClock);
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
    expect((await runSale(sale)).answer).toBe('sale 1');
    expect(sale.log.at(-1)).toBe('own at 0');
    expect(await salesIn(store)).toBe(1);
  });

  it('is found by a fact that lands at any revision, wherever the heads stand', async () => {
    class Urgent extends Sale {
      override async load(): Promise<Loaded<Till>> {
        this.log.push('load');
        return { state: { sales: 0, shopOpen: true }, revision: -1, guards: [] };
      }
      override decide(): Decision<string> {
        return { events: [sold], answer: 'done', atAnyRevision: true };
      }
    }
    const store = new MemoryEventStore(tillClock);
    await meanwhile(store, till);
    store.loseAnswer = true;
    expect(await runSale(new Urgent(store))).toMatchObject({ appended: { revision: 1 } });
    expect(await salesIn(store)).toBe(2);
  });

  it('hands all events of the command to `own`, in order', async () => {
    class Double extends Sale {
      override decide(): Decision<string> {
        return { events: [sold, sold], answer: 'two' };
      }
    }
    const store = new MemoryEventStore(tillClock);
    store.loseAnswer = true;
    const sale = new Double(store);
    await meanwhile(store, till).catch(() => undefined);
    await runSale(sale);
    expect(sale.log.at(-1)).toBe('own at 1,2');
  });
});
