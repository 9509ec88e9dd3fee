// One round of a race: a person and sessions are made, then an act and a revocation are let loose on each
// other.
import { ProofSigner } from '../client/index.js';
import { tokenUrl } from '../model/local-service.js';
import { acts } from './acts.js';
import type { Acted, ActName } from './acts.js';
import { keep } from './person.js';
import type { Code, Held, Person, Processes } from './person.js';
import type { Random } from './random.js';
import { RacingStore, traced } from './racing-store.js';
import type { Faults, Trace } from './racing-store.js';
import { revoke } from './revocations.js';
import type { Revoked, RevocationName } from './revocations.js';

/** Which revocation meets which act. */
export interface Pairing {
  readonly revocation: RevocationName;
  readonly act: ActName;
}

/** Where a race is run. */
export interface Ring {
  readonly by: Processes;
  readonly store: RacingStore;
  readonly random: Random;
  /** What the store does wrong. */
  readonly faults: Faults;
}

/** Who and what there was before the race. */
export interface Scene {
  readonly person: Person;
  /** Rotates during `refresh`; is the session that is ended, but for `exchange`. */
  readonly held: Held;
  /** The one that a revocation may spare. */
  readonly spared: Held;
  /** In flight during `exchange`. */
  readonly code: Code;
  /** Never used before the revocation. */
  readonly unusedCode: Code;
}

/** What is judged: the scene, what the act was answered, the revocation with what it did at the store. */
export interface Raced {
  readonly pairing: Pairing;
  readonly scene: Scene;
  readonly acted: Acted;
  readonly revoked: Revoked;
  readonly revocation: Trace;
}

/** Within how many beginnings and ends of steps at the store a revocation starts: about those of an act. */
const windows: { readonly [act in ActName]: number } = { refresh: 24, exchange: 16, 'sign-in': 26 };

export async function race(pairing: Pairing, ring: Ring): Promise<Raced> {
  const { by, random, store } = ring;
  const scene = await setUp(ring);
  const { person, held, code, spared } = scene;
  const acted: Acted = { sent: [], codes: [] };
  const newPassword = pairing.revocation === 'password' ? `new ${person.password}` : undefined;
  let isOver = false;
  const bound = held.key !== undefined;
  const act = acts[pairing.act]({ by, random, person, bound, held, code, newPassword }, acted);
  const acting = act.finally(() => {
    isOver = true;
  });
  const ending = traced(pairing.revocation, async (trace) => {
    const start = RacingStore.now + random.below(windows[pairing.act] * RacingStore.stepLength);
    while (RacingStore.now < start && !isOver) await RacingStore.turn();
    const inFlight = pairing.act === 'exchange';
    const target = {
      person,
      sessionId: inFlight ? code.sessionId : held.sessionId,
      token: inFlight ? undefined : held,
      spared: spared.sessionId,
    };
    const revoked = await revoke(pairing.revocation, target, { by, random, store, gaveUp: () => isOver });
    return { revoked, trace };
  });
  const [{ revoked, trace }] = await Promise.all([ending, acting]);
  return { pairing, scene, acted, revoked, revocation: trace };
}

async function setUp({ by, random }: Ring): Promise<Scene> {
  const person = await by.openAccount();
  const authentication = await by.authenticate(person);
  const bound = random.chance(0.6);
  const held = await by.session(authentication, bound);
  for (let rotations = random.below(3); rotations > 0; rotations -= 1) {
    keep(held, await by.refresh(held, held.refreshTokens.at(-1) as string));
  }
  const spared = await by.session(authentication, random.chance(0.5));
  const key = (): ProofSigner | undefined => (bound ? new ProofSigner(tokenUrl) : undefined);
  const code = await by.code(authentication, key());
  return { person, held, spared, code, unusedCode: await by.code(authentication, key()) };
}
