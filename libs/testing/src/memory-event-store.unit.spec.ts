// The event store in memory keeps the contracts, and its faults do what they say.
import type { Clock } from '@sallyport/engine';
import { describeEventStoreContract } from './event-store-contract.js';
import { describeFeedContract } from './feed-contract.js';
import { MemoryEventStore, type MemoryEventStoreOptions } from './memory-event-store.js';
import { exampleAppend, exampleDraft, SteppingClock, type StoreUnderTest } from './store-under-test.js';

function under(clock: Clock, options: MemoryEventStoreOptions): StoreUnderTest {
  const store = new MemoryEventStore(clock, options);
  const close = async () => {
    store.unavailable = true;
  };
  const reopen = async () => {
    await close();
    return under(clock, { ...options, log: store.log });
  };
  return { store, feed: store.feed, reopen, close };
}

describeEventStoreContract('MemoryEventStore', async (clock) => under(clock, {}));
describeFeedContract('MemoryEventStore', async (clock) => under(clock, {}));
describeEventStoreContract('MemoryEventStore that checks guards after the append', async (clock) =>
  under(clock, { checksGuardsAfterAppend: true }),
);

describe('MemoryEventStore with faults switched on', () => {
  it('rejects with guard_moved an append that is there when its guard moves before the check', async () => {
    const store = new MemoryEventStore(new SteppingClock(), { checksGuardsAfterAppend: true });
    await store.append(exampleAppend('guard', -1));
    store.beforeGuardCheck = () => store.append(exampleAppend('guard', 0));
    const append = store.append(exampleAppend('a', -1, { guards: [{ stream: 'guard', revision: 0 }] }));
    await expect(append).rejects.toMatchObject({ code: 'guard_moved', details: { actual: 1 } });
    expect(await store.heads(['a', 'guard'])).toEqual([0, 1]);
  });

  it('loses the answer of an append that is there', async () => {
    const store = new MemoryEventStore(new SteppingClock());
    store.loseAnswer = true;
    const draft = exampleDraft();
    await expect(store.append(exampleAppend('a', -1, { events: [draft] }))).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    expect((await store.read('a', 0, 10)).map((event) => event.id)).toEqual([draft.id]);
  });

  it('is away for reads and writes alike, and appends nothing then', async () => {
    const store = new MemoryEventStore(new SteppingClock());
    store.unavailable = true;
    const away = { code: 'store_unavailable' };
    await expect(store.append(exampleAppend('a', -1))).rejects.toMatchObject(away);
    await expect(store.readBack('a', 1)).rejects.toMatchObject(away);
    await expect(store.feed.read(null, 1)).rejects.toMatchObject(away);
    store.unavailable = false;
    expect(await store.heads(['a'])).toEqual([-1]);
  });
});
