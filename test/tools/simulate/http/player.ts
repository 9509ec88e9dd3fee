// Plays what simulated people and thieves do against a service: each deed a request, in order.
import type * as oauth from 'oauth4webapi';
import { newDeviceKey, newId } from '../../client/index.js';
import type { DeviceKey, Person } from '../../client/index.js';
import type { Target } from '../../target/target.js';
import type { Deed, Holder } from '../account.js';
import { isoOf } from '../line.js';
import type { Line } from '../line.js';
import type { Addresses } from './addresses.js';
import { Hand } from './hand.js';
import type { Timekeeper } from './timekeeper.js';

/** Somebody with an account at the service. */
export interface Resident extends Person {
  readonly accountId: string;
  /** The service's sessions that a thief used. */
  readonly stolen: Set<string>;
}

type Placed = Exclude<Deed, { readonly kind: 'copy' | 'stolen' }>;
type Refresh = Extract<Deed, { readonly kind: 'refresh' }>;

/** A script refreshes each few seconds for a day: who was not found by so many is not by more. */
const maxThiefUses = 150;
const wrongPassword = 'not the password at all';

export class Player {
  readonly residents = new Map<string, Resident>();
  /** What was sent, and what came of it. */
  readonly counts = { deeds: 0, signIns: 0, refused: 0, refreshes: 0, signedOut: 0, stepUps: 0, skipped: 0 };
  private readonly hands = new Map<Holder, Hand>();
  private readonly uses = new Map<Hand, number>();
  private readonly keys = new Map<string, Promise<DeviceKey>>();
  private position: string | undefined;

  constructor(
    private readonly target: Target,
    private readonly as: oauth.AuthorizationServer,
    private readonly means: { readonly addresses: Addresses; readonly time: Timekeeper },
  ) {}

  async play(deed: Deed): Promise<void> {
    if (deed.kind === 'copy') return (await this.hand(deed.to)).take(await this.hand(deed.from));
    if (deed.kind === 'stolen') {
      (await this.hand(deed.holder)).isThiefs = true;
      return;
    }
    if (deed.kind === 'refresh' && (await this.isIdle(deed))) {
      this.counts.skipped += 1;
      return;
    }
    this.counts.deeds += 1;
    await this.means.time.reach(deed.ms, this.position);
    await this.placed(deed);
  }

  /** A sign-in under a name that nobody has. */
  async playUnknownName({ ms, name = '', network }: Line): Promise<void> {
    this.counts.deeds += 1;
    await this.means.time.reach(ms, this.position);
    const place = network?.ipTag.slice(network.ipTag.indexOf(':') + 1) ?? name;
    const address = this.means.addresses.of(place, network?.country ?? null);
    await this.fail({ username: `nobody-${name}@example.org`, password: wrongPassword }, address);
  }

  /** All that was done is judged. */
  settled(): Promise<void> {
    return this.means.time.untilJudged(this.position);
  }

  private async placed(deed: Placed): Promise<void> {
    const resident = await this.resident(deed.account.id);
    const address = this.means.addresses.of(deed.spot.address, deed.country);
    switch (deed.kind) {
      case 'sign_in':
        return this.signIn(await this.hand(deed.holder), resident, address);
      case 'sign_out':
        return (await this.hand(deed.holder)).signOut(address);
      case 'refresh':
        return this.refresh(deed, resident, address);
      case 'notice':
        return this.announce(deed, address);
      case 'fail':
        for (let n = 0; n < deed.count; n += 1) {
          await this.fail({ ...resident, password: wrongPassword }, address);
        }
        return;
      default:
        return noSuch(deed);
    }
  }

  private async signIn(hand: Hand, resident: Resident, address: string): Promise<void> {
    this.counts.signIns += 1;
    if ((await hand.signIn(resident, address)) !== 'tokens') this.counts.refused += 1;
    this.note(hand, resident);
  }

  private async refresh({ holder, lost }: Refresh, resident: Resident, address: string): Promise<void> {
    const hand = await this.hand(holder);
    this.note(hand, resident);
    if (!hand.isThiefs && (await this.isAsked(hand, resident))) {
      this.counts.stepUps += 1;
      return this.signIn(hand, resident, address);
    }
    this.counts.refreshes += 1;
    if ((await hand.refresh(address, lost)) === 'out') {
      this.counts.signedOut += 1;
      // A person signs in again; a thief without a password cannot, and one with it does not risk it.
      if (!hand.isThiefs) await this.signIn(hand, resident, address);
    }
    this.note(hand, resident);
  }

  /** Whether the service wants a new sign-in on the device before this session moves money. */
  private async isAsked(hand: Hand, { accountId }: Resident): Promise<boolean> {
    const { sessionId } = hand;
    if (!hand.isBound || sessionId === undefined) return false;
    const { holds = [] } = (await this.target.operator.account(accountId)) as {
      readonly holds?: readonly { readonly sessionId?: string }[];
    };
    return holds.some((hold) => hold.sessionId === sessionId);
  }

  private async announce(deed: Extract<Deed, { readonly kind: 'notice' }>, address: string): Promise<void> {
    const { countries, fromMs, untilMs } = deed.journey;
    const [from, until] = [fromMs, untilMs].map((ms) => isoOf(this.means.time.serviceMs(ms)));
    await (await this.hand(deed.holder)).announce(address, { countries, from, until });
  }

  private async fail(person: Person, address: string): Promise<void> {
    this.counts.signIns += 1;
    this.counts.refused += 1;
    await new Hand(this.as).signIn(person, address);
  }

  /** Nothing to send: a thief who is out, or who was heard of often enough. */
  private async isIdle({ holder }: Refresh): Promise<boolean> {
    const hand = await this.hand(holder);
    const uses = (this.uses.get(hand) ?? 0) + 1;
    this.uses.set(hand, uses);
    return hand.isThiefs && (hand.held === undefined || uses > maxThiefUses);
  }

  private note(hand: Hand, { stolen }: Resident): void {
    if (hand.isThiefs && hand.sessionId !== undefined) stolen.add(hand.sessionId);
    const { position } = hand;
    if (Number(position ?? 0) > Number(this.position ?? 0)) this.position = position;
  }

  /** Accounts are opened by the operator, at their first use. */
  private async resident(id: string): Promise<Resident> {
    const known = this.residents.get(id);
    if (known !== undefined) return known;
    const person = { username: `sim-${newId().toLowerCase()}@example.org`, password: `simulated ${newId()}` };
    const { accountId } = await this.target.operator.openAccount(person);
    const resident = { ...person, accountId, stolen: new Set<string>() };
    this.residents.set(id, resident);
    return resident;
  }

  private async hand(holder: Holder): Promise<Hand> {
    const known = this.hands.get(holder);
    if (known !== undefined) return known;
    const hand = new Hand(this.as, holder.device === null ? undefined : await this.key(holder.device));
    this.hands.set(holder, hand);
    return hand;
  }

  private key(device: string): Promise<DeviceKey> {
    const key = this.keys.get(device) ?? newDeviceKey();
    this.keys.set(device, key);
    return key;
  }
}

function noSuch(deed: never): never {
  throw new Error(`no such deed: ${JSON.stringify(deed)}`);
}
