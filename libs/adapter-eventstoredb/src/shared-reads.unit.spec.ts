// Reads that are shared: each answer is of a read that began after its question, and no more reads than that.
import { SharedReads } from './shared-reads.js';

interface Begun {
  readonly name: string;
  readonly answer: (value: string) => void;
  readonly fail: () => void;
}

let begun: Begun[] = [];
let reads: SharedReads<string>;
beforeEach(() => {
  begun = [];
  reads = new SharedReads((name) => {
    return new Promise((resolve, reject) => {
      begun.push({ name, answer: resolve, fail: () => reject(new Error('away')) });
    });
  });
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('never answers with a read that had begun before the question', async () => {
  const first = reads.of('cutoffs');
  const late = [reads.of('cutoffs'), reads.of('cutoffs')];
  expect(begun).toHaveLength(1);
  begun[0]?.answer('old');
  expect(await first).toBe('old');
  await turn();
  expect(begun).toHaveLength(2);
  const later = reads.of('cutoffs');
  begun[1]?.answer('new');
  expect(await Promise.all(late)).toEqual(['new', 'new']);
  await turn();
  begun[2]?.answer('newer');
  expect(await later).toBe('newer');
  expect(begun).toHaveLength(3);
});

it('begins at once where nothing of that name is being read', async () => {
  const both = [reads.of('a'), reads.of('b')];
  expect(begun.map(({ name }) => name)).toEqual(['a', 'b']);
  for (const { name, answer } of begun) answer(`of ${name}`);
  expect(await Promise.all(both)).toEqual(['of a', 'of b']);
  await turn();
  const again = reads.of('a');
  expect(begun).toHaveLength(3);
  begun[2]?.answer('again');
  expect(await again).toBe('again');
});

it('fails those whose read failed, and reads again for those who asked meanwhile', async () => {
  const first = reads.of('a');
  const late = reads.of('a');
  begun[0]?.fail();
  await expect(first).rejects.toThrow('away');
  await turn();
  begun[1]?.answer('back');
  expect(await late).toBe('back');
});
