// Tags under a key of the day: equal for equal networks in that day, in every process, and nothing more.
import { MovableClock } from '@sallyport/testing';
import { codeOfAsync, ids, master, MemorySecrets, NOON, otherMaster } from './spec-examples.js';
import { DayTags } from './index.js';

const dayMs = 86_400_000;

function newTags(store = new MemorySecrets()) {
  const clock = new MovableClock();
  clock.time = NOON;
  return { store, clock, tags: new DayTags({ store, master, ids, clock }) };
}

const daysIn = async (store: MemorySecrets) => (await store.list('network-day')).map(({ name }) => name);

describe('the tag of a network', () => {
  it('is the same all day, in each process, for each address of an IPv6 /64', async () => {
    const { store, clock, tags } = newTags();
    const tag = await tags.tag('198.51.100.7');
    expect(tag).toMatch(/^[A-Za-z0-9_-]{11}$/);
    clock.time += dayMs / 2 - 1;
    expect(await tags.tag('198.51.100.7')).toBe(tag);
    expect(await newTags(store).tags.tag('::ffff:198.51.100.7')).toBe(tag);
    expect(await tags.tag('198.51.100.8')).not.toBe(tag);
    expect(await tags.tag('2001:db8:0:1::1')).toBe(await tags.tag('2001:db8:0:1:ffff::2'));
    expect(await tags.tag('2001:db8:0:2::1')).not.toBe(await tags.tag('2001:db8:0:1::1'));
  });

  it('is another one on another day', async () => {
    const { clock, tags } = newTags();
    const tag = await tags.tag('198.51.100.7');
    clock.time += dayMs;
    expect(await tags.tag('198.51.100.7')).not.toBe(tag);
    clock.time -= dayMs;
    expect(await tags.tag('198.51.100.7')).toBe(tag);
  });

  it('is the same for replicas that meet a new day at once', async () => {
    const { store } = newTags();
    const replicas = Array.from({ length: 8 }, () => newTags(store).tags);
    const made = await Promise.all(replicas.map((tags) => tags.tag('198.51.100.7')));
    expect(new Set(made).size).toBe(1);
  });

  it('needs no waiting once the day is known', async () => {
    const { clock, tags } = newTags();
    await tags.keep();
    expect(tags.tag('198.51.100.7')).toMatch(/^.{11}$/);
    clock.time += dayMs;
    expect(tags.tag('198.51.100.7')).toMatch(/^.{11}$/);
  });

  it('cannot be made from what is stored without the master key', async () => {
    const { store, clock, tags } = newTags();
    await tags.tag('198.51.100.7');
    const thief = new DayTags({ store, master: otherMaster, ids, clock });
    expect(await codeOfAsync((async () => thief.tag('198.51.100.7'))())).toBe('personal_key_damaged');
  });
});

describe('the key of a day', () => {
  it('is destroyed after 90 days, not before, and then no tag of that day can be made again', async () => {
    const { store, clock, tags } = newTags();
    const tag = await tags.tag('198.51.100.7');
    const [day] = await daysIn(store);
    clock.time += 89 * dayMs;
    expect(await tags.keep()).toEqual([]);
    expect(await daysIn(store)).toContain(day);
    clock.time += dayMs;
    expect(await tags.keep()).toEqual([day]);
    expect(await daysIn(store)).not.toContain(day);
    clock.time -= 90 * dayMs;
    expect(await tags.tag('198.51.100.7')).not.toBe(tag);
  });

  it('is destroyed when nobody asked for a tag for years', async () => {
    const { store, clock, tags } = newTags();
    for (let day = 0; day < 3; day += 1) {
      await tags.tag('198.51.100.7');
      clock.time += dayMs;
    }
    clock.time += 1_000 * dayMs;
    expect(await tags.keep()).toHaveLength(3);
    expect(await daysIn(store)).toHaveLength(2);
  });
});
