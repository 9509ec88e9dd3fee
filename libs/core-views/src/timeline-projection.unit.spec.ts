// Which rows each event makes in the projection `timeline`, and which make none.
import { eventCatalogue, rotate, streams } from '@sallyport/core-session';
import type { SessionState } from '@sallyport/core-session';
import {
  accountEvents,
  aliceId,
  fingerprintOf,
  keyBoundSession,
  keyBoundStarted,
  network,
  phone,
  refreshOf,
  revokedByUser,
  sessionId,
  startedMs,
} from '@sallyport/testing';
import { everybody, maxCountriesTold, sessionsProjection, timelineKey, timelineProjection } from './index.js';
import type { Happening, TimelineSessionRow, ViewEvent, ViewRecord } from './index.js';

const sessionStream = streams.session(sessionId);
type Fact = { readonly type: string; readonly data: object };

/** Folds facts as the engine would, in rows it was told of only. */
class Timeline {
  readonly rows = new Map<string, ViewRecord>();
  /** Rows that events named, whether they wrote them or not. */
  touched = 0;
  private count = 0;

  fold(stream: string, fact: Fact, more: Partial<ViewEvent> = {}): this {
    this.count += 1;
    const place = { id: `e${this.count}`, stream, revision: 0, position: `${this.count}` };
    const order = { partitionKey: aliceId, recordedAt: new Date(startedMs).toISOString() };
    const event = { ...place, ...order, actor: { kind: 'user' }, ...fact, ...more };
    this.apply(JSON.parse(JSON.stringify(event)) as ViewEvent);
    return this;
  }

  /** A refresh of Alice's session from the country. */
  refreshed(country: string | null): this {
    const state: SessionState = { ...keyBoundSession, network: { ...network, country } };
    return this.fold(sessionStream, { type: 'session.refresh-rotated', data: { state } });
  }

  get listed(): Happening[] {
    const rows = [...this.rows].filter(([name]) => name.startsWith('timeline '));
    return rows.map(([, { body }]) => body as Happening);
  }

  get session(): TimelineSessionRow {
    return this.rows.get(`timeline-session ${sessionId}`)?.body as TimelineSessionRow;
  }

  private apply(event: ViewEvent): void {
    const handler = timelineProjection.handlers[event.type];
    if (handler === undefined) return;
    const touched = handler.touches(event).map(({ view, key }) => `${view} ${key}`);
    this.touched += touched.length;
    const checked = (name: string): string => {
      expect(touched).toContain(name);
      return name;
    };
    handler.apply(event, {
      get: (view, key) => this.rows.get(checked(`${view} ${key}`)),
      put: (view, row) => this.rows.set(checked(`${view} ${row.key}`), row),
    });
  }
}

const started = (): Timeline => new Timeline().fold(sessionStream, keyBoundStarted, { personal: 'sealed' });

describe('the projection timeline', () => {
  it('handles or ignores every event type, with a reason, and shares no view with another', () => {
    const { handlers, ignored } = timelineProjection;
    expect([...Object.keys(handlers), ...Object.keys(ignored)].sort()).toEqual(
      Object.keys(eventCatalogue).sort(),
    );
    for (const reason of Object.values(ignored)) expect(reason).toMatch(/^[A-Z].+\.$/);
    const others: readonly string[] = sessionsProjection.views;
    expect(timelineProjection.views.filter((view) => others.includes(view))).toEqual([]);
  });

  it('makes a row that its account owns, in the order of positions', () => {
    const timeline = new Timeline();
    for (const fact of accountEvents) timeline.fold(streams.account(aliceId), fact);
    expect([...timeline.rows.values()].map(({ key, owner }) => [key, owner])).toEqual([
      [timelineKey('1'), aliceId],
      [timelineKey('2'), aliceId],
    ]);
    expect(timelineKey('9') < timelineKey('10')).toBe(true);
    expect(timeline.listed[1]).toEqual({
      position: '2',
      at: '2026-11-02T09:01:01.000Z',
      type: 'account.device-linked',
      by: { kind: 'user' },
      deviceId: phone.id,
      clientId: 'demo-phone',
      details: {},
    });
  });

  it('keeps the personal part sealed, with the place it is bound to', () => {
    const [row] = started().listed;
    expect(row?.personal).toEqual({ stream: sessionStream, eventId: 'e1', sealed: 'sealed' });
  });

  it('names app and device of a session that ends, though that event does not say them', () => {
    const [, ended] = started().fold(sessionStream, revokedByUser).listed;
    expect(ended).toMatchObject({ type: 'session.revoked', clientId: 'demo-phone', deviceId: phone.id });
  });

  it('lists cutoffs for everybody, and no attempt on a name that nobody has', () => {
    const scope = { kind: 'all' };
    const timeline = new Timeline()
      .fold('cutoffs', { type: 'cutoffs.declared', data: { scope, reason: 'r' } }, { partitionKey: '*' })
      .fold('login-name-h', { type: 'login.failed', data: { count: 1 } }, { partitionKey: '*' });
    expect([...timeline.rows.values()].map(({ owner }) => owner)).toEqual([everybody]);
  });
});

describe('refreshes', () => {
  it('from a network of no known country name no row at all', () => {
    const timeline = started();
    const before = timeline.touched;
    for (let n = 0; n < 10; n += 1) timeline.refreshed(null);
    expect([timeline.touched, timeline.listed]).toEqual([before, started().listed]);
  });

  it('from a known country make no row, as decided refreshes do', () => {
    const scope = { sessionId, session: keyBoundSession, account: undefined, cutoffs: { v: 1 as const } };
    const command = refreshOf(0, startedMs + 1000);
    const decided = rotate({ ...scope, account: accountEvents[1].data.state }, command);
    const [fact] = 'events' in decided ? decided.events : [];
    if (fact === undefined) throw new Error('the refresh was refused');
    expect((fact.data as { state: SessionState }).state.fingerprint).toBe(fingerprintOf(1));
    expect(started().fold(sessionStream, fact).listed).toHaveLength(1);
  });

  it('from a country new to the session make one row, which says where it was before', () => {
    const timeline = started().refreshed('DE').refreshed('CH').refreshed('DE').refreshed('AT');
    expect(timeline.listed.slice(1)).toMatchObject([
      { position: '2', country: 'DE', details: { before: 'CH' } },
      { position: '5', country: 'AT', details: { before: 'DE' } },
    ]);
    expect(timeline.session.countries).toEqual(['CH', 'DE', 'AT']);
  });

  it('learn the first country of a session that started somewhere unknown without a row', () => {
    const state = { ...keyBoundSession, network: { ...network, country: null } };
    const timeline = new Timeline().fold(sessionStream, { type: 'session.started', data: { state } });
    expect(timeline.refreshed('CH').listed).toHaveLength(1);
    expect(timeline.refreshed('DE').listed).toHaveLength(2);
  });

  it('make a bounded number of rows a session, whatever a network claims', () => {
    const timeline = started();
    for (let n = 0; n < 60; n += 1) timeline.refreshed(`X${n}`);
    expect(timeline.listed).toHaveLength(maxCountriesTold);
    expect(timeline.session.countries).toHaveLength(maxCountriesTold);
  });
});
