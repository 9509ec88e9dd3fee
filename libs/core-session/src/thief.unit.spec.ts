// A thief without the key but with every token and every recorded proof: no replay of a used proof is
// granted.
import fc from 'fast-check';
import { fingerprintOf, hourMs, keyBoundSession, minuteMs, policy } from '@sallyport/testing';
import { proofOf, standingOf, startedMs } from '@sallyport/testing';
import { rotate } from './rotation.js';
import type { RotationDecision } from './rotation.js';
import type { ProofFacts } from './rotation-events.js';
import { carriedSession } from './session-events.js';
import type { SessionState } from './session-events.js';

interface UsedProof {
  readonly proof: ProofFacts;
  /** The generation it was sent with. */
  readonly generation: number;
}

/** One session, the clock, and what the issuer's memory and the thief hold. */
interface World {
  session: SessionState;
  nowMs: number;
  /** Proofs that no event remembers, with the time of their use: the issuer keeps them in memory for a
   * minute. */
  readonly memory: Map<string, number>;
  readonly used: UsedProof[];
}

interface PhoneStep {
  readonly kind: 'phone';
  readonly afterMs: number;
  /** 0: the latest token, 1: its predecessor, 2: older. */
  readonly age: number;
  readonly nonceAgeMs: number;
  readonly namesToken: boolean;
  readonly attempt?: string;
  /** How often the same is sent, each time with a new proof. */
  readonly times: number;
}
interface ThiefStep {
  readonly kind: 'thief';
  readonly afterMs: number;
  readonly age: number;
  readonly pick: number;
}
type Step = PhoneStep | ThiefStep;

/** At least a millisecond passes between any two requests: a nonce is used after it was given out. */
const afterMs = fc.oneof(
  fc.integer({ min: 1, max: 50 }),
  fc.integer({ min: 1, max: 2 * minuteMs }),
  fc.integer({ min: 1, max: 2 * hourMs }),
);
const phoneStep = fc.record({
  kind: fc.constant('phone' as const),
  afterMs,
  age: fc.constantFrom(0, 0, 1, 1, 1, 2),
  nonceAgeMs: fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: hourMs })),
  namesToken: fc.boolean(),
  attempt: fc.constantFrom(undefined, undefined, 'a', 'b'),
  times: fc.constantFrom(1, 1, 1, 2, 9, 18),
});
const thiefStep = fc.record({
  kind: fc.constant('thief' as const),
  afterMs,
  age: fc.nat(3),
  pick: fc.nat(999),
});
const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(phoneStep, thiefStep), { maxLength: 40, size: 'max' });

function newWorld(): World {
  const exchange = proofOf('exchange', { nonceTimeMs: startedMs - 1 });
  return {
    session: keyBoundSession,
    nowMs: startedMs,
    memory: new Map(),
    used: [{ proof: exchange, generation: -1 }],
  };
}

/** What the issuer decides, its memory of unrecorded proofs included. */
function present(world: World, generation: number, proof: ProofFacts): RotationDecision {
  const usedMs = world.memory.get(proof.proofHash);
  if (usedMs !== undefined && world.nowMs - usedMs <= minuteMs) return { kind: 'replayed' };
  return rotate(standingOf(world.session), {
    nowMs: world.nowMs,
    clientId: keyBoundSession.clientId,
    presented: { generation, fingerprint: fingerprintOf(generation) },
    proof,
    successor: { fingerprint: fingerprintOf(generation + 1), keyId: 'r1' },
    policy,
  });
}

type Granted = Extract<RotationDecision, { kind: 'rotate' | 'retry' }>;

function isGranted(decision: RotationDecision | undefined): decision is Granted {
  return decision?.kind === 'rotate' || decision?.kind === 'retry';
}

function phoneSends(world: World, step: PhoneStep): void {
  const generation = world.session.generation - step.age;
  if (generation < 0) return;
  for (let time = 0; time < step.times; time += 1) {
    world.nowMs += time === 0 ? step.afterMs : 1;
    const ready = {
      nonceTimeMs: world.nowMs - step.nonceAgeMs,
      namesToken: step.namesToken,
      attemptHash: step.attempt,
    };
    const challenged = send(world, generation, ready);
    if (challenged === undefined) continue;
    world.nowMs += 1;
    send(world, generation, { ...ready, nonceTimeMs: Math.max(challenged, world.nowMs - 1) });
  }
}

/** Sends a new proof with the token; takes note of what came of it. Returns the floor of a challenge. */
function send(
  world: World,
  generation: number,
  claims: Pick<ProofFacts, 'nonceTimeMs' | 'namesToken' | 'attemptHash'>,
): number | undefined {
  const proof = proofOf(world.used.length, claims);
  const decision = present(world, generation, proof);
  if (decision.kind === 'challenge') return decision.nonceFloorMs;
  if (!isGranted(decision)) return undefined;
  const last = decision.events.at(-1);
  if (last !== undefined) world.session = carriedSession(last) as SessionState;
  if (decision.kind === 'retry' && decision.sampled === true) world.memory.set(proof.proofHash, world.nowMs);
  world.used.push({ proof, generation });
  return undefined;
}

/** The thief presents a used proof; one that names its token fits no other. */
function thiefPresents(world: World, step: ThiefStep): RotationDecision | undefined {
  world.nowMs += step.afterMs;
  const { proof, generation } = world.used[step.pick % world.used.length] as UsedProof;
  const target = proof.namesToken ? generation : world.session.generation - step.age;
  return target < 0 ? undefined : present(world, target, proof);
}

describe('a thief with every token and every used proof, but without the key', () => {
  it('is granted nothing, whatever the phone does in between', () => {
    const property = fc.property(steps, (sequence) => {
      const world = newWorld();
      for (const step of sequence) {
        const granted = step.kind === 'thief' && isGranted(thiefPresents(world, step));
        if (step.kind === 'phone') phoneSends(world, step);
        expect(granted).toBe(false);
      }
    });
    fc.assert(property, { numRuns: 3000 });
  });

  it('is granted nothing when every used proof is tried with both good tokens at every point', () => {
    const property = fc.property(fc.array(phoneStep, { maxLength: 12 }), (sequence) => {
      const world = newWorld();
      for (const step of sequence) {
        phoneSends(world, step);
        for (let pick = 0; pick < world.used.length; pick += 1) {
          for (const age of [0, 1]) {
            expect(isGranted(thiefPresents(world, { kind: 'thief', afterMs: 0, age, pick }))).toBe(false);
          }
        }
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
