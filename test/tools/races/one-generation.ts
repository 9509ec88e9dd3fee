// Races for one generation: a token presented many times at once, and rotations whose answers get lost.
import type { ProofSigner } from '../client/index.js';
import { streams } from '@sallyport/core-session';
import { keep } from './person.js';
import type { Answer, Held } from './person.js';
import type { Ring } from './race.js';
import { successorProblems } from './judge.js';
import { described, traced } from './racing-store.js';

/** What one round found. */
export interface Found {
  readonly problems: readonly string[];
  readonly trace: readonly string[];
}

const chainLength = 6;

/** A key-bound token used in parallel: the same successor for all, one generation further, and it goes on. */
export async function keyBoundInParallel(ring: Ring): Promise<Found> {
  const { by, random } = ring;
  const held = await newSession(ring, true);
  const token = held.refreshTokens[0] as string;
  // Some are one request sent twice: the second is refused as a replay, without a verdict on the token.
  const copied = (held.key as ProofSigner).proof({ nonce: await by.any.nonce(), token });
  const proofs = [undefined, undefined, ...(random.chance(0.5) ? [copied, copied] : [undefined])];
  const { answers, trace } = await allAtOnce(ring, held, proofs);
  const problems = successorProblems(
    answers.map((answer) => ({ answer, held })),
    ring,
  );
  const granted = answers.filter(({ kind }) => kind === 'tokens').length;
  const refused = answers.filter(({ kind }) => kind === 'failure');
  const replays = proofs.filter((proof) => proof !== undefined).length - 1;
  if (refused.length > Math.max(0, replays)) problems.push(`refused: ${JSON.stringify(refused)}`);
  if (granted === 0) problems.push('nobody was granted a token');
  if (replays > 0 && granted > proofs.length - replays) problems.push('one request was granted twice');
  const rotations = await eventsOf(ring, held, 'session.refresh-rotated');
  if (rotations !== 1) problems.push(`${rotations} rotations of one token`);
  const successor = answers.find(({ kind }) => kind === 'tokens');
  const next =
    successor?.kind === 'tokens' ? await by.refresh(held, successor.refreshToken as string) : undefined;
  if (next?.kind !== 'tokens') problems.push('the successor was refused');
  if ((await eventsOf(ring, held, 'session.reuse-detected')) > 0)
    problems.push('honest use was taken for reuse');
  return { problems, trace };
}

/** A bearer token used in parallel without grace: exactly one is served, and its session has ended. */
export async function bearerInParallel(ring: Ring): Promise<Found> {
  const { by, random, faults } = ring;
  const held = await newSession(ring, false);
  const proofs = Array.from({ length: 2 + random.below(4) }, () => undefined);
  const { answers, trace } = await allAtOnce(ring, held, proofs);
  const granted = answers.filter(({ kind }) => kind === 'tokens');
  const problems: string[] = [];
  const isEnough = granted.length === 1 || (faults.lostAnswers !== undefined && granted.length === 0);
  if (!isEnough) problems.push(`${granted.length} of ${answers.length} were served`);
  for (const answer of granted) {
    const successor = answer.kind === 'tokens' ? (answer.refreshToken as string) : '';
    if ((await by.refresh(held, successor)).kind === 'tokens') problems.push('the family lives on');
  }
  for (const service of by.services) {
    const standing = await by.standing(service, held.sessionId);
    if (standing?.status === 'active') problems.push('the session did not end');
  }
  return { problems, trace };
}

/** One app rotates on and on while answers are lost inside: each rotation is released once, as itself. */
export async function rotatesOn(ring: Ring, bound: boolean): Promise<Found> {
  const { by } = ring;
  const held = await newSession(ring, bound);
  const problems: string[] = [];
  const trace: string[] = [];
  for (let generation = 1; generation <= chainLength; generation += 1) {
    const answer = await traced(`refresh ${generation}`, async (steps) => {
      const got = await by.refresh(held, held.refreshTokens.at(-1) as string);
      trace.push(described(steps));
      return got;
    });
    if (answer.kind === 'busy' && !bound) return { problems, trace };
    if (answer.kind === 'failure') problems.push(`rotation ${generation} was refused: ${answer.error}`);
    if (!keep(held, answer)) break;
  }
  const reuse = await eventsOf(ring, held, 'session.reuse-detected');
  if (reuse > 0) problems.push('a rotation was taken for its own second use');
  return { problems: [...problems, ...(await repeated(ring, held))], trace };
}

/** An answer lost inside must not have rotated twice for one request. */
async function repeated(ring: Ring, held: Held): Promise<string[]> {
  const rotations = await eventsOf(ring, held, 'session.refresh-rotated');
  const released = held.refreshTokens.length - 1;
  return rotations > released + 1 ? [`${rotations} rotations for ${released} answers`] : [];
}

async function newSession({ by }: Ring, bound: boolean): Promise<Held> {
  const person = await by.openAccount();
  return by.session(await by.authenticate(person), bound);
}

async function allAtOnce(
  { by, random }: Ring,
  held: Held,
  proofs: readonly (string | undefined)[],
): Promise<{ answers: Answer[]; trace: string[] }> {
  const trace: string[] = [];
  const token = held.refreshTokens[0] as string;
  const answers = proofs.map((proof, index) =>
    traced(`refresh ${index}`, async (steps) => {
      await random.pause(6);
      const answer = await by.refresh(held, token, proof);
      trace.push(`${described(steps)} -> ${answer.kind}`);
      return answer;
    }),
  );
  return { answers: await Promise.all(answers), trace };
}

async function eventsOf({ store }: Ring, { sessionId }: Held, type: string): Promise<number> {
  const events = await store.read(streams.session(sessionId), 0, 200);
  return events.filter((event) => event.type === type).length;
}
