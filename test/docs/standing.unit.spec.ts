// The worked example of docs/standing.md: it is the code below, and does what the page says.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unknownReasons } from '@sallyport/standing-reader';
import { MemoryBus } from '@sallyport/testing';
import type { ReceivedRecord } from '@sallyport/engine';
import { DrivenWriter, partitions, Scene, topics } from '../standing/spec-examples.js';
import { blocks, page, section, table } from './pages.js';
import { Withdrawals } from './withdrawals.js';

const standing = page('docs/standing.md');

async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > 1_000) throw new Error('it did not come to pass');
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
}

describe('docs/standing.md', () => {
  it('shows the example that is run here', () => {
    const source = readFileSync(join(import.meta.dirname, 'withdrawals.ts'), 'utf8');
    expect(blocks(section(standing, '## A backend that pays out'), 'ts')[0]).toBe(source);
  });

  it('lists every reason for which a copy does not know', () => {
    const rows = table(section(standing, '## What it answers'), 'reason');
    expect(rows.map(([reason = '']) => reason.replaceAll('`', ''))).toEqual([...unknownReasons]);
  });
});

describe('the example', () => {
  it('pays while the session may act, and never after its end', async () => {
    const scene = new Scene();
    // The example lives in the present.
    scene.world.nowMs = Date.now() - 60_000;
    const writer = new DrivenWriter(scene);
    const kept: ReceivedRecord[][] = scene.bus.partitionsOf(topics.standing);
    const bus = new MemoryBus({ topics: { 'sallyport.standing': partitions } });
    bus.topics.set('sallyport.standing', kept);
    const work = async (): Promise<void> => {
      await scene.relay();
      for (let round = 0; round < 3; round += 1) {
        scene.world.nowMs = Math.max(scene.world.nowMs + 1_000, Date.now());
        for (let partition = 0; partition < partitions; partition += 1) await writer.work(partition, 1_000);
        await writer.look();
      }
    };
    for (let partition = 0; partition < partitions; partition += 1) await writer.assign(partition);
    for (const kind of ['open', 'link', 'start'] as const) await scene.world.act({ kind, who: 0, which: 0 });
    const withdrawals = new Withdrawals(bus, () => undefined);
    const token = { sid: 'a0-s0', sub: 'a0' };
    expect(withdrawals.decide(token)).toBe('later');
    await work();
    await until(() => withdrawals.lacks() === null && withdrawals.decide(token) === 'pay');
    expect(withdrawals.sessions('a0')).toHaveLength(1);
    await scene.world.act({ kind: 'hold', who: 0, which: 0 });
    await work();
    await until(() => withdrawals.decide(token) === 'held');
    await scene.world.act({ kind: 'end', who: 0, which: 0 });
    await work();
    await until(() => withdrawals.decide(token) === 'sign in');
    expect(withdrawals.sessions('a0')).toEqual([]);
    await withdrawals.close();
    await scene.stop();
  });
});
