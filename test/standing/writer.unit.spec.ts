// What the writer of standings writes: what is shown and judged, nothing that could be used, and tombstones.
import type { StandingFeed } from '@sallyport/core-views';
import { Ajv } from 'ajv';
import { publishedSchemas } from '../tools/schemas/event-schemas.js';
import type { Schema } from '../tools/schemas/type-schema.js';
import type { ActKind } from '@sallyport/testing';
import { DrivenWriter, partitionOfSession, partitions, retentionMs, Scene, topics } from './spec-examples.js';

const sessionId = 'a0-s0';
const partition = partitionOfSession(sessionId);
const dayMs = 86_400_000;

const scenes: Scene[] = [];
afterEach(() => Promise.all(scenes.splice(0).map((scene) => scene.stop())));

class Play {
  readonly scene = new Scene();
  writer = new DrivenWriter(this.scene);

  constructor() {
    scenes.push(this.scene);
  }

  async begin(...kinds: ActKind[]): Promise<this> {
    for (let one = 0; one < partitions; one += 1) await this.writer.assign(one);
    return this.happens(...kinds);
  }

  async happens(...kinds: ActKind[]): Promise<this> {
    for (const kind of kinds) await this.scene.world.act({ kind, who: 0, which: 0 });
    await this.scene.relay();
    return this.work();
  }

  /** Two rounds: what the first looks up, the second writes. */
  async work(writer = this.writer): Promise<this> {
    for (let round = 0; round < 2; round += 1) {
      this.scene.world.nowMs += 1_000;
      for (let one = 0; one < partitions; one += 1) await writer.work(one, 1_000);
      await writer.look();
    }
    this.scene.world.nowMs += 1_000;
    for (let one = 0; one < partitions; one += 1) await writer.work(one, 1_000);
    return this;
  }

  get keys(): string[] {
    this.scene.compact();
    const records = this.scene.bus.partitionsOf(topics.standing)[partition] ?? [];
    return records.filter(({ value }) => value !== null).map(({ key }) => key);
  }

  get feed(): StandingFeed {
    const records = this.scene.bus.partitionsOf(topics.standing)[partition] ?? [];
    const value = records.findLast(({ key }) => key === `feed:${partition}`)?.value ?? '';
    return JSON.parse(value) as StandingFeed;
  }

  get standing() {
    return this.scene.freshReader(10).sessionStanding(sessionId);
  }
}

describe('the writer of standings', () => {
  it('puts nothing into the topic that could be used as a token or tells who somebody is', async () => {
    const { scene } = await new Play().begin('open', 'link', 'start', 'refresh', 'refresh', 'stale');
    const text = JSON.stringify(scene.bus.partitionsOf(topics.standing));
    expect(text).not.toContain(scene.world.sessions.get(sessionId)?.fingerprint);
    expect(text).not.toMatch(/fingerprint|proofs|nameHash|ipTag|credential/);
  });

  it('writes what the published schemas say', async () => {
    const acts = ['open', 'link', 'start', 'refresh', 'hold', 'cutoff', 'password'] as const;
    const { scene } = await new Play().begin(...acts);
    const published = publishedSchemas();
    const kinds = new Set<string>();
    for (const { key, value } of scene.bus.partitionsOf(topics.standing).flat()) {
      const [kind = ''] = key.split(':');
      kinds.add(kind);
      const validate = new Ajv({ strict: false }).compile(published[`standing.${kind}.v1.json`] as Schema);
      expect(validate(JSON.parse(value ?? '')) ? [] : validate.errors).toEqual([]);
    }
    expect([...kinds].sort()).toEqual(['account', 'cutoff', 'feed', 'session']);
  });

  it('writes once a second how far a partition is, in which nothing happens', async () => {
    const play = await new Play().begin('open');
    const { asOf, epoch } = play.feed;
    const count = play.scene.bus.transactions.length;
    await play.writer.work(partition, 1);
    expect(play.scene.bus.transactions).toHaveLength(count);
    await play.work();
    expect(play.feed.epoch).toBe(epoch);
    expect(Date.parse(play.feed.asOf ?? '')).toBeGreaterThan(Date.parse(asOf ?? ''));
  });

  it('denies by silence while the relay stands still: its word gets no newer', async () => {
    const play = await new Play().begin('open', 'link', 'start');
    expect(play.standing.status).toBe('active');
    await play.scene.world.act({ kind: 'end', who: 0, which: 0 });
    for (let seconds = 0; seconds < 12; seconds += 3) await play.work();
    expect(play.standing).toEqual({ status: 'unknown', reason: 'feed_too_old' });
    await play.scene.relay();
    await play.work();
    expect(play.standing).toEqual({ status: 'ended', reason: 'revoked' });
  });

  it('sweeps a session that is over for as long as is kept, and an account that is erased', async () => {
    const play = await new Play().begin('open', 'link', 'start', 'end');
    expect(play.keys).toContain(`session:${sessionId}`);
    play.scene.world.nowMs += retentionMs + dayMs;
    await play.work();
    await play.work();
    expect(play.keys).not.toContain(`session:${sessionId}`);
    expect(play.keys).toContain('account:a0');
    expect(play.standing).toEqual({ status: 'unknown', reason: 'unknown_session' });
    await play.happens('erase');
    play.scene.world.nowMs += retentionMs + dayMs;
    await play.work();
    await play.work();
    expect(play.keys).not.toContain('account:a0');
  });

  it('never sweeps by its own clock what a ledger that it has not heard of may have prolonged', async () => {
    const play = await new Play().begin('open', 'link', 'start');
    await play.scene.world.act({ kind: 'refresh', who: 0, which: 0 });
    play.scene.world.nowMs += 100 * dayMs;
    for (let times = 0; times < 5; times += 1) await play.work();
    expect(play.keys).toContain(`session:${sessionId}`);
  });

  it('sets aside an account whose event it cannot fold, so that it is denied', async () => {
    const play = await new Play().begin('open', 'link', 'start');
    const { events } = play.scene.world.store.log;
    const at = events.length;
    await play.scene.world.act({ kind: 'refresh', who: 0, which: 0 });
    const [refreshed] = events.slice(at);
    events[at] = { ...(refreshed as (typeof events)[0]), type: 'session.from-the-future' };
    await play.scene.relay();
    await play.work();
    expect(play.standing).toEqual({ status: 'unknown', reason: 'set_aside' });
    const next = new DrivenWriter(play.scene);
    for (let one = 0; one < partitions; one += 1) await next.assign(one);
    play.writer = next;
    await play.happens('end');
    expect(play.standing).toEqual({ status: 'unknown', reason: 'set_aside' });
    expect(next.failures).toEqual([]);
  });

  it('takes nothing over that a newer version has written', async () => {
    const play = await new Play().begin('open');
    const key = 'account:a0';
    await play.scene.bus.write([{ topic: topics.standing, key, partition, headers: {}, value: '{"v":2}' }]);
    const next = new DrivenWriter(play.scene);
    await next.assign(partition);
    expect(String(next.failures[0])).toMatch('newer version');
  });

  it('leaves a partition that it lost to its owner, until the group has said whose it is', async () => {
    const play = await new Play().begin('open', 'link', 'start');
    const first = play.writer;
    const second = new DrivenWriter(play.scene);
    for (let one = 0; one < partitions; one += 1) await second.assign(one);
    play.scene.world.nowMs += 1_000;
    await first.work(partition, 1);
    await first.assign(partition);
    expect(first.failures).toMatchObject([{ code: 'fenced' }, { code: 'fenced' }]);
    await second.work(partition, 1);
    expect(second.failures).toEqual([]);
    await first.assign(partition);
    expect(first.failures).toHaveLength(2);
  });
});
