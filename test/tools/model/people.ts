// Steps of people and operators: they sign in, end sessions, lock accounts and report devices lost.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { parseRefreshToken } from '@sallyport/tokens';
import {
  ExchangeCode,
  LockAccount,
  OpenAccount,
  RevokeAllSessions,
  RevokeDevice,
  RevokeSession,
  SignIn,
  UnlockAccount,
} from '@sallyport/feature-ledger';
import { ProofSigner } from '../client/index.js';
import { origin, tokenUrl } from './local-service.js';
import { Phone } from './phone.js';
import { Violation } from './rules.js';
import { pick } from './world.js';
import type { World } from './world.js';

const ordered = { actor: { kind: 'operator' as const, id: 'model' }, correlationId: randomUUID() };
const password = 'a long enough password';
const maxPhones = 6;

export async function endSession(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  if (phone === undefined || how % 4 !== 0) return;
  const { sessionId } = phone.of;
  await world.service.commands.execute(new RevokeSession({ sessionId, cause: 'user' }, ordered));
  world.oracle.ended(sessionId);
}

export async function logOutEverywhere(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  if (phone === undefined || how % 4 === 3) return;
  const { accountId, sessionId } = phone.of;
  const except = how % 2 === 0 ? sessionId : undefined;
  await world.service.commands.execute(new RevokeAllSessions({ accountId, except }, ordered));
  world.oracle.loggedOutEverywhere(accountId, except);
}

/** Locks the account and unlocks it again, which revives nothing. */
export async function lock(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  if (phone === undefined || how % 4 !== 0) return;
  const { accountId } = phone.of;
  await world.service.commands.execute(new LockAccount({ accountId, reason: 'model' }, ordered));
  world.oracle.lock(accountId);
  await world.check();
  await world.service.commands.execute(new UnlockAccount({ accountId, reason: 'model' }, ordered));
  world.oracle.unlock(accountId);
}

export async function deviceLost(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  if (phone?.key === undefined || how % 4 !== 0) return;
  const { accountId, sessionId } = phone.of;
  const { deviceId } = await world.state(sessionId);
  const revoke = new RevokeDevice({ accountId, deviceId: deviceId as string, cause: 'lost' }, ordered);
  await world.service.commands.execute(revoke).catch(() => undefined);
  world.oracle.deviceLost(accountId, sessionId);
}

/** Signs in anew on the account of one phone. */
export async function signIn(world: World, who: number, how: number): Promise<void> {
  const accountId = pick(world.phones, who)?.of.accountId;
  if (accountId === undefined) return;
  await addPhone(world, accountId, { bound: how % 3 !== 0, usesAttempts: how % 2 === 0 });
}

/** A phone that signs in on the account; with one too many, the oldest is forgotten. */
export async function addPhone(world: World, accountId: string, kind: PhoneKind): Promise<void> {
  world.phones.push(await signedIn(world, accountId, kind));
  if (world.phones.length > maxPhones) world.forgetPhone(world.phones[0] as Phone);
}

export async function openAccount(world: World): Promise<string> {
  const email = `${randomBytes(8).toString('hex')}@example.com`;
  const { accountId } = await world.service.commands.execute(new OpenAccount({ email, password }, ordered));
  world.emails.set(accountId, email);
  return accountId;
}

interface PhoneKind {
  /** Whether it has a key. */
  readonly bound: boolean;
  /** Whether its proofs carry the claims `attempt` and `ath`. */
  readonly usesAttempts: boolean;
}

async function signedIn(world: World, accountId: string, { bound, usesAttempts }: PhoneKind): Promise<Phone> {
  const { service, ground } = world;
  const clientId = bound ? 'demo-phone' : 'demo-bearer';
  const username = world.emails.get(accountId) as string;
  const result = await service.commands.execute(new SignIn({ username, password, clientId }, origin()));
  if (result.kind !== 'authenticated') throw new Violation(`sign-in: ${result.kind}`);
  const key = bound ? new ProofSigner(tokenUrl) : undefined;
  const codeVerifier = randomBytes(32).toString('base64url');
  const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
  const redirectUri = 'http://127.0.0.1/callback';
  const scope = 'offline_access profile';
  const code = service.codes.issue({ ...result, clientId, scope, redirectUri, codeChallenge });
  const proof = { dpop: key?.proof({ nonce: service.nonce() }), method: 'POST', url: tokenUrl };
  const exchange = new ExchangeCode({ code, codeVerifier, redirectUri, clientId }, proof, origin());
  const answer = await service.commands.execute(exchange);
  if (answer.kind !== 'tokens') throw new Violation(`exchange: ${answer.error} ${answer.description}`);
  const token = answer.refreshToken as string;
  const { sessionId } = parseRefreshToken(token, service.ring);
  world.oracle.started(sessionId, accountId, ground.clock.now());
  return new Phone({ accountId, sessionId, usesAttempts }, key, { token, nonce: service.nonce() });
}
