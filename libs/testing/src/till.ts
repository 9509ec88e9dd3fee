// A till as the example of a command: it counts sales while the shop is open. Nothing of the session domain.
import { eventId, handleCommand, StreamQueue } from '@sallyport/engine';
import type { Appended, Command, Decision, DomainEvent, EventDraft } from '@sallyport/engine';
import type { Handled, Loaded, RecordedEvent } from '@sallyport/engine';
import { MemoryEventStore } from './memory-event-store.js';

/** A till that counts sales while the shop is open. */
export interface Till {
  readonly sales: number;
  readonly shopOpen: boolean;
}

export const till = 'till-1';
export const shop = 'shop-1';
export const tillClock = { now: () => Date.UTC(2026, 10, 2, 9) };
export const sold: DomainEvent = { type: 'till.sold', data: {} };
export const saleId = (number: number): string =>
  `00000000-0000-4000-8000-${String(number).padStart(10, '0')}00`;

function draft(id: string, type: string): EventDraft {
  const context = {
    correlationId: 'c',
    causationId: id,
    partitionKey: '*',
    actor: { kind: 'system' as const },
  };
  return { ...context, id, type, schemaVersion: 1, data: {} };
}

/** Another process: appends to a stream, whatever its revision. */
export function meanwhile(store: MemoryEventStore, stream: string, type = 'till.sold'): Promise<Appended> {
  return store.append({
    stream,
    expected: 'any',
    events: [draft(`other-${store.log.events.length}`, type)],
    guards: [],
  });
}

export async function lookAtTill(store: MemoryEventStore): Promise<Loaded<Till>> {
  const [sales, closings] = await Promise.all([store.read(till, 0, 1000), store.read(shop, 0, 1000)]);
  return {
    state: { sales: sales.length, shopOpen: closings.length === 0 },
    revision: sales.length - 1,
    guards: [{ stream: shop, revision: closings.length - 1 }],
  };
}

/** Sells once: the answer is the number of the sale, or `closed`. What happened on the way is in `log`. */
export class Sale implements Command<Till, string> {
  readonly log: string[] = [];
  readonly id = saleId(7);
  readonly stream = till;
  /** A state to begin with that may be out of date. */
  cached: Loaded<Till> | undefined;

  constructor(readonly store: MemoryEventStore) {}

  async load(fresh: boolean): Promise<Loaded<Till>> {
    this.log.push(fresh ? 'load fresh' : 'load');
    return (fresh ? undefined : this.cached) ?? lookAtTill(this.store);
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

export const runSale = <A>(
  command: Command<Till, A> & { readonly store: MemoryEventStore },
): Promise<Handled<A>> => handleCommand({ store: command.store, queue: new StreamQueue() }, command);
export const salesIn = async (store: MemoryEventStore): Promise<number> =>
  (await store.read(till, 0, 1000)).length;
