// Draws what happens in a random world: acts by their weights, after what most of the others need.
import fc from 'fast-check';
import { actWeights } from './random-world.js';
import type { Act, ActKind } from './random-world.js';

/** Accounts that the acts are on; few, so that the acts meet. */
export const randomAccounts = 2;

const act = fc.record({
  kind: fc.oneof(
    ...Object.entries(actWeights).map(([kind, weight]) => ({
      weight,
      arbitrary: fc.constant(kind as ActKind),
    })),
  ),
  who: fc.nat(randomAccounts - 1),
  which: fc.nat(2),
});

/** Every history begins so. */
const prelude: readonly Act[] = Array.from({ length: randomAccounts }, (_, who) =>
  (['open', 'link', 'start'] as const).map((kind) => ({ kind, who, which: 0 })),
).flat();

/** Histories of 20 to 120 acts, unless told otherwise. */
export function randomActs(
  length: { readonly minLength: number; readonly maxLength: number } = { minLength: 20, maxLength: 120 },
): fc.Arbitrary<readonly Act[]> {
  return fc.array(act, length).map((acts) => [...prelude, ...acts]);
}

/** One history of so many acts, the same for the same seed. */
export function drawnActs(count: number, seed: number): readonly Act[] {
  const [acts = []] = fc.sample(randomActs({ minLength: count, maxLength: count }), { seed, numRuns: 1 });
  return acts;
}
