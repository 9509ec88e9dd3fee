// Journeys: where to, how long in the air, and how a traveller's phone is on the network there.
import type { Random } from '../races/random.js';
import { dayMs, hourMs, startMs } from './act.js';
import type { Spot, World } from './world.js';
import { kmBetween } from './world.js';

export interface Trip {
  readonly country: string;
  readonly departMs: number;
  readonly arriveMs: number;
  readonly leaveMs: number;
  readonly backMs: number;
  readonly hotel: Spot;
  /** Where the phone's mobile data comes out: at home, at the destination, or in a third country. */
  readonly dataCountry: string;
  /** Announced beforehand. */
  readonly notice: boolean;
  filed: boolean;
  /** How often somebody at home uses the tablet meanwhile. */
  readonly tabletShare: number;
}

/** One journey in two weeks or so, of two to ten days. */
export function tripsOf(of: {
  readonly world: World;
  readonly random: Random;
  readonly country: string;
  readonly days: number;
}): Trip[] {
  const { random, days } = of;
  const trips: Trip[] = [];
  for (let day = 1 + random.below(10); day < days; day += 4 + random.below(14)) {
    const trip = tripOf(of, startMs + day * dayMs + 5 * hourMs + random.below(14 * hourMs));
    trips.push(trip);
    day += Math.ceil((trip.backMs - trip.departMs) / dayMs);
  }
  return trips;
}

function tripOf(
  { world, random, country }: { readonly world: World; readonly random: Random; readonly country: string },
  departMs: number,
): Trip {
  const to = world.destination(random, country);
  // An airliner's speed, and the time until the phone is on again.
  const flightMs = (kmBetween(country, to) / 850) * hourMs + (0.5 + random.next()) * hourMs;
  const arriveMs = departMs + flightMs;
  const leaveMs = arriveMs + 2 * dayMs + random.below(8 * dayMs);
  const way = random.next();
  return {
    country: to,
    departMs,
    arriveMs,
    leaveMs,
    backMs: leaveMs + flightMs,
    hotel: world.elsewhere(to, random),
    dataCountry: way < 0.6 ? country : way < 0.9 ? to : world.exitCountry(random),
    notice: random.chance(0.45),
    filed: false,
    tabletShare: random.chance(0.2) ? 0.15 : 0,
  };
}
