// As of when a partition of the bus is known to hold all that the ledger does.
import { EngineError, partitionOf } from '@sallyport/engine';
import { exampleDraft, MemoryEventStore, MovableClock } from '@sallyport/testing';
import { LedgerLine } from './index.js';

const partitions = 3;
const mine = 1;

/** An account of the partition. */
function keyIn(partition: number): string {
  let at = 0;
  while (partitionOf(`account-${at}`, partitions) !== partition) at += 1;
  return `account-${at}`;
}

class Scene {
  readonly clock = new MovableClock();
  readonly store = new MemoryEventStore(this.clock);
  readonly line = new LedgerLine(this.store.feed, this.clock, () => partitions);
  handled: string | null = null;

  /** An event of the partition, or of all; answers its position. */
  async append(partition: number | 'all'): Promise<string> {
    const partitionKey = partition === 'all' ? '*' : keyIn(partition);
    const append = { stream: partitionKey, expected: 'any' as const, guards: [] };
    return (await this.store.append({ ...append, events: [exampleDraft({ partitionKey })] })).position;
  }

  /** Looks a second later; answers when that was. */
  async look(): Promise<number> {
    this.clock.time += 1_000;
    await this.line.look(() => this.handled);
    return this.clock.time;
  }

  get stand() {
    return this.line.stand(mine, this.handled);
  }
}

describe('what a partition holds', () => {
  it('is all of a ledger in which nothing of it happened, though the bus had nothing to say', async () => {
    const scene = new Scene();
    scene.line.add(mine);
    expect(scene.stand).toEqual({ position: null, asOfMs: undefined });
    const head = await scene.append(2);
    const asOfMs = await scene.look();
    expect(scene.stand).toEqual({ position: head, asOfMs });
  });

  it.each([mine, 'all'] as const)('gets no newer while an event of %s is not on the bus', async (of) => {
    const scene = new Scene();
    scene.line.add(mine);
    const asOfMs = await scene.look();
    expect(scene.stand.asOfMs).toBe(asOfMs);
    const owed = await scene.append(of);
    const second = await scene.look();
    await scene.look();
    expect(scene.stand).toEqual({ position: null, asOfMs });
    scene.handled = owed;
    expect(scene.stand).toEqual({ position: owed, asOfMs: second });
  });

  it('gets newer under load, where there is always an event still to come', async () => {
    const scene = new Scene();
    scene.line.add(mine);
    for (let round = 0; round < 5; round += 1) {
      const position = await scene.append(mine);
      const asOfMs = await scene.look();
      await scene.append(mine);
      scene.handled = position;
      expect(scene.stand.asOfMs).toBe(asOfMs);
    }
  });

  it('is what its owner before has said, and what came since is not passed over', async () => {
    const scene = new Scene();
    const before = await scene.append(mine);
    const owed = await scene.append(mine);
    for (let more = 0; more < 5; more += 1) await scene.append(0);
    scene.handled = before;
    scene.line.add(0);
    await scene.look();
    scene.line.add(mine, { position: before, asOfMs: 5 });
    await scene.look();
    expect(scene.stand).toEqual({ position: before, asOfMs: 5 });
    scene.handled = owed;
    expect(scene.stand.asOfMs).toBe(scene.clock.time);
  });

  it('gets no newer while the ledger is away', async () => {
    const scene = new Scene();
    scene.line.add(mine);
    const asOfMs = await scene.look();
    expect(scene.stand.asOfMs).toBe(asOfMs);
    scene.store.unavailable = true;
    await expect(scene.look()).rejects.toEqual(new EngineError('store_unavailable'));
    expect(scene.stand.asOfMs).toBe(asOfMs);
  });

  it('is found out in a long ledger too, look by look', async () => {
    const scene = new Scene();
    scene.line.add(mine);
    const owed = await scene.append(mine);
    for (let more = 0; more < 12_000; more += 1) await scene.append(2);
    await scene.look();
    expect(scene.stand.asOfMs).toBeUndefined();
    scene.handled = owed;
    await scene.look();
    expect(scene.stand.asOfMs).toBe(scene.clock.time);
  }, 60_000);
});
