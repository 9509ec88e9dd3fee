// Passwords with the real driver: right, wrong, unknown, and too many at once.
import { ArgonPasswords } from './index.js';

const cheap = { memoryKib: 64, passes: 1 };

describe('passwords', () => {
  it('are hashed by argon2id with the parameters of the design and a salt each', async () => {
    const passwords = new ArgonPasswords();
    const [one, two] = await Promise.all([passwords.hash('correct horse'), passwords.hash('correct horse')]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(one).not.toBe(two);
  });

  it('verify when right and only then', async () => {
    const passwords = new ArgonPasswords(cheap);
    const stored = await passwords.hash('correct horse');
    expect(await passwords.verify(stored, 'correct horse')).toBe(true);
    expect(await passwords.verify(stored, 'correct horsf')).toBe(false);
    expect(await passwords.verify(stored, '')).toBe(false);
  });

  it('verify under the parameters they were hashed with, after those of new hashes changed', async () => {
    const stored = await new ArgonPasswords({ memoryKib: 128, passes: 2 }).hash('correct horse');
    expect(await new ArgonPasswords(cheap).verify(stored, 'correct horse')).toBe(true);
  });

  it('reject with an error, never with a verdict, where the stored text is no hash', async () => {
    await expect(new ArgonPasswords(cheap).verify('damaged', 'correct horse')).rejects.toThrow(/decoding/i);
  });

  it('of unknown names are always wrong and cost as much as those of known ones', async () => {
    const passwords = new ArgonPasswords();
    const stored = await passwords.hash('correct horse');
    const [known, unknown] = await fastestMs(
      () => passwords.verify(stored, 'wrong horse'),
      () => passwords.verifyAgainstNothing('wrong horse'),
    );
    expect(unknown / known).toBeGreaterThan(0.6);
    expect(unknown / known).toBeLessThan(1.6);
    expect(await passwords.verifyAgainstNothing('')).toBe(false);
  });

  it('wait in a bounded queue, are refused beyond it, and are counted', async () => {
    const passwords = new ArgonPasswords({ ...cheap, concurrent: 2, waiting: 3 });
    const all = Array.from({ length: 8 }, () => passwords.verifyAgainstNothing('correct horse'));
    expect(passwords.counts()).toMatchObject({ running: 2, waiting: 3 });
    const outcomes = await Promise.allSettled(all);
    const refused = outcomes.filter(({ status }) => status === 'rejected');
    expect(refused.map((outcome) => 'reason' in outcome && outcome.reason.code)).toEqual(
      Array(3).fill('queue_full'),
    );
    expect(passwords.counts()).toEqual({ running: 0, waiting: 0, done: 5, refused: 3 });
  });
});

type Run = () => Promise<unknown>;

/** The fastest run of each, in turns: what the work costs where nothing else interferes. */
async function fastestMs(one: Run, other: Run): Promise<readonly [number, number]> {
  const fastest: [number, number] = [Infinity, Infinity];
  for (let round = 0; round < 15; round += 1) {
    fastest[0] = Math.min(fastest[0], await timed(one));
    fastest[1] = Math.min(fastest[1], await timed(other));
  }
  return fastest;
}

async function timed(run: Run): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}
