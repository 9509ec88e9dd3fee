// An honest person with a phone and sometimes a second device: when they open the app, where they are then,
// and what goes wrong on the way.
import { Random } from '../races/random.js';
import type { Account, Holder } from './account.js';
import { dayMs, hourMs, minuteMs, secondMs, startMs } from './act.js';
import type { Act, Course } from './act.js';
import { tripsOf } from './trip.js';
import type { Trip } from './trip.js';
import type { Spot, World } from './world.js';

export const populations = [
  'commuter',
  'traveller',
  'family',
  'carrier_nat',
  'vpn_user',
  'flat_battery',
  'clock_error',
] as const;
export type Population = (typeof populations)[number];

export interface PersonOf {
  readonly world: World;
  readonly account: Account;
  readonly population: Population;
  readonly country: string;
  readonly household: string;
  readonly seed: number;
  readonly days: number;
  /** The app on this person's phone has no device key. */
  readonly bearer: boolean;
  /** Opens the account during the simulation; the others have had it for 5 to 35 days. */
  readonly newcomer: boolean;
}

/** Chances of a day. */
const newPhone = 1 / 900;
const signInAgain = 1 / 60;
/** How many answers are lost on the move, and at home. */
const lostOutside = 0.02;
const lostInside = 0.002;

export class Person {
  phone: Holder;
  /** A tablet that stays at home, where there is one. */
  readonly tablet: Holder | undefined;
  readonly trips: readonly Trip[];
  private readonly random: Random;
  private readonly visitsPerDay: number;
  private readonly office: Spot | undefined;
  private readonly carrier: number;
  private readonly vpnShare: number;
  private phones = 1;

  constructor(readonly of: PersonOf) {
    const { world, account, country, population } = of;
    const random = (this.random = new Random(of.seed));
    this.phone = of.bearer ? account.bearer() : account.device('phone-1');
    this.tablet = random.chance(0.25) ? account.device('tablet') : undefined;
    this.visitsPerDay = Math.min(20, 1.5 + 4 * random.next() - 2.5 * Math.log(1 - random.next()));
    const isOffice = population !== 'carrier_nat' && random.chance(0.55);
    const offices = 1 + Math.ceil(world.accounts / 200);
    this.office = isOffice ? world.office(country, random.below(offices)) : undefined;
    this.carrier = random.below(3);
    this.vpnShare = population === 'vpn_user' ? random.pick([0.2, 0.5, 0.95]) : 0;
    this.trips = population === 'traveller' ? tripsOf({ world, random, country, days: of.days }) : [];
  }

  /** All the person does, to the end of the simulation. */
  *course(): Course {
    const { random, of } = this;
    const joined = of.newcomer ? random.below(of.days) + 1 : -5 - random.below(30);
    let ms = startMs + joined * dayMs + random.below(dayMs / 2);
    const home = this.homeSpot();
    yield this.act(ms, (doing) => of.account.signIn(this.phone, { ...doing, spot: home }));
    const { tablet } = this;
    if (tablet !== undefined) {
      ms += minuteMs + random.below(6 * hourMs);
      yield this.act(ms, (doing) => of.account.signIn(tablet, { ...doing, spot: home }));
    }
    for (let day = 0; day < of.days; day += 1) {
      for (const visitMs of this.visitsOf(startMs + day * dayMs)) {
        if (visitMs <= ms || this.isInTheAir(visitMs)) continue;
        for (const act of this.visit(visitMs)) yield act.ms > ms ? ((ms = act.ms), act) : { ...act, ms };
      }
    }
  }

  private *visit(atMs: number): Course {
    const { random, of } = this;
    const trip = this.trips.find(({ departMs, backMs }) => departMs - dayMs <= atMs && atMs < backMs);
    if (trip?.notice === true && !trip.filed && atMs < trip.departMs) yield this.noticeAct(trip, atMs);
    if (random.chance(newPhone / this.visitsPerDay)) yield this.newPhoneAct(atMs);
    else if (random.chance(signInAgain / this.visitsPerDay)) yield this.signInAct(this.phone, atMs);
    const { tablet } = this;
    const isAway = trip !== undefined && trip.departMs <= atMs;
    // On a journey only somebody else at home can be using the tablet.
    if (tablet !== undefined && random.chance(isAway ? trip.tabletShare : 0.2)) {
      yield* this.useFor(tablet, { atMs, spot: this.homeSpot() });
      return;
    }
    if (of.population === 'flat_battery' && random.chance(0.15)) yield* this.retries(atMs);
    yield* this.useFor(this.phone, { atMs, spot: this.spotAt(atMs) });
  }

  /** The app is open: a refresh at once, and one before each access token ends. */
  private *useFor(holder: Holder, { atMs, spot }: { readonly atMs: number; readonly spot: Spot }): Course {
    const { random, of } = this;
    let ms = atMs;
    let here = spot;
    const refreshes = 1 + Math.floor(-1.2 * Math.log(1 - random.next()));
    // A clock that is ahead: each token looks ended, so each call of the app begins with a refresh.
    const isAhead = of.population === 'clock_error' && holder === this.phone && random.chance(0.4);
    const rounds = isAhead ? 2 + random.below(10) : Math.min(refreshes, 12);
    for (let round = 0; round < rounds; round += 1) {
      const from = here;
      const lost = random.chance(from.kind === 'mobile' ? lostOutside : lostInside);
      yield this.refreshAct(holder, { ms, spot: from, lost });
      if (lost) {
        ms += 2 * secondMs + random.below(30 * secondMs);
        // The Wi-Fi was left while the answer was under way.
        if (random.chance(0.5)) here = this.mobileSpot(ms);
        yield this.refreshAct(holder, { ms, spot: here, lost: false });
      }
      ms += isAhead ? secondMs + random.below(12 * secondMs) : 240 * secondMs + random.below(55 * secondMs);
    }
  }

  /** The battery dies between request and answer, again and again, until there is a charger. */
  private *retries(atMs: number): Course {
    const { random } = this;
    let ms = atMs - 10 * minuteMs;
    const spot = this.mobileSpot(ms);
    for (let left = 3 + random.below(14); left > 0; left -= 1) {
      yield this.refreshAct(this.phone, { ms, spot, lost: true });
      ms += secondMs + random.below(30 * secondMs);
    }
  }

  private refreshAct(
    holder: Holder,
    { ms, spot, lost }: { readonly ms: number; readonly spot: Spot; readonly lost: boolean },
  ): Act {
    return this.act(ms, (doing) => {
      const { account } = this.of;
      const answer = account.refresh(holder, { ...doing, spot }, lost);
      // The rules for clients: on `stale` somebody else rotates this session: end it and sign in.
      if (answer === 'stale') account.signOut(holder, { ...doing, spot });
      if (answer === 'stale' || answer === 'ended') account.signIn(holder, { ...doing, spot });
    });
  }

  private signInAct(holder: Holder, atMs: number): Act {
    const spot = this.spotAt(atMs);
    const typos = this.random.chance(0.15) ? 1 + this.random.below(3) : 0;
    return this.act(atMs, (doing) => {
      if (typos > 0) this.of.account.fail({ ...doing, spot }, typos);
      this.of.account.signIn(holder, { ...doing, spot });
    });
  }

  private newPhoneAct(atMs: number): Act {
    this.phones += 1;
    const { account, bearer } = this.of;
    this.phone = bearer ? account.bearer() : account.device(`phone-${this.phones}`);
    return this.signInAct(this.phone, atMs);
  }

  /** A fresh sign-in, then the notice; the app goes on with the session it had, or with the new one. */
  private noticeAct(trip: Trip, atMs: number): Act {
    trip.filed = true;
    const { account } = this.of;
    const goesOn = this.random.chance(0.5);
    const spot = this.spotAt(atMs);
    return this.act(atMs, (doing) => {
      const holder = goesOn ? account.copyOf(this.phone) : this.phone;
      account.signIn(holder, { ...doing, spot });
      const journey = { countries: [trip.country], fromMs: trip.departMs, untilMs: trip.backMs + dayMs };
      account.fileNotice(holder, { ...doing, spot }, journey);
    });
  }

  private act(ms: number, run: (doing: { ms: number; emit: Parameters<Act['run']>[0] }) => void): Act {
    return {
      ms,
      run(emit) {
        run({ ms: this.ms, emit });
      },
    };
  }

  /** Times of the day at which the app is opened, in order. */
  private visitsOf(dayStartMs: number): number[] {
    const { random, of } = this;
    const isSilent = of.population === 'flat_battery' && Math.floor(dayStartMs / dayMs + of.seed) % 4 < 2;
    const count = isSilent ? 0 : Math.round(this.visitsPerDay * (0.4 + 1.2 * random.next()));
    const times = Array.from({ length: count }, () => dayStartMs + 6 * hourMs + random.below(17 * hourMs));
    return times.sort((a, b) => a - b);
  }

  private isInTheAir(ms: number): boolean {
    return this.trips.some(
      ({ departMs, arriveMs, leaveMs, backMs }) =>
        (departMs <= ms && ms < arriveMs) || (leaveMs <= ms && ms < backMs),
    );
  }

  private spotAt(ms: number): Spot {
    const { random, of } = this;
    const { world, country } = of;
    const trip = this.trips.find(({ arriveMs, leaveMs }) => arriveMs <= ms && ms < leaveMs);
    if (random.chance(this.vpnShare)) {
      const exit = random.chance(0.5) ? country : world.exitCountry(random);
      return world.vpn(exit, random);
    }
    if (trip !== undefined) return random.chance(0.55) ? trip.hotel : this.mobileSpot(ms);
    const hour = Math.floor((ms % dayMs) / hourMs);
    const isWorkday = Math.floor((ms - startMs) / dayMs) % 7 < 5;
    if (isWorkday && (hour === 7 || hour === 17)) return this.mobileSpot(ms);
    if (isWorkday && hour > 7 && hour < 17) return this.office ?? this.mobileSpot(ms);
    return random.chance(0.85) ? this.homeSpot() : this.mobileSpot(ms);
  }

  private homeSpot(): Spot {
    const { world, country, household, population } = this.of;
    if (population === 'carrier_nat') return world.mobile(country, this.carrier, this.random);
    return world.home(country, household);
  }

  /** Abroad a phone's data goes home first, or comes out where its local card says. */
  private mobileSpot(ms: number): Spot {
    const { world, country } = this.of;
    const trip = this.trips.find(({ arriveMs, leaveMs }) => arriveMs <= ms && ms < leaveMs);
    return world.mobile(trip?.dataCountry ?? country, this.carrier, this.random);
  }
}
