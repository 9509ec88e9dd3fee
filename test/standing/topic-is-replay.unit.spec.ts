// The topic of standings over random histories: whoever reads it afresh judges each session as a replay of
// the ledger does, whichever writers were killed, displaced and late.
import type { Standing } from '@sallyport/core-session';
import type { StandingFeed } from '@sallyport/core-views';
import { comparePositions, partitionOf } from '@sallyport/engine';
import type { LocalStanding } from '@sallyport/standing-reader';
import { randomActs } from '@sallyport/testing';
import type { PublishFault } from '@sallyport/testing';
import fc from 'fast-check';
import { DrivenWriter, partitionOfSession, partitions, replayed, Scene, topics } from './spec-examples.js';

const writers = 3;
const monthMs = 31 * 86_400_000;

/** What happens between two acts on the ledger. */
const step = fc.oneof(
  { weight: 24, arbitrary: fc.record({ kind: fc.constant('relay' as const), count: fc.nat(6) }) },
  {
    weight: 70,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      writer: fc.nat(writers - 1),
      partition: fc.nat(partitions - 1),
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('assign' as const),
      writer: fc.nat(writers - 1),
      partition: fc.nat(partitions - 1),
    }),
  },
  { weight: 24, arbitrary: fc.record({ kind: fc.constant('look' as const), writer: fc.nat(writers - 1) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('kill' as const), writer: fc.nat(writers - 1) }) },
  { weight: 4, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'sleep' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('fault' as const),
      fault: fc.constantFrom<PublishFault>('answer-lost', 'commit-lost', 'away'),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** How often each thing was seen, so that a test that sees nothing is seen. */
const seen = { active: 0, ended: 0, unknown: 0, fenced: 0, checked: 0 };

/** Plays writers that come, go and stay on where they are not wanted. */
class Play {
  readonly scene: Scene;
  private readonly writers: DrivenWriter[];
  private readonly running: Promise<void>[] = [];
  private fault: PublishFault | undefined;

  constructor(pauses: readonly number[]) {
    let at = 0;
    this.scene = new Scene({
      step: async () => {
        at += 1;
        for (let turns = pauses[at % pauses.length] ?? 0; turns > 0; turns -= 1) await turn();
      },
      fault: () => {
        const { fault } = this;
        this.fault = undefined;
        return fault;
      },
    });
    this.writers = Array.from({ length: writers }, () => new DrivenWriter(this.scene));
  }

  /** Each partition begins with a writer of its own. */
  async begin(): Promise<void> {
    for (let partition = 0; partition < partitions; partition += 1) {
      await this.writer(partition % writers).assign(partition);
    }
  }

  async take(one: Step): Promise<void> {
    switch (one.kind) {
      case 'relay':
        return this.scene.relay(one.count);
      case 'work':
        this.running.push(this.writer(one.writer).work(one.partition, one.count));
        return turn();
      case 'assign':
        this.running.push(this.writer(one.writer).assign(one.partition));
        return turn();
      case 'look':
        this.running.push(this.writer(one.writer).look());
        return turn();
      case 'kill':
        // What it has begun goes on: a process that was stopped and runs again.
        this.writers[one.writer] = new DrivenWriter(this.scene);
        return;
      case 'compact':
        return this.scene.compact();
      case 'sleep':
        this.scene.world.nowMs += monthMs;
        return;
      case 'fault':
        this.fault = one.fault;
        return;
    }
  }

  async settle(): Promise<void> {
    this.fault = undefined;
    await Promise.all(this.running);
  }

  /** One writer takes everything over and catches up. */
  async finish(): Promise<void> {
    await this.settle();
    await this.scene.relay();
    const last = new DrivenWriter(this.scene);
    for (let partition = 0; partition < partitions; partition += 1) await last.assign(partition);
    for (let round = 0; round < 3; round += 1) {
      this.scene.world.nowMs += 1_000;
      for (let partition = 0; partition < partitions; partition += 1) await last.work(partition, 1_000);
      await last.look();
    }
    expect(last.failures).toEqual([]);
  }

  async dispose(): Promise<void> {
    await this.scene.stop();
    seen.fenced += this.scene.writers.flatMap(({ failures }) => failures).filter(isFenced).length;
  }

  private writer(index: number): DrivenWriter {
    return this.writers[index] as DrivenWriter;
  }
}

const isFenced = (error: unknown): boolean => (error as { code?: string }).code === 'fenced';

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The latest word on each partition. */
function feeds({ bus }: Scene): (StandingFeed | undefined)[] {
  return bus.partitionsOf(topics.standing).map((records, partition) => {
    const value = records.findLast(({ key }) => key === `feed:${partition}`)?.value;
    return value === undefined || value === null ? undefined : (JSON.parse(value) as StandingFeed);
  });
}

/** Who reads afresh judges as a replay does at the position that the partition says it stands at. */
function expectReplay(scene: Scene): void {
  const said = feeds(scene);
  const reader = scene.freshReader();
  for (const sessionId of scene.world.sessions.keys()) {
    const feed = said[partitionOfSession(sessionId)];
    const standing = reader.sessionStanding(sessionId);
    const expected = replayed(scene.world, sessionId, feed?.position ?? null);
    seen.checked += 1;
    seen[standing.status] += 1;
    expect({ sessionId, standing, expected, fits: fits(standing, expected) }).toMatchObject({ fits: true });
  }
  for (const [partition, feed] of said.entries()) expectComplete(scene, partition, feed);
  expectForward(scene);
}

/** No answer fits while nothing is known for sure, and where what is over was swept. */
function fits(told: LocalStanding, expected: Standing | undefined): boolean {
  if (told.status === 'unknown') return told.reason !== 'unknown_session' || expected?.status !== 'active';
  const reasons = [told, expected].map((one) => (one?.status === 'ended' ? one.reason : undefined));
  return told.status === expected?.status && reasons[0] === reasons[1];
}

/** No record of a key is older than the one before it: compaction would keep the older. */
function expectForward({ bus }: Scene): void {
  for (const records of bus.partitionsOf(topics.standing)) {
    const last = new Map<string, string | null>();
    for (const { key, value } of records) {
      const { position } = JSON.parse(value ?? '{"position":null}') as Pick<StandingFeed, 'position'>;
      if (value !== null && comparePositions(position, last.get(key) ?? null) < 0) {
        throw new Error(`${key} went back from ${last.get(key)} to ${position}`);
      }
      last.set(key, position);
    }
  }
}

/** Whatever was in the ledger before that instant stands before that position. */
function expectComplete({ world }: Scene, partition: number, feed: StandingFeed | undefined): void {
  const { asOf } = feed ?? {};
  if (asOf === null || asOf === undefined) return;
  const missing = world.store.log.events.filter(({ partitionKey, recordedAt, position }) => {
    const isHere = partitionKey === '*' || partitionOf(partitionKey, partitions) === partition;
    return isHere && recordedAt < asOf && comparePositions(position, feed?.position ?? null) > 0;
  });
  expect(missing).toEqual([]);
}

describe('the topic of standings', () => {
  it('read afresh equals a replay at its position, whoever was killed, displaced and late', async () => {
    const pauses = fc.array(fc.nat(6), { minLength: 1, maxLength: 7 });
    const steps = fc.array(step, { minLength: 100, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(randomActs(), steps, pauses, async (acts, all, between) => {
        const play = new Play(between);
        try {
          await play.begin();
          for (const [index, one] of all.entries()) {
            const act = acts[index];
            if (act !== undefined) await play.scene.world.act(act);
            await play.take(one);
            if (index % 5 === 0) expectReplay(play.scene);
          }
          await play.finish();
          expectReplay(play.scene);
          const plain = standings(play.scene);
          play.scene.compact();
          expect(standings(play.scene)).toEqual(plain);
          expect(play.scene.freshReader(10).readiness()).toBeNull();
        } finally {
          await play.dispose();
        }
      }),
      { numRuns: 60, verbose: 1 },
    );
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(40);
  }, 60_000);
});

function standings(scene: Scene): object {
  const reader = scene.freshReader();
  const ids = [...scene.world.sessions.keys()];
  return Object.fromEntries(ids.map((id) => [id, reader.sessionStanding(id)]));
}
