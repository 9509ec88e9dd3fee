// Consumers of the bus: each event once through rebalances and failures; accounts aside, in order, and back.
import fc from 'fast-check';
import type { BusBatch } from './bus.js';
import type { RecordedEvent } from './event.js';
import { eventRecords } from './event-record.js';
import { partitions, Scene, sceneOf, source, topic, until } from './spec-examples.js';

describe('a consumer', () => {
  it('handles each event once and in order, and goes on where it stopped', async () => {
    const scene = await sceneOf(100);
    const first = scene.start();
    await scene.untilRead();
    await first.stop();
    await scene.add('account-1');
    const second = scene.start();
    await scene.untilRead();
    await second.stop();
    expect(await scene.counts()).toEqual(scene.expected());
    expect(scene.failures).toEqual([]);
  });

  it('waits for a store that is away, and sets nobody aside for it', async () => {
    const scene = await sceneOf(20);
    scene.storeIsAway = true;
    const consumer = scene.start();
    await until(() => scene.failures.length > 3);
    scene.storeIsAway = false;
    await scene.untilRead();
    await consumer.stop();
    expect(await scene.counts()).toEqual(scene.expected());
    expect(scene.letters()).toEqual([]);
  });

  it('writes nothing for a partition that went to another, however late', async () => {
    const scene = await sceneOf(30);
    const first = scene.start();
    await scene.untilRead();
    await first.stop();
    const records = [...(scene.bus.partitionsOf(topic)[0] ?? [])];
    await scene.checkpoints.assign('counter', 1, 0);
    for (const { key } of records) await scene.add(key);
    const late: BusBatch = { topic, partition: 0, records, nextOffset: '999', lag: 0 };
    const handled = first.runner.handle(late, async () => undefined);
    await expect(handled).rejects.toMatchObject({ code: 'checkpoint_moved' });
    const seen = Object.values(await scene.counts()).flat();
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
  });

  it('passes over a record that comes a second time under another offset', async () => {
    const scene = await sceneOf(10);
    const [event] = scene.events;
    await scene.bus.write(eventRecords(event as RecordedEvent, { topic, partitions, source }));
    const consumer = scene.start();
    await scene.untilRead();
    await consumer.stop();
    expect(await scene.counts()).toEqual(scene.expected());
  });
});

describe('an event that cannot be handled', () => {
  it('is tried again, then sets its account aside, in order, and nobody else', async () => {
    const scene = await sceneOf(40);
    scene.poison.add(10);
    const parked: string[] = [];
    const consumer = scene.start({}, { parked: (_partition, keys) => parked.push(...keys) });
    await scene.untilRead();
    await scene.add('account-2');
    await scene.untilRead();
    await consumer.stop();
    const account = 'account-2';
    expect(await scene.counts()).toEqual({ ...scene.expected([account]), [account]: [3] });
    const aside = await scene.aside(account);
    const values = aside.map(({ body }) => JSON.parse(body['value'] as string) as { number: number });
    const numbers = values.map(({ number }) => number);
    expect(numbers).toEqual(scene.expected()[account]?.slice(1));
    expect(new Set(parked)).toEqual(new Set([account]));
  });

  it('leaves a letter with its origin, without what is personal', async () => {
    const scene = await sceneOf(20);
    scene.poison.add(4);
    const consumer = scene.start();
    await scene.untilRead();
    await consumer.stop();
    const [letter, ...others] = scene.letters();
    expect(others).toEqual([]);
    const origin = scene.bus.partitionsOf(topic).flat().find(({ headers }) => headers['ce_position'] === '4');
    expect(letter).toMatchObject({
      key: origin?.key,
      value: origin?.value,
      headers: {
        ce_id: 'account-3/4',
        dl_consumer: 'counter.1',
        dl_topic: topic,
        dl_partition: String(origin?.partition),
        dl_offset: origin?.offset,
        dl_reason: 'not_handled',
      },
    });
    expect(letter?.headers['ce_personal']).toBeUndefined();
  });

  it('is handled with what came after it once it can be, before anything newer', async () => {
    const scene = await sceneOf(40);
    scene.poison.add(10);
    const first = scene.start();
    await scene.untilRead();
    await first.stop();
    // Another process takes over what is aside.
    const second = scene.start();
    await until(() => second.runner.parked().length === 1);
    expect(second.runner.unpark('account-0')).toBe(false);
    expect(second.runner.unpark('account-2')).toBe(true);
    await until(async () => (await scene.aside('account-2')).length > 0);
    expect(second.runner.parked()).toHaveLength(1);
    scene.poison.clear();
    second.runner.unpark('account-2');
    await until(() => second.runner.parked().length === 0);
    await scene.add('account-2');
    await scene.untilRead();
    await second.stop();
    expect(await scene.counts()).toEqual(scene.expected());
    expect(await scene.aside('account-2')).toEqual([]);
  });

  it('sets its key aside also when it cannot even be read', async () => {
    const scene = await sceneOf(10);
    await scene.bus.write([{ topic, key: 'account-1', headers: {}, value: 'no event' }]);
    await scene.add('account-1');
    const consumer = scene.start();
    await scene.untilRead();
    await consumer.stop();
    const counted = (await scene.counts())['account-1'];
    expect(counted).toEqual(scene.expected()['account-1']?.slice(0, -1));
    expect(scene.letters().map(({ headers }) => headers['dl_reason'])).toEqual(['unreadable']);
  });

  it('stops everything when too many accounts are aside, until there are fewer', async () => {
    const scene = await sceneOf(7);
    for (const number of [1, 2, 3]) scene.poison.add(number);
    const stops: boolean[] = [];
    const consumer = scene.start({ maxParked: 2 }, { stopped: (isStopped) => stops.push(isStopped) });
    await until(() => consumer.runner.parked().length === 3);
    for (let at = 0; at < 7; at += 1) await scene.add(`account-${at}`);
    await until(() => stops.length > 0);
    expect((await scene.counts())['account-6']).toEqual([7]);
    scene.poison.clear();
    for (const { key } of consumer.runner.parked()) consumer.runner.unpark(key);
    await scene.untilRead();
    await consumer.stop();
    expect(await scene.counts()).toEqual(scene.expected());
  });

  it('beyond the head of the store is put away and moves nothing', async () => {
    const scene = await sceneOf(10);
    scene.head = '10';
    await scene.add('account-3');
    const consumer = scene.start();
    await scene.untilRead();
    await consumer.stop();
    expect((await scene.counts())['account-3']).toEqual([4]);
    expect(scene.letters().map(({ headers }) => headers['dl_reason'])).toEqual(['beyond_head']);
    const progress = await scene.checkpoints.progress('counter', 1);
    expect(Math.max(...[...progress.values()].map(({ lastPosition }) => Number(lastPosition)))).toBe(10);
  });
});

describe('consumers of one group', () => {
  it('handle each event once and in order while members come and go and some are displaced', async () => {
    const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 });
    await fc.assert(fc.asyncProperty(seeds, comeAndGo), { numRuns: 40, endOnFailure: true });
  }, 60_000);
});

async function comeAndGo(seed: number): Promise<void> {
  let state = seed;
  const random = (limit: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 8) % limit;
  };
  const scene: Scene = await sceneOf(10);
  scene.step = async () => {
    for (let turns = random(6); turns > 0; turns -= 1) await turn();
  };
  const members = [scene.start(), scene.start()];
  for (let at = 0; at < 80; at += 1) {
    await scene.add(`account-${random(9)}`);
    if (random(10) === 0) {
      void members.shift()?.stop();
      members.push(scene.start());
    }
    // A displaced member is one whose partition somebody else was assigned, unknown to it.
    if (random(8) === 0) await scene.checkpoints.assign('counter', 1, random(partitions));
    for (let turns = random(4); turns > 0; turns -= 1) await turn();
  }
  await scene.untilRead();
  await Promise.all(members.map((member) => member.stop()));
  expect(await scene.counts()).toEqual(scene.expected());
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
