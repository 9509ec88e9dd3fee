// A world in which phones refresh over a bad network, thieves try what they stole, and after every step the
// service is held against a naive oracle.
import { LocalService } from './local-service.js';
import type { Ground } from './local-service.js';
import * as network from './network.js';
import * as people from './people.js';
import type { Phone } from './phone.js';
import * as thieves from './thieves.js';
import { World } from './world.js';

type Act = (world: World, who: number, how: number) => Promise<void>;

/** What can happen, and how often against the others. */
const acts = {
  roundTrip: [60, network.roundTrip],
  refresh: [20, network.refresh],
  deliver: [20, network.deliver],
  receive: [20, network.receive],
  duplicate: [5, network.duplicate],
  loseRequest: [3, network.loseRequest],
  loseAnswer: [8, network.loseAnswer],
  parallel: [8, network.parallel],
  sleep: [8, network.sleep],
  thiefToken: [5, thieves.thiefToken],
  thiefOldProof: [8, thieves.thiefOldProof],
  thiefCopies: [8, thieves.thiefCopies],
  thiefOlderToken: [5, thieves.thiefOlderToken],
  thiefKey: [2, thieves.thiefKey],
  signIn: [4, people.signIn],
  endSession: [2, people.endSession],
  logOutEverywhere: [2, people.logOutEverywhere],
  lock: [2, people.lock],
  deviceLost: [2, people.deviceLost],
  restart: [1, network.restart],
  kill: [2, network.kill],
  rotateRefreshKey: [2, network.rotateRefreshKey],
  rotateSigningKey: [1, network.rotateSigningKey],
} as const satisfies Readonly<Record<string, readonly [weight: number, act: Act]>>;

export type StepKind = keyof typeof acts;

/** Every kind as often as it should happen. */
export const stepKinds = Object.entries(acts).flatMap(([kind, [weight]]) =>
  Array<StepKind>(weight).fill(kind as StepKind),
);

/** The numbers pick who and how. */
export interface Step {
  readonly kind: StepKind;
  readonly who: number;
  readonly how: number;
}

export class RotationModel {
  private constructor(private readonly world: World) {}

  /** Two accounts, each with a key-bound phone; one of them with a bearer app as well. */
  static async create(ground: Ground): Promise<RotationModel> {
    const world = new World(ground, await LocalService.start(ground));
    for (const bound of [true, true, false]) {
      const account = bound ? await people.openAccount(world) : (world.phones[0] as Phone).of.accountId;
      await people.addPhone(world, account, { bound, usesAttempts: true });
    }
    return new RotationModel(world);
  }

  /** Refreshes the service answered, of any kind. */
  get refreshes(): number {
    return this.world.refreshes;
  }

  /** Rejects with `Violation` when the service broke a guarantee. */
  async take({ kind, who, how }: Step): Promise<void> {
    const [, act] = acts[kind];
    await act(this.world, who, how);
    await this.world.check();
  }

  async close(): Promise<void> {
    await this.world.service.stop();
  }
}
