// Credential stuffing: one network works through a list of names and passwords; a few of them fit.
import { Random } from '../races/random.js';
import type { Account, Holder } from './account.js';
import { hourMs, minuteMs, secondMs } from './act.js';
import type { Act, Course } from './act.js';
import type { Spot, World } from './world.js';

export interface Campaign {
  readonly world: World;
  readonly seed: number;
  readonly fromMs: number;
  /** Where a password of the list fits. */
  readonly hits: readonly Account[];
  /** Accounts that are on the list with a password that does not fit. */
  readonly tried: readonly Account[];
  /** He got in: what the account's label says of when. */
  readonly entered: (account: Account, ms: number) => void;
}

/** A name or a hit each few seconds; what was entered is used some minutes later, a few times. */
export function* stuff({ world, seed, fromMs, hits, tried, entered }: Campaign): Course {
  const random = new Random(seed);
  const country = world.exitCountry(random);
  const spot = random.chance(0.6) ? world.hosting(country, random) : world.elsewhere(country, random);
  const names = 30 + random.below(300);
  const pauseMs = random.pick([secondMs, 5 * secondMs, 20 * secondMs]);
  const hitAt = new Map<number, Account>();
  for (const hit of hits) hitAt.set(freeOf(hitAt, random.below(names)), hit);
  const inside: [Account, Holder][] = [];
  let ms = fromMs;
  for (let number = 0; number < names + hits.length; number += 1) {
    ms += pauseMs * (0.5 + random.next());
    const account = hitAt.get(number);
    if (account === undefined) {
      const other = random.chance(0.3) ? tried[number % Math.max(1, tried.length)] : undefined;
      const atMs = ms;
      yield other === undefined
        ? failure({ world, spot, ms, name: `${seed}-${number}` })
        : act(ms, (emit) => other.fail({ ms: atMs, spot, emit }, 1));
      continue;
    }
    const holder = account.device('thief');
    inside.push([account, holder]);
    yield act(ms, (emit) => {
      entered(account, ms);
      account.signIn(holder, { ms, spot, emit }, () => account.markStolen(holder));
    });
  }
  yield* useWhatFits(inside, { ms, spot, random });
}

function* useWhatFits(
  inside: readonly (readonly [Account, Holder])[],
  { ms: atMs, spot, random }: { readonly ms: number; readonly spot: Spot; readonly random: Random },
): Course {
  let ms = atMs + random.below(2 * hourMs);
  for (let round = 0; round < 4; round += 1) {
    for (const [account, holder] of inside) {
      ms += minuteMs + random.below(4 * minuteMs);
      const atMs = ms;
      yield act(atMs, (emit) => account.refresh(holder, { ms: atMs, spot, emit }));
    }
  }
}

/** Of a name that nobody has. */
function failure(of: {
  readonly world: World;
  readonly spot: Spot;
  readonly ms: number;
  readonly name: string;
}): Act {
  const { world, spot, ms, name } = of;
  const network = world.seen(spot, null, ms);
  return act(ms, (emit) => {
    emit({ ms, account: null, name, device: null, kind: 'sign_in_failed', network });
  });
}

function act(ms: number, run: Act['run']): Act {
  return { ms, run };
}

function freeOf(taken: ReadonlyMap<number, unknown>, from: number): number {
  let at = from;
  while (taken.has(at)) at += 1;
  return at;
}
