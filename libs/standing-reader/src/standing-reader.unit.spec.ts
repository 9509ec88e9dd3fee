// When a copy of the standings answers, and when it may not: what it cannot know it denies.
import { noCutoffs } from '@sallyport/core-session';
import { keptAccount, keptSession } from '@sallyport/core-views';
import type { StandingAccount, StandingCutoffs, StandingFeed, StandingSession } from '@sallyport/core-views';
import type { BusBatch, ReceivedRecord } from '@sallyport/engine';
import { account, aliceId, dayMs, keyBoundSession, sessionId, startedMs } from '@sallyport/testing';
import { MovableClock } from '@sallyport/testing';
import { StandingReader } from './index.js';

const clock = new MovableClock();
const nowMs = startedMs + dayMs;
const maxAgeSeconds = 10;
beforeEach(() => {
  clock.time = nowMs;
});

const at = new Date(startedMs).toISOString();
const session: StandingSession = {
  v: 1,
  position: '10',
  at,
  state: keptSession(keyBoundSession),
  lastActiveAt: at,
};
const ofAccount: StandingAccount = { v: 1, position: '9', at, state: keptAccount(account) };
const cutoffs: StandingCutoffs = { v: 1, position: '8', at, state: noCutoffs };
const feed: StandingFeed = {
  v: 1,
  partition: 0,
  partitions: 1,
  position: '10',
  asOf: new Date(nowMs).toISOString(),
  lastPosition: '10',
  nextOffset: '10',
  epoch: 1,
};

type Written = readonly [key: string, value: object | null];
const sessionKey = `session:${sessionId}`;
const accountKey = `account:${aliceId}`;
const whole: readonly Written[] = [
  ['cutoff:*', cutoffs],
  [accountKey, ofAccount],
  [sessionKey, session],
  ['feed:0', feed],
];
const revoked: StandingSession = {
  ...session,
  position: '11',
  state: { ...session.state, status: 'ended', endCause: 'user' },
  endedAt: at,
};

/** A topic as it is read: each record under the next offset. */
class Topic {
  readonly reader = new StandingReader({ clock, maxAgeSeconds });
  private next = 0;

  read(written: readonly Written[], { partition = 0, lag = 0 } = {}): this {
    this.reader.take(this.batch(written, { partition, lag }));
    return this;
  }

  batch(written: readonly Written[], { partition = 0, lag = 0 } = {}): BusBatch {
    const records = written.map(([key, value]): ReceivedRecord => {
      this.next += 1;
      const text = value === null ? null : JSON.stringify(value);
      return { topic: 't', key, partition, offset: String(this.next), headers: {}, value: text };
    });
    return { topic: 't', partition, records, nextOffset: String(this.next + 1), lag };
  }

  get standing() {
    return this.reader.sessionStanding(sessionId);
  }
}

const unknown = (reason: string) => ({ status: 'unknown', reason });
const active = { status: 'active', asOf: feed.asOf };

describe('a copy of the standings', () => {
  it('judges as the issuer does once all is there', () => {
    const topic = new Topic().read(whole);
    expect(topic.standing).toEqual(active);
    expect(topic.reader.readiness()).toBeNull();
    topic.read([[sessionKey, revoked]]);
    expect(topic.standing).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('judges by account and cutoffs as well, and by the clock', () => {
    const locked = { ...ofAccount, position: '12', state: { ...ofAccount.state, status: 'locked' } };
    expect(new Topic().read(whole).read([[accountKey, locked]]).standing).toMatchObject({ reason: 'locked' });
    const cut = { ...cutoffs, position: '12', state: { v: 1, all: 0 } };
    expect(new Topic().read(whole).read([['cutoff:*', cut]]).standing).toMatchObject({ reason: 'cut_off' });
    clock.time = Date.parse(session.state.expiresAt);
    const later = { ...feed, asOf: session.state.expiresAt };
    expect(new Topic().read(whole).read([['feed:0', later]]).standing).toMatchObject({ reason: 'expired' });
  });

  it('knows a session by its account where the caller names one', () => {
    const { reader } = new Topic().read(whole);
    expect(reader.sessionStanding(sessionId, aliceId)).toEqual(active);
    expect(reader.sessionStanding(sessionId, 'somebody')).toEqual(unknown('unknown_session'));
    expect(reader.sessionStanding('another')).toEqual(unknown('unknown_session'));
  });

  it('shows sessions without what could be used as a token, with what holds them', () => {
    const holds = [{ id: 'h1', sessionId, deviceId: 'd' }, { id: 'h2' }];
    const held = { ...ofAccount, position: '12', state: { ...ofAccount.state, holds } };
    const { reader } = new Topic().read(whole).read([[accountKey, held]]);
    const [shown, ...others] = reader.sessionsOf(aliceId);
    expect(others).toEqual([]);
    expect(shown).toMatchObject({
      id: sessionId,
      clientId: 'demo-phone',
      lastActiveAt: at,
      standing: active,
      flags: [],
      holds: [
        { id: 'h1', scope: 'session', stepUp: true },
        { id: 'h2', scope: 'account', stepUp: false },
      ],
    });
    expect(shown).toEqual(reader.session(sessionId));
    expect(JSON.stringify(whole)).not.toContain(keyBoundSession.fingerprint);
    expect(reader.sessionsOf('somebody')).toEqual([]);
  });
});

describe('a copy denies', () => {
  it('before it has read to the end that there was at its start', () => {
    const topic = new Topic();
    expect(topic.standing).toEqual(unknown('not_read'));
    topic.read(whole, { lag: 5 });
    expect(topic.standing).toEqual(unknown('not_read'));
    topic.read([['feed:0', feed], ['x:1', {}], ['x:2', {}], ['x:3', {}]]);
    expect(topic.standing).toEqual(unknown('not_read'));
    expect(topic.read([['feed:0', feed]]).standing).toEqual(active);
  });

  it('when its feed is too old, by whichever clock, and until it is young again', () => {
    const topic = new Topic().read(whole);
    clock.time += maxAgeSeconds * 1000;
    expect(topic.standing).toEqual(active);
    clock.time += 1;
    expect(topic.standing).toEqual(unknown('feed_too_old'));
    const asOf = new Date(clock.time).toISOString();
    expect(topic.read([['feed:0', { ...feed, asOf }]]).standing).toMatchObject({ status: 'active' });
    // The writer's clock is ahead: then what was heard last counts.
    const ahead = new Date(clock.time + 9_000).toISOString();
    topic.read([['feed:0', { ...feed, asOf: ahead }]]);
    clock.time += 10_001;
    expect(topic.standing).toEqual(unknown('feed_too_old'));
    const far = new Date(clock.time + 10_001).toISOString();
    expect(topic.read([['feed:0', { ...feed, asOf: far }]]).standing).toEqual(unknown('feed_too_old'));
  });

  it('while its writer does not know how old it is, or says nothing', () => {
    const unaware = new Topic().read([...whole, ['feed:0', { ...feed, asOf: null }]]);
    expect(unaware.standing).toEqual(unknown('feed_too_old'));
    expect(new Topic().read(whole.slice(0, 3)).standing).toEqual(unknown('feed_missing'));
  });

  it('while a partition is missing, to whom it does not know', () => {
    const of = { ...feed, partitions: 2 };
    const topic = new Topic().read([...whole, ['feed:0', of]]);
    expect(topic.standing).toEqual(active);
    expect(topic.reader.sessionStanding('another')).toEqual(unknown('not_read'));
    topic.read([['feed:1', { ...of, partition: 1 }]], { partition: 1 });
    expect(topic.reader.sessionStanding('another')).toEqual(unknown('unknown_session'));
  });

  it.each([
    ['the session', [sessionKey, { ...session, v: 2 }]],
    ['the account', [accountKey, { ...ofAccount, v: 2 }]],
    ['the cutoffs', ['cutoff:*', { ...cutoffs, v: 2 }]],
    ['the feed', ['feed:0', { ...feed, v: 2 }]],
  ] as const)('on a version of %s that it does not know, until it can read one again', (_, written) => {
    const topic = new Topic().read(whole).read([written]);
    expect(topic.standing).toEqual(unknown('unknown_version'));
    expect(topic.read(whole).standing).toEqual(active);
  });

  it('an account that its writer has set aside, and all where that concerns everybody', () => {
    const topic = new Topic().read(whole);
    for (const key of [`parked:${aliceId}`, 'parked:*']) {
      expect(topic.read([[key, { v: 1 }]]).standing).toEqual(unknown('set_aside'));
      expect(topic.read([[key, null]]).standing).toEqual(active);
    }
    expect(topic.read([['parked:somebody', { v: 1 }]]).standing).toEqual(active);
  });
});

describe('records', () => {
  it('that come again change nothing', () => {
    const topic = new Topic();
    const first = topic.batch(whole);
    topic.reader.take(first);
    topic.read([[sessionKey, revoked]]);
    topic.reader.take(first);
    expect(topic.standing).toEqual({ status: 'ended', reason: 'revoked' });
    expect(topic.reader.nextOffset(0)).toBe('6');
  });

  it('that are older than what is known change nothing', () => {
    const topic = new Topic().read(whole).read([[sessionKey, revoked], [sessionKey, session]]);
    expect(topic.standing).toEqual({ status: 'ended', reason: 'revoked' });
    const asOf = new Date(nowMs - 60_000).toISOString();
    topic.read([['feed:0', { ...feed, epoch: 2 }], ['feed:0', { ...feed, asOf, epoch: 1 }]]);
    expect(topic.reader.readiness()).toBeNull();
  });

  it('may leave gaps, where compaction took others away', () => {
    const topic = new Topic();
    const batch = topic.batch([['x:1', {}], ...whole]);
    topic.reader.take({ ...batch, records: batch.records.filter(({ key }) => key !== 'x:1') });
    expect(topic.standing).toEqual(active);
  });

  it('without a value take the key away', () => {
    const topic = new Topic().read(whole).read([[sessionKey, null]]);
    expect(topic.standing).toEqual(unknown('unknown_session'));
    expect(topic.reader.sessionsOf(aliceId)).toEqual([]);
    expect(new Topic().read(whole).read([[accountKey, null]]).standing).toMatchObject({ reason: 'closed' });
  });

  it('of kinds that it does not know are passed over', () => {
    expect(new Topic().read([['later:1', { v: 7 }], ...whole]).standing).toEqual(active);
  });
});
