// Thieves of single accounts: what each kind gets hold of, where he works from, and how he goes about it.
import { Random } from '../races/random.js';
import type { Account, Answer, Doing, Holder } from './account.js';
import { dayMs, hourMs, minuteMs, secondMs } from './act.js';
import type { Act, Course } from './act.js';
import type { Person } from './person.js';
import type { Spot, World } from './world.js';

export const attacks = [
  'stolen_password',
  'stolen_bearer_token',
  'session_hijack',
  'credential_stuffing',
  'scraper',
  'notice_thief',
  'slow_theft',
] as const;
export type Attack = (typeof attacks)[number];
export type SingleAttack = Exclude<Attack, 'credential_stuffing'>;

export interface ThiefOf {
  readonly world: World;
  readonly account: Account;
  readonly owner: Person;
  /** Where the owner lives. */
  readonly country: string;
  readonly seed: number;
  readonly fromMs: number;
}

type Emit = Parameters<Act['run']>[0];

export class Thief {
  private readonly random: Random;
  private isOut = false;

  constructor(private readonly of: ThiefOf) {
    this.random = new Random(of.seed);
  }

  course(attack: SingleAttack): Course {
    switch (attack) {
      case 'stolen_password':
        return this.signInFromAfar();
      case 'stolen_bearer_token':
        return this.useBeside(this.anySpot(), 25 * minuteMs);
      case 'session_hijack':
        return this.useBeside(this.anySpot(), 12 * minuteMs);
      case 'scraper':
        return this.scrape();
      case 'notice_thief':
        return this.announce();
      case 'slow_theft':
        return this.takeItSlowly();
      default:
        return noSuch(attack);
    }
  }

  /** A password from a phishing page, tried out at once and used for an evening or a few days. */
  private *signInFromAfar(): Course {
    const { world, country, account } = this.of;
    const { random } = this;
    const spot = this.spotIn(world.farCountry(random, country));
    const own = account.device('thief');
    let ms = this.of.fromMs;
    if (random.chance(0.3)) {
      yield this.act(ms, spot, (doing) => account.fail(doing, 1 + random.below(3)));
      ms += 10 * secondMs + random.below(2 * minuteMs);
    }
    yield this.signIn(own, ms, spot);
    yield* this.useLikeAnApp(own, { ms, spot, forMs: random.pick([hourMs, 5 * hourMs, 2 * dayMs]) });
  }

  /** A copy of what the phone holds, used beside it until it gets nothing any more. */
  private *useBeside(spot: Spot, everyMs: number): Course {
    const { account, owner, fromMs } = this.of;
    const { random } = this;
    let copy: Holder | undefined;
    let ms = fromMs;
    for (let left = 5 + random.below(40); left > 0 && !this.isOut; left -= 1) {
      yield this.act(ms, spot, (doing) => {
        copy ??= account.copyOf(owner.phone);
        this.use(copy, doing);
      });
      ms += everyMs * (0.3 + 1.4 * random.next());
    }
  }

  /** A script with a password of its own: fixed pauses, random pauses, none, or an app's own pace. */
  private *scrape(): Course {
    const { world, country, account, fromMs } = this.of;
    const { random } = this;
    const spot = random.chance(0.65)
      ? world.hosting(random.chance(0.5) ? country : world.exitCountry(random), random)
      : random.chance(0.5)
        ? world.elsewhere(country, random)
        : world.vpn(country, random);
    const script = account.device('script');
    let ms = fromMs;
    yield this.signIn(script, ms, spot);
    const style = random.next();
    const [baseMs, spread] = paceOf(style, random);
    const endMs = fromMs + (2 + random.below(30)) * hourMs;
    while (ms < endMs && !this.isOut) {
      ms += baseMs * (1 - spread + 2 * spread * random.next());
      yield this.act(ms, spot, (doing) => this.use(script, doing));
    }
  }

  /** Signs in from near the owner, announces a journey, and comes from there some hours later. */
  private *announce(): Course {
    const { world, country, account, fromMs } = this.of;
    const { random } = this;
    const near = random.chance(0.5) ? world.elsewhere(country, random) : world.vpn(country, random);
    const far = world.farCountry(random, country);
    const first = account.device('thief');
    yield this.signIn(first, fromMs, near);
    const noticeMs = fromMs + minuteMs + random.below(3 * minuteMs);
    const journey = { countries: [far], fromMs: noticeMs, untilMs: noticeMs + 14 * dayMs };
    yield this.act(noticeMs, near, (doing) => account.fileNotice(first, doing, journey));
    const spot = this.spotIn(far);
    const ms = noticeMs + hourMs + random.below(random.chance(0.7) ? 36 * hourMs : 5 * dayMs);
    // The session that filed excuses itself nothing: he signs in once more, on that machine or another.
    const second = random.chance(0.5) ? first : account.device('thief-2');
    if (second !== first || random.chance(0.5)) yield this.signIn(second, ms, spot);
    yield* this.useLikeAnApp(second, { ms, spot, forMs: random.pick([2 * hourMs, dayMs]) });
  }

  /** A copied token, once to thrice a day, from behind a VPN or a data centre near the owner. */
  private *takeItSlowly(): Course {
    const { world, country, account, owner, fromMs } = this.of;
    const { random } = this;
    const spot = random.chance(0.6) ? world.vpn(country, random) : world.hosting(country, random);
    // Best of all a device that its owner hardly looks at.
    const ofTablet = random.chance(0.5);
    let copy: Holder | undefined;
    let ms = fromMs;
    while (!this.isOut) {
      yield this.act(ms, spot, (doing) => {
        copy ??= account.copyOf(ofTablet ? (owner.tablet ?? owner.phone) : owner.phone);
        this.use(copy, doing);
      });
      ms += 6 * hourMs + random.below(24 * hourMs);
    }
  }

  private *useLikeAnApp(
    holder: Holder,
    { ms: atMs, spot, forMs }: { readonly ms: number; readonly spot: Spot; readonly forMs: number },
  ): Course {
    const { random } = this;
    let ms = atMs;
    while (ms < atMs + forMs && !this.isOut) {
      const isBreak = random.chance(0.2);
      ms += (isBreak ? 30 * minuteMs : 4 * minuteMs) + random.below(isBreak ? 4 * hourMs : minuteMs);
      yield this.act(ms, spot, (doing) => this.use(holder, doing));
    }
  }

  private use(holder: Holder, doing: Doing): void {
    const { account } = this.of;
    account.markStolen(holder);
    const answer: Answer = account.refresh(holder, doing);
    if (answer === 'stale' || answer === 'ended') this.isOut = true;
  }

  private signIn(holder: Holder, ms: number, spot: Spot): Act {
    return this.act(ms, spot, (doing) => {
      const { account } = this.of;
      account.signIn(holder, doing, () => account.markStolen(holder));
    });
  }

  private act(ms: number, spot: Spot, run: (doing: Doing) => void): Act {
    return { ms, run: (emit: Emit) => run({ ms, spot, emit }) };
  }

  /** For a token that was copied: far away, hidden, or in the owner's own country. */
  private anySpot(): Spot {
    const { world, country } = this.of;
    const { random } = this;
    const draw = random.next();
    if (draw < 0.45) return this.spotIn(world.farCountry(random, country));
    if (draw < 0.6) return world.vpn(world.exitCountry(random), random);
    if (draw < 0.75) return world.hosting(world.exitCountry(random), random);
    return world.elsewhere(country, random);
  }

  private spotIn(country: string): Spot {
    const { world } = this.of;
    const { random } = this;
    const draw = random.next();
    if (draw < 0.6) return world.elsewhere(country, random);
    return draw < 0.85 ? world.mobile(country, 1, random) : world.hosting(country, random);
  }
}

/** Milliseconds between two calls, and by how much of that they vary to both sides. */
function paceOf(style: number, random: Random): readonly [number, number] {
  if (style < 0.4) return [random.pick([10, 15, 30, 60, 60, 120]) * secondMs, 0.03];
  if (style < 0.65) return [(5 + random.below(55)) * secondMs, 0.5];
  if (style < 0.85) return [2 * secondMs, 0.3];
  return [285 * secondMs, 0.03];
}

function noSuch(attack: never): never {
  throw new Error(`no such attack: ${String(attack)}`);
}
