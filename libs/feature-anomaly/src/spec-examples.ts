// What the specs of this library share: people who sign in and refresh, in a store in memory, and a consumer
// that follows them.
import type { CountryPlaces } from '@sallyport/core-anomaly';
import type { Actor, JsonObject, Position, ViewStore } from '@sallyport/engine';
import { MemoryEventStore, MemoryViewStore } from '@sallyport/testing';
import type { ConsumerOrder, ConsumerReport } from './consumer-messages.js';
import { RuleConsumer } from './rule-consumer.js';
import type { ConsumerParts } from './rule-consumer.js';
import type { OutboxItem } from './rule-rows.js';

export const noon = Date.parse('2026-11-22T12:00:00.000Z');
export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

export const countryPlaces: CountryPlaces = new Map([
  ['CH', { lat: 46.8, lon: 8.2, radiusKm: 180 }],
  ['ES', { lat: 40.2, lon: -3.6, radiusKm: 600 }],
  ['BR', { lat: -10.8, lon: -53.1, radiusKm: 2500 }],
]);

interface Where {
  readonly device?: string;
  readonly country?: string;
  readonly dayTag?: string;
}

/** A store and what people do, as events; the clock stands where the last of them happened. */
export class Street {
  nowMs = noon;
  readonly store = new MemoryEventStore({ now: () => this.nowMs });
  private made = 0;

  /** `session`: the account's name, a dash, and its own. */
  start(session: string, at: number, where: Where = {}): Promise<Position> {
    return this.use('session.started', { session, at, ...where });
  }

  refresh(session: string, at: number, where: Where = {}): Promise<Position> {
    return this.use('session.refresh-rotated', { session, at, ...where });
  }

  fork(session: string, at: number): Promise<Position> {
    return this.use('session.reuse-detected', {
      session,
      at,
      more: { cause: 'forked', presented: 1 },
    });
  }

  /** An event that no rule can read. */
  poison(accountId: string, at: number): Promise<Position> {
    this.nowMs = Math.max(this.nowMs, at);
    return this.append(`session-${accountId}-p`, 'session.started', { accountId, data: {} });
  }

  async append(
    stream: string,
    type: string,
    of: { readonly accountId: string; readonly data: object; readonly actor?: Actor },
  ): Promise<Position> {
    const { accountId: partitionKey, data, actor = { kind: 'user' } } = of;
    this.made += 1;
    const context = { correlationId: 'c', causationId: 'c', partitionKey, actor };
    const event = { id: `e${this.made}`, type, schemaVersion: 1, data: data as JsonObject, ...context };
    return (await this.store.append({ stream, expected: 'any', events: [event], guards: [] })).position;
  }

  private use(
    type: string,
    of: Where & {
      readonly session: string;
      readonly at: number;
      readonly more?: object;
    },
  ): Promise<Position> {
    const { session, at, country = 'CH', dayTag } = of;
    const accountId = session.slice(0, session.indexOf('-'));
    const { device = `${accountId}-phone` } = of;
    this.nowMs = Math.max(this.nowMs, at);
    const time = new Date(at).toISOString();
    const network = {
      country,
      asn: null,
      kind: 'unknown',
      ipTag: 't',
      ...(dayTag === undefined ? {} : { dayTag }),
    };
    const state = {
      v: 1,
      accountId,
      deviceId: device,
      jkt: `key-${device}`,
      generation: 2,
      startedAt: time,
      rotatedAt: time,
      network,
    };
    return this.append(`session-${session}`, type, { accountId, data: { ...of.more, state } });
  }
}

/** A consumer under observation: runs until it stands at the head. */
export class Watched {
  readonly reports: ConsumerReport[] = [];

  constructor(
    readonly street: Street,
    readonly views: ViewStore = new MemoryViewStore(),
    private readonly more: Partial<ConsumerParts> = {},
  ) {}

  /** A new consumer on the same tables, as after a start: carries out the orders and reads to the head. */
  run(...orders: readonly ConsumerOrder[]): Promise<void> {
    return this.runUntil(new AbortController(), orders);
  }

  /** The same, and ends when it is told to at the latest. */
  async runUntil(stop: AbortController, orders: readonly ConsumerOrder[] = []): Promise<void> {
    const head = await this.street.store.feed.head();
    const parts = { feed: this.street.store.feed, views: this.views, countryPlaces, retryDelaysMs: [0, 0] };
    let left = orders.length;
    const consumer = new RuleConsumer({
      ...parts,
      report: (report) => {
        this.reports.push(report);
        if (report.kind !== 'progress' || report.position !== head) return;
        if (left === 0) stop.abort();
        const order = orders[orders.length - left];
        left -= 1;
        if (order !== undefined) consumer.order(order);
      },
      ...this.more,
    });
    await consumer.run(stop.signal);
  }

  /** What was to be sent, as often as it was told. */
  get outbox(): OutboxItem[] {
    return this.reports.flatMap((report) => (report.kind === 'outbox' ? report.items : []));
  }

  /** The actions decided on, with their accounts. */
  get actions(): string[] {
    return this.outbox.flatMap((item) =>
      item.kind === 'said' ? item.decisions.map(({ action }) => `${item.accountId} ${action}`) : [],
    );
  }
}
