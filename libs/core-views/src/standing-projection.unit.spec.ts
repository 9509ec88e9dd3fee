// What each event makes of the records of standings.
import { declareCutoff, noCutoffs, streams } from '@sallyport/core-session';
import { accountEvents, aliceId, keyBoundSession, keyBoundStarted, revokedByUser } from '@sallyport/testing';
import { network, sessionId, startedMs } from '@sallyport/testing';
import { sessionsProjection, sessionUses, standingProjection } from './index.js';
import type { StandingSession, ViewEvent, ViewRecord } from './index.js';

type Fact = { readonly type: string; readonly data: object };

/** Folds facts as the engine would, a second apart, in rows it was told of only. */
class Standings {
  readonly rows = new Map<string, ViewRecord>();
  private count = 0;

  fold(stream: string, fact: Fact): this {
    this.count += 1;
    const place = { id: `e${this.count}`, stream, revision: 0, position: `${this.count}` };
    const recordedAt = new Date(startedMs + 1000 * this.count).toISOString();
    const event = { ...place, partitionKey: aliceId, recordedAt, actor: { kind: 'user' }, ...fact };
    const handler = standingProjection.handlers[event.type];
    const touched = handler?.touches(event).map(({ view, key }) => `${view}:${key}`) ?? [];
    handler?.apply(JSON.parse(JSON.stringify(event)) as ViewEvent, {
      get: (view, key) => this.rows.get(touched.find((one) => one === `${view}:${key}`) ?? ''),
      put: (view, row) => void this.rows.set(touched.find((one) => one === `${view}:${row.key}`) ?? '', row),
    });
    return this;
  }

  inSession(type: string, state: object = keyBoundSession): this {
    return this.fold(streams.session(sessionId), { type, data: { state } });
  }

  get session(): StandingSession | undefined {
    return this.rows.get(`session:${sessionId}`)?.body as StandingSession | undefined;
  }
}

const types = Object.keys(standingProjection.handlers);

describe('the projection of standings', () => {
  it('follows the events that the views of sessions follow, and no others', () => {
    expect(types).toEqual(Object.keys(sessionsProjection.handlers));
    expect(standingProjection.ignored).toBe(sessionsProjection.ignored);
  });

  it.each(types.filter((type) => type.startsWith('session.') && type !== 'session.revoked'))(
    'keeps of %s what is judged and shown, and when the session was used',
    (type) => {
      const { session } = new Standings().inSession('session.started').inSession(type, {
        ...keyBoundSession,
        network,
        flags: ['wrong_key'],
      });
      expect(session?.state).toMatchObject({ country: 'CH', flags: ['wrong_key'], status: 'active' });
      expect(session?.position).toBe('2');
      const [first, second] = [1, 2].map((count) => new Date(startedMs + 1000 * count).toISOString());
      expect(session?.lastActiveAt).toBe(sessionUses.has(type) ? second : first);
      expect(JSON.stringify(session)).not.toContain(keyBoundSession.fingerprint);
    },
  );

  it.each(types.filter((type) => type.startsWith('account.')))('keeps the account that %s leaves', (type) => {
    const { data } = accountEvents[1];
    const { rows } = new Standings().fold(streams.account(aliceId), { type, data });
    const body = rows.get(`account:${aliceId}`)?.body as { state: { devices: unknown[] } };
    expect(body.state).toMatchObject({ status: 'open', devices: [{ clientId: 'demo-phone' }] });
    expect(JSON.stringify(body)).not.toMatch(/nameHash|lostKeys|jkt/);
  });

  it('keeps the cutoffs that cutoffs.declared leaves', () => {
    const fact = declareCutoff(noCutoffs, { scope: { kind: 'bearer' }, reason: 'r' }, 3);
    const { rows } = new Standings().fold(streams.cutoffs, fact);
    expect(rows.get('cutoff:*')?.body).toMatchObject({ v: 1, state: { v: 1, bearer: 3 } });
  });

  it('ends a session by session.revoked, once, and knows nothing of one that was swept', () => {
    const stream = streams.session(sessionId);
    const standings = new Standings().fold(stream, keyBoundStarted).fold(stream, revokedByUser);
    const endedAt = standings.session?.endedAt;
    expect(standings.session?.state).toMatchObject({ status: 'ended', endCause: 'user' });
    const again: Fact = { type: 'session.revoked', data: { cause: 'operator', accountId: aliceId } };
    expect(standings.fold(stream, again).session).toMatchObject({ endedAt, state: { endCause: 'user' } });
    expect(new Standings().fold(stream, revokedByUser).rows.size).toBe(0);
  });

  it('refuses a state of a version that it does not know', () => {
    const older = { ...keyBoundSession, v: 0 };
    expect(() => new Standings().inSession('session.started', older)).toThrow('no state of a known version');
  });
});
