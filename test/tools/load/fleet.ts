// Phones of a few people, key-bound and bearer, signed in through the hosted page and loaded together.
import {
  demoBearer,
  demoPhone,
  discover,
  newDeviceKey,
  newId,
  obtainCode,
  TokenCaller,
  type Person,
} from '../client/index.js';
import type { Target } from '../target/target.js';
import { LoadPhone, type OnAnswer, type Outcome } from './phone.js';

export interface FleetSize {
  readonly keyBound: number;
  readonly bearer: number;
}

const phonesPerPerson = 4;

/** What one phone's loop ended with; undefined when it was told to stop. */
export interface Ended {
  readonly phone: LoadPhone;
  readonly outcome: Outcome | undefined;
}

export class Fleet {
  readonly keyBound: LoadPhone[] = [];
  readonly bearer: LoadPhone[] = [];

  private constructor(
    private readonly target: Target,
    private readonly people: readonly Person[],
  ) {}

  /** Opens the accounts and signs every phone in. */
  static async signIn(target: Target, size: FleetSize): Promise<Fleet> {
    const people: Person[] = [];
    while (people.length * phonesPerPerson < size.keyBound + size.bearer) {
      const person = { username: `load-${newId().toLowerCase()}@example.org`, password: `load ${newId()}` };
      await target.operator.openAccount(person);
      people.push(person);
    }
    const fleet = new Fleet(target, people);
    while (fleet.keyBound.length < size.keyBound) fleet.keyBound.push(await fleet.newPhone(true));
    while (fleet.bearer.length < size.bearer) fleet.bearer.push(await fleet.newPhone(false));
    return fleet;
  }

  get phones(): readonly LoadPhone[] {
    return [...this.keyBound, ...this.bearer];
  }

  /** All phones at once, each in a closed loop, until told to stop or until no token comes. */
  load(answered: OnAnswer, isStopped: () => boolean): Promise<Ended[]> {
    return Promise.all(
      this.phones.map(async (phone) => {
        const outcome = await phone.runUntilStopped(answered, isStopped);
        return { phone, outcome };
      }),
    );
  }

  /** Signs in anew on a bearer phone whose session has ended: that is the price of bearer. */
  async replaceBearer(phone: LoadPhone): Promise<void> {
    this.bearer[this.bearer.indexOf(phone)] = await this.newPhone(false);
  }

  /** A phone of one of the people that is not among the loaded ones; rejects when it is refused. */
  visitor(): Promise<LoadPhone> {
    return this.newPhone(false);
  }

  private async newPhone(keyBound: boolean): Promise<LoadPhone> {
    const person = this.people[this.phones.length % this.people.length] as Person;
    const as = await discover(this.target.issuer);
    const registration = keyBound ? demoPhone : demoBearer;
    const key = keyBound ? await newDeviceKey() : undefined;
    const code = await obtainCode(as, registration, { person, dpopJkt: key?.thumbprint });
    const caller = new TokenCaller(as, registration.clientId);
    const { status, body } = await caller.exchange(code, { key });
    if (status !== 200) throw new Error(`the exchange was answered ${status} ${JSON.stringify(body)}`);
    return new LoadPhone(caller, key, { token: String(body['refresh_token']), attempt: newId() });
  }
}
