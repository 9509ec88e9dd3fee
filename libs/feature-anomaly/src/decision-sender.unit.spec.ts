// What is carried out of what the rules decide: only what the store bears out, in order.
import { Logger } from '@nestjs/common';
import type { Decision } from '@sallyport/core-anomaly';
import type { JsonObject, RecordedEvent } from '@sallyport/engine';
import type { MemoryEventStore } from '@sallyport/testing';
import { Registry } from 'prom-client';
import { DecisionSender } from './decision-sender.js';
import type { Enforcement } from './enforcement.js';
import { AnomalyMetrics } from './metrics.js';
import type { RuleOrders } from './rule-orders.js';
import type { OutboxItem } from './rule-rows.js';
import type { RulesJournal } from './rules-journal.js';
import { minute, noon, Street, Watched } from './spec-examples.js';

beforeAll(() => Logger.overrideLogger(false));

const forever = new AbortController().signal;

/** A sender whose ledger only remembers what it was ordered. */
class Desk {
  readonly orders: string[] = [];
  readonly rebuilt: string[] = [];
  /** Keys of what is on record. */
  readonly recorded = new Set<string>();
  readonly metrics = new AnomalyMetrics(new Registry());
  /** What an order waits for, by its number. */
  readonly delays: Promise<void>[] = [];
  readonly sender: DecisionSender;

  constructor(store: MemoryEventStore) {
    const carryOut = async ({ action, accountId, trigger }: Decision): Promise<boolean> => {
      await this.delays.shift();
      this.orders.push(`${accountId} ${action} at ${trigger}`);
      return true;
    };
    const orders = { carryOut } as unknown as RuleOrders;
    const has = (_accountId: string, key: string) => Promise.resolve(this.recorded.has(key));
    const journal = { has, onAccount: () => Promise.resolve() } as unknown as RulesJournal;
    const enforcement = { allows: () => Promise.resolve(true) } as unknown as Enforcement;
    this.sender = new DecisionSender(store, orders, journal, enforcement, this.metrics);
  }

  send(items: readonly OutboxItem[]): Promise<void> {
    const rebuild = (accountId: string): void => void this.rebuilt.push(accountId);
    return this.sender.send(items, { sent: () => undefined, rebuild }, forever);
  }

  async alarms(): Promise<number | undefined> {
    return (await this.metrics.unverified.get()).values[0]?.value;
  }
}

/** Ada at home with her phone, and the rules that follow her from before. */
async function atHome(): Promise<{ street: Street; watched: Watched; desk: Desk }> {
  const street = new Street();
  const watched = new Watched(street);
  await street.append('keys', 'keys.created', { accountId: '*', data: {} });
  await watched.run();
  await street.start('ada-s1', noon);
  await watched.run();
  return { street, watched, desk: new Desk(street.store) };
}

/** What a bus may bring: at the place of somebody else's event. */
function forgery(event: RecordedEvent, of: RecordedEvent): RecordedEvent {
  const data: JsonObject = { ...event.data, cause: 'forked', presented: 1 };
  return { ...event, type: 'session.reuse-detected', data, position: of.position };
}

describe('a decision', () => {
  it('on an event of the store is carried out', async () => {
    const { street, watched, desk } = await atHome();
    const position = await street.fork('ada-s1', noon + minute);
    await watched.run();
    await desk.send(watched.outbox);
    expect(desk.orders).toEqual([`ada step_up at ${position}`]);
    expect(await desk.alarms()).toBe(0);
  });

  it('that is on record is not carried out again, whoever sent it', async () => {
    const { street, watched, desk } = await atHome();
    await street.fork('ada-s1', noon + minute);
    await watched.run();
    for (const { key, accountId } of watched.outbox) desk.recorded.add(`said ${accountId} ${key}`);
    await desk.send(watched.outbox);
    expect(desk.orders).toEqual([]);
  });

  it('on an event that the store has otherwise is an alarm, and nothing else', async () => {
    const { desk, street } = await atHome();
    const bus = await atHome();
    await street.refresh('ada-s1', noon + minute);
    await bus.street.fork('ada-s1', noon + minute);
    await bus.watched.run();
    expect(bus.watched.actions).toEqual(['ada step_up']);
    await desk.send(bus.watched.outbox);
    expect({ orders: desk.orders, rebuilt: desk.rebuilt }).toEqual({ orders: [], rebuilt: ['ada'] });
    expect(await desk.alarms()).toBe(1);
  });

  it('that a forged finding made stronger does what the true one does alone', async () => {
    const { street, watched, desk } = await atHome();
    await street.start('bob-s1', noon + minute);
    const [real, bobs] = (await street.store.feed.read('1', 2)) as [RecordedEvent, RecordedEvent];
    await watched.run({ kind: 'inject', event: forgery(real, bobs) });
    const far = await street.refresh('ada-s1', noon + 2 * minute, { country: 'BR' });
    await watched.run();
    expect(watched.actions.at(-1)).toBe('ada lock');
    await desk.send(watched.outbox);
    expect(desk.orders).toEqual([`ada step_up at ${far}`]);
    expect(desk.rebuilt).toEqual(['ada']);
  });

  it('waits for what is still to be sent of its account, and for no other account', async () => {
    const { street, watched, desk } = await atHome();
    await street.start('bob-s1', noon);
    const first = await street.fork('ada-s1', noon + minute);
    await watched.run();
    const early = watched.outbox;
    const next = await street.start('ada-s2', noon + 2 * minute, { country: 'BR' });
    const bobs = await street.fork('bob-s1', noon + 3 * minute);
    await watched.run();
    let release = (): void => undefined;
    desk.delays.push(new Promise((resolve) => (release = resolve)));
    const sent = [desk.send(early), desk.send(watched.outbox.slice(early.length))];
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(desk.orders).toEqual([`bob step_up at ${bobs}`]);
    release();
    await Promise.all(sent);
    const adas = desk.orders.slice(1).map((order) => order.split(' at ')[1]);
    expect(adas).toEqual([first, next]);
  });
});
