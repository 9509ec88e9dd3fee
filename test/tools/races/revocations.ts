// The five ways to end sessions at once, and what each of them leaves behind.
import {
  ChangePassword,
  EraseAccount,
  LedgerError,
  LockAccount,
  RevokeAllSessions,
  RevokeSession,
  RevokeToken,
} from '@sallyport/feature-ledger';
import { streams } from '@sallyport/core-session';
import { origin, tokenUrl } from '../model/local-service.js';
import { ordered, orderedOr } from './person.js';
import type { Held, Person, Processes } from './person.js';
import type { Random } from './random.js';
import { RacingStore } from './racing-store.js';

export const revocationNames = ['session', 'lock', 'password', 'erasure', 'everywhere'] as const;
export type RevocationName = (typeof revocationNames)[number];

/** Who is revoked, and which session is spared where the revocation can spare one. */
export interface Target {
  readonly person: Person;
  /** The session that a revocation of one session ends. */
  readonly sessionId: string;
  /** A refresh token of it, where one is known before the race. */
  readonly token?: Held;
  readonly spared: string | undefined;
}

/** An answered revocation: where it stands in the ledger, and what it did besides ending sessions. */
export interface Revoked {
  readonly name: RevocationName;
  readonly position: number;
  /** Of its event in the account's stream; none for one session. */
  readonly revision?: number;
  readonly except?: string;
  readonly newPassword?: string;
}

type Done = Omit<Revoked, 'name' | 'revision'>;

const orders: {
  readonly [name in RevocationName]: (to: Target, by: Processes, random: Random) => Promise<Done | undefined>;
} = {
  session: endOne,
  lock: async ({ person: { accountId } }, by) => {
    const lock = new LockAccount({ accountId, reason: 'race' }, ordered);
    return at(await orderedOr(() => by.any.commands.execute(lock)));
  },
  password: async ({ person, spared }, by, random) => {
    const { accountId, password } = person;
    const newPassword = `new ${password}`;
    const currentPassword = random.chance(0.5) ? password : undefined;
    const except = random.chance(0.5) ? spared : undefined;
    const change = new ChangePassword({ accountId, newPassword, currentPassword, except }, ordered);
    return { ...at(await orderedOr(() => by.any.commands.execute(change))), newPassword, except };
  },
  erasure: async ({ person: { accountId } }, by) => {
    const erase = new EraseAccount({ accountId, reason: 'race' }, ordered);
    return at(await orderedOr(() => by.any.commands.execute(erase)));
  },
  everywhere: async ({ person: { accountId }, spared }, by, random) => {
    const except = random.chance(0.5) ? spared : undefined;
    const revoke = new RevokeAllSessions({ accountId, except }, ordered);
    return { ...at(await orderedOr(() => by.any.commands.execute(revoke))), except };
  },
};

/** Undefined when there was no such session yet. */
async function endOne(
  { sessionId, person, token }: Target,
  by: Processes,
  random: Random,
): Promise<Done | undefined> {
  const text = token?.refreshTokens.at(-1);
  if (token !== undefined && text !== undefined && random.chance(0.5)) {
    const proof = { dpop: undefined, method: 'POST', url: tokenUrl };
    const order = new RevokeToken({ token: text, clientId: token.clientId }, proof, origin());
    const done = await orderedOr(() => by.any.commands.execute(order));
    const position = 'position' in done ? done.position : undefined;
    if (position === undefined) throw new Error('a genuine token did not end its session');
    return { position: Number(position) };
  }
  const order = new RevokeSession({ sessionId, ofAccount: person.accountId, cause: 'user' }, ordered);
  const written = await orderedOr(() => by.any.commands.execute(order));
  return written instanceof LedgerError && written.code === 'session_unknown' ? undefined : at(written);
}

function at(written: { readonly position: string } | LedgerError): Done {
  if (written instanceof LedgerError) throw new Error(`a revocation was refused: ${written.code}`);
  return { position: Number(written.position) };
}

/** Orders the revocation and waits for its answer. One session is tried for until it exists or `gaveUp`. */
export async function revoke(
  name: RevocationName,
  to: Target,
  with_: { readonly by: Processes; readonly random: Random; readonly store: RacingStore; gaveUp(): boolean },
): Promise<Revoked> {
  for (;;) {
    const wasLast = with_.gaveUp();
    const done = await orders[name](to, with_.by, with_.random);
    if (done === undefined && !wasLast) {
      await RacingStore.turn();
      continue;
    }
    if (done === undefined) throw new Error('the session to end never came to be');
    if (name === 'session') return { name, ...done };
    const events = await with_.store.read(streams.account(to.person.accountId), 0, 100);
    const event = events.find(({ position }) => Number(position) === done.position);
    if (event === undefined) throw new Error(`the position of ${name} is not in the account's stream`);
    return { name, ...done, revision: event.revision };
  }
}
