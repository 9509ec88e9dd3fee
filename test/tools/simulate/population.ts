// Who there is: honest accounts of all kinds, and which of them thieves attack, how and from when on.
import { Random, seedOf } from '../races/random.js';
import { Account } from './account.js';
import type { Deed } from './account.js';
import { dayMs, merged, startMs } from './act.js';
import type { Course } from './act.js';
import type { Label, Line } from './line.js';
import { Person, populations } from './person.js';
import type { Population } from './person.js';
import { stuff } from './stuffing.js';
import { attacks, Thief } from './thief.js';
import type { Attack } from './thief.js';
import { World } from './world.js';

export interface Scale {
  readonly seed: number;
  readonly accounts: number;
  readonly days: number;
  /** Networks say their country only, as with the data that the service comes with. */
  readonly countriesOnly?: boolean;
  /** Is told each deed before the lines that it leaves. */
  readonly witness?: (deed: Deed) => void;
}

export interface Simulation {
  /** In order of time. */
  readonly lines: Generator<Line, void, void>;
  /** True to the end of `lines` only: a thief's sessions are added as he gets them. */
  readonly labels: ReadonlyMap<string, Label>;
}

/** How many of a thousand accounts are attacked, all kinds alike, and how many behave in which way. */
const attackedPerMille = 70;
const shares: readonly (readonly [Population, number])[] = [
  ['commuter', 0.42],
  ['traveller', 0.14],
  ['family', 0.14],
  ['carrier_nat', 0.1],
  ['vpn_user', 0.08],
  ['flat_battery', 0.06],
  ['clock_error', 0.06],
];
/** Accounts that one campaign of credential stuffing gets into. */
const hitsPerCampaign = 4;
/** Of honest accounts, how many are opened during the simulation. */
const newcomers = 0.03;
const familySize = 4;

interface Resident {
  readonly account: Account;
  readonly person: Person;
  readonly label: { -readonly [M in keyof Label]: Label[M] };
}

/** The same seed and scale give the same lines and labels. */
export function simulate(scale: Scale): Simulation {
  const { seed, accounts, days, countriesOnly = false } = scale;
  const world = new World(seed, accounts, countriesOnly);
  const attackOf = attacksOf(scale);
  const residents = Array.from({ length: accounts }, (_, n) => resident(world, scale, [n, attackOf.get(n)]));
  const courses: Course[] = residents.map(({ person }) => person.course());
  for (const [n, attack] of attackOf) {
    if (attack === 'credential_stuffing') continue;
    courses.push(theft(world, scale, [residents[n] as Resident, attack]));
  }
  courses.push(...campaigns(world, scale, residents));
  const labels = new Map(residents.map(({ label }) => [label.account, label]));
  return { lines: merged(courses, startMs + days * dayMs), labels };
}

/** By number of the account: spread over all of them, kinds in turn. */
function attacksOf({ seed, accounts }: Scale): Map<number, Attack> {
  const random = new Random(seedOf(seed, 'attacks'));
  const share = Math.round((accounts * attackedPerMille) / 1000);
  const count = accounts < attacks.length ? 0 : Math.max(attacks.length, share);
  const chosen = new Map<number, Attack>();
  while (chosen.size < count) {
    const number = random.below(accounts);
    if (!chosen.has(number)) chosen.set(number, attacks[chosen.size % attacks.length] as Attack);
  }
  return chosen;
}

function resident(
  world: World,
  { seed, days, witness }: Scale,
  [n, attack]: readonly [number, Attack | undefined],
): Resident {
  const random = new Random(seedOf(seed, 'resident', n));
  const account = new Account(`account-${n}`, world, witness);
  const population = populationOf(random.next());
  // A family lives where its first account does.
  const family = population === 'family' ? `family-${Math.floor(n / (familySize * 7))}` : undefined;
  const country = world.homeCountry(family === undefined ? random : new Random(seedOf(seed, family)));
  const person = new Person({
    world,
    account,
    population,
    country,
    household: family ?? `house-${n}`,
    seed: seedOf(seed, 'person', n),
    days,
    bearer: attack === 'stolen_bearer_token' || random.chance(0.08),
    newcomer: attack === undefined && random.chance(newcomers),
  });
  const label = { account: account.id, population };
  if (attack === undefined) return { account, person, label };
  return { account, person, label: { ...label, attack, sessions: account.stolen } };
}

function theft(
  world: World,
  { seed, days }: Scale,
  [{ account, person, label }, attack]: readonly [Resident, Exclude<Attack, 'credential_stuffing'>],
): Course {
  const random = new Random(seedOf(seed, 'theft', account.id));
  const fromMs = beginning(random, days);
  label.fromMs = fromMs;
  const { country } = person.of;
  const thiefSeed = seedOf(seed, 'thief', account.id);
  return new Thief({ world, account, owner: person, country, seed: thiefSeed, fromMs }).course(attack);
}

function campaigns(world: World, { seed, days }: Scale, residents: readonly Resident[]): Course[] {
  const victims = residents.filter(({ label }) => label.attack === 'credential_stuffing');
  const courses: Course[] = [];
  for (let first = 0; first < victims.length; first += hitsPerCampaign) {
    const group = victims.slice(first, first + hitsPerCampaign);
    const random = new Random(seedOf(seed, 'campaign', first));
    const tried = Array.from({ length: 40 }, () => random.pick(residents).account);
    courses.push(
      stuff({
        world,
        seed: seedOf(seed, 'stuffing', first),
        fromMs: beginning(random, days),
        hits: group.map(({ account }) => account),
        tried,
        entered: (account, ms) => {
          const entered = group.find((one) => one.account === account);
          if (entered !== undefined) entered.label.fromMs = Math.floor(ms);
        },
      }),
    );
  }
  return courses;
}

/** After some days of history, and before the last ones. */
function beginning(random: Random, days: number): number {
  return startMs + Math.floor(dayMs * days * (0.2 + 0.6 * random.next()));
}

function populationOf(draw: number): Population {
  let sum = 0;
  for (const [population, part] of shares) {
    sum += part;
    if (draw < sum) return population;
  }
  return populations[0];
}
