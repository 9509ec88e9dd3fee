// How far the store reaches: asked only where it is not known, and never believed to go back.
import { KnownHead } from './known-head.js';

describe('how far the store is known to reach', () => {
  const asked: string[] = [];
  let head: string | null = null;
  const known = (): KnownHead =>
    new KnownHead(async () => {
      asked.push(head ?? 'nothing');
      return head;
    });
  beforeEach(() => asked.splice(0));

  it('is asked once for all that it reaches', async () => {
    const store = known();
    head = '20';
    expect(await store.isBefore('19')).toBe(false);
    expect(await store.isBefore('20')).toBe(false);
    expect(await store.isBefore('3')).toBe(false);
    expect(asked).toEqual(['20']);
  });

  it('is asked again for what it did not reach', async () => {
    const store = known();
    head = null;
    expect(await store.isBefore('1')).toBe(true);
    head = '9';
    expect(await store.isBefore('10')).toBe(true);
    head = '10';
    expect(await store.isBefore('10')).toBe(false);
    expect(asked).toEqual(['nothing', '9', '10']);
  });

  it('is no less when a late answer says so', async () => {
    const answers: ((head: string) => void)[] = [];
    const store = new KnownHead(() => new Promise((resolve) => answers.push(resolve)));
    const [early, late] = [store.isBefore('5'), store.isBefore('100')];
    answers[1]?.('100');
    expect(await late).toBe(false);
    answers[0]?.('5');
    expect(await early).toBe(false);
    expect(await store.isBefore('99')).toBe(false);
    expect(answers).toHaveLength(2);
  });

  it('without a way to ask reaches everything', async () => {
    expect(await new KnownHead(undefined).isBefore('1')).toBe(false);
  });
});
