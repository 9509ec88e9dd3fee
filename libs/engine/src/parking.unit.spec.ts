// Accounts that are set aside: by each consumer for itself, and taken up when anybody asks, wherever that is.
import { askToTakeUp, parkedKeys, parkingViews, partitionOwner } from './parking.js';
import { Scene, sceneOf, topic, until } from './spec-examples.js';

const counter = { name: 'counter', generation: 1 };
const other = { name: 'other', generation: 1 };
const poisoned = 'account-2';

async function asideOf(scene: Scene, consumer: typeof counter): Promise<string[]> {
  return (await parkedKeys(scene.views, consumer)).map(({ key }) => key);
}

describe('an account that is set aside', () => {
  it('is so for one consumer, and goes on or stays for others', async () => {
    const scene = await sceneOf(20);
    scene.poison.add(3);
    const [first, second] = [scene.start(), scene.start({}, {}, other.name)];
    const all = async () => [...(await asideOf(scene, counter)), ...(await asideOf(scene, other))];
    await until(async () => (await all()).length === 2);
    scene.poison.clear();
    second.runner.unpark(poisoned);
    await until(async () => (await asideOf(scene, other)).length === 0);
    expect(await asideOf(scene, counter)).toEqual([poisoned]);
    expect(await scene.counts(other.name)).toMatchObject({ [poisoned]: scene.expected()[poisoned] });
    await Promise.all([first.stop(), second.stop()]);
  });

  it('is taken up by the process that has its partition, when another one asks', async () => {
    const scene = await sceneOf(20);
    scene.poison.add(3);
    const consumer = scene.start();
    await scene.untilRead();
    await until(async () => (await asideOf(scene, counter)).length === 1);
    scene.poison.clear();
    const [parked] = await parkedKeys(scene.views, counter);
    if (parked === undefined) throw new Error('nothing is aside');
    await Promise.all([1, 2, 3].map(() => askToTakeUp(scene.views, counter, parked)));
    await until(async () => (await asideOf(scene, counter)).length === 0);
    await scene.add(poisoned);
    await scene.untilRead();
    await consumer.stop();
    expect(await scene.counts()).toEqual(scene.expected());
  });

  it('stays aside from the event that fails again, and can be asked for again', async () => {
    const scene = await sceneOf(20);
    scene.poison.add(10);
    const consumer = scene.start();
    await scene.untilRead();
    const [parked] = await parkedKeys(scene.views, counter);
    if (parked === undefined) throw new Error('nothing is aside');
    const { asked } = parkingViews(counter);
    for (const attempt of [1, 2]) {
      if (attempt === 2) scene.poison.clear();
      await askToTakeUp(scene.views, counter, parked);
      const owner = partitionOwner(parked.partition);
      await until(async () => (await scene.views.list(asked, 1, owner)).length === 0);
    }
    await until(async () => (await asideOf(scene, counter)).length === 0);
    await consumer.stop();
    expect(await scene.counts()).toEqual(scene.expected());
  });
});

describe('a record that fails', () => {
  it('sets nobody aside where the store does not hold it: a letter, and the account goes on', async () => {
    const scene = await sceneOf(5);
    scene.holds = async (_record, event) => event !== undefined;
    await scene.bus.write([{ topic, key: poisoned, headers: {}, value: 'junk' }]);
    await scene.add(poisoned);
    const consumer = scene.start();
    await scene.untilRead();
    await consumer.stop();
    expect(scene.letters().map(({ headers }) => headers['dl_reason'])).toEqual(['not_held']);
    expect(await asideOf(scene, counter)).toEqual([]);
    expect(await scene.counts()).toEqual(scene.expected());
  });
});
