// What can be in flight when a revocation lands: refreshes, a code's exchange, a sign-in.
import type { SignInResult } from '@sallyport/feature-ledger';
import { ProofSigner } from '../client/index.js';
import { tokenUrl } from '../model/local-service.js';
import { holder, keep, retried } from './person.js';
import type { Answer, Code, Held, Person, Processes } from './person.js';
import type { Random } from './random.js';
import { traced } from './racing-store.js';
import type { Trace } from './racing-store.js';

export const actNames = ['refresh', 'exchange', 'sign-in'] as const;
export type ActName = (typeof actNames)[number];

/** One request that was in flight, with its answer and what it did at the store. */
export interface Sent {
  readonly what: 'refresh' | 'exchange';
  readonly held: Held;
  readonly answer: Answer;
  readonly trace: Trace;
}

/** A sign-in that was in flight. */
export interface SignedIn {
  readonly password: string;
  readonly kind: string;
  readonly marker?: number;
  readonly trace: Trace;
}

/** All that an act was answered: what was sent, the codes it came by, and the sign-in if it was one. */
export interface Acted {
  readonly sent: Sent[];
  readonly codes: Code[];
  signIn?: SignedIn;
}

export interface ActInput {
  readonly by: Processes;
  readonly random: Random;
  readonly person: Person;
  readonly bound: boolean;
  /** For `refresh`: the session. For `exchange`: the code. */
  readonly held: Held;
  readonly code: Code | undefined;
  /** For `sign-in`: the password that a change in flight may set. */
  readonly newPassword: string | undefined;
}

const rotationsPerChain = 6;

export const acts: { readonly [name in ActName]: (input: ActInput, acted: Acted) => Promise<void> } = {
  /** One app rotates on and on; a key-bound one does so in parallel, with retries of what it sent. */
  refresh: async (input, acted) => {
    const parallel = input.bound ? 1 + input.random.below(3) : 1;
    await Promise.all(Array.from({ length: parallel }, () => rotateOn(input, acted)));
  },
  exchange: async (input, acted) => {
    if (input.code === undefined) throw new Error('an exchange needs a code');
    await exchangeAndGoOn(input, input.code, acted);
  },
  'sign-in': async (input, acted) => {
    const { by, random, person, newPassword } = input;
    const password = newPassword !== undefined && random.chance(0.3) ? newPassword : person.password;
    const once = (): Promise<SignInResult> =>
      traced('sign-in', async (trace) => {
        const answer = await by.signInOnce(person, password);
        const marker = answer.kind === 'authenticated' ? answer.authentication.marker.account : undefined;
        acted.signIn = { password, kind: answer.kind, marker, trace };
        return answer;
      });
    const result = await retried(once);
    if (result.kind !== 'authenticated') return;
    await random.pause(8);
    const code = await by.code(result.authentication, input.bound ? new ProofSigner(tokenUrl) : undefined);
    await exchangeAndGoOn(input, code, acted);
  },
};

async function exchangeAndGoOn(input: ActInput, code: Code, acted: Acted): Promise<void> {
  acted.codes.push(code);
  const held = holder(code);
  const answer = await traced('exchange', async (trace) => {
    const got = await input.by.exchange(code);
    acted.sent.push({ what: 'exchange', held, answer: got, trace });
    return got;
  });
  if (keep(held, answer)) await rotateOn({ ...input, held }, acted, 2);
}

/** Uses the latest token again and again until it is refused, as the client rules say. */
async function rotateOn(
  { by, held, random }: ActInput,
  acted: Acted,
  most = rotationsPerChain,
): Promise<void> {
  for (let left = most; left > 0; left -= 1) {
    const token = held.refreshTokens.at(-1) as string;
    const answer = await traced('refresh', async (trace) => {
      const got = await by.refresh(held, token);
      acted.sent.push({ what: 'refresh', held, answer: got, trace });
      return got;
    });
    if (answer.kind === 'busy' && held.key === undefined) return;
    const isNews = held.refreshTokens.at(-1) === token;
    if (answer.kind === 'failure' && isNews) return;
    if (answer.kind === 'tokens') store(held, answer, isNews);
    await random.pause();
  }
}

/** An answer changes the stored token only if that is still the one that was sent. */
function store(held: Held, answer: Extract<Answer, { kind: 'tokens' }>, isNews: boolean): void {
  if (isNews) keep(held, answer);
  else held.accessTokens.push(answer.accessToken);
}
