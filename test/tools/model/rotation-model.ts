// A world in which phones refresh over a bad network, thieves try what they stole, and after every step the
// service is held against a naive oracle.
import { fingerprint, parseRefreshToken } from '@sallyport/tokens';
import {
  ExchangeCode,
  LockAccount,
  OpenAccount,
  ReadSession,
  RefreshSession,
  RevokeAllSessions,
  RevokeDevice,
  RevokeSession,
  SignIn,
  UnlockAccount,
} from '@sallyport/feature-ledger';
import type { SessionState } from '@sallyport/core-session';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { DeviceKey, newAttempt } from './device-key.js';
import { LocalService, origin, tokenUrl } from './local-service.js';
import type { Ground } from './local-service.js';
import { Oracle } from './oracle.js';
import { Phone } from './phone.js';
import type { Answer, WireAnswer, WireRequest } from './phone.js';

/** What can happen, and how often against the others. */
const weights = {
  roundTrip: 60,
  refresh: 20,
  deliver: 20,
  receive: 20,
  duplicate: 5,
  loseRequest: 3,
  loseAnswer: 8,
  parallel: 8,
  sleep: 8,
  thiefToken: 5,
  thiefOldProof: 8,
  thiefCopies: 8,
  thiefOlderToken: 5,
  thiefKey: 2,
  signIn: 4,
  endSession: 2,
  logOutEverywhere: 2,
  lock: 2,
  deviceLost: 2,
  restart: 1,
  kill: 2,
  rotateRefreshKey: 2,
  rotateSigningKey: 1,
} as const;
export type StepKind = keyof typeof weights;
/** Every kind as often as it should happen. */
export const stepKinds = Object.entries(weights).flatMap(([kind, weight]) =>
  Array<StepKind>(weight).fill(kind as StepKind),
);
/** The numbers pick who and how. */
export interface Step {
  readonly kind: StepKind;
  readonly who: number;
  readonly how: number;
}

/** Thrown when the service broke a guarantee. */
export class Violation extends Error {}

const sleepsMs = [1_000, 61_000, 3_700_000, 86_400_000, 12 * 86_400_000];
const ordered = { actor: { kind: 'operator' as const, id: 'model' }, correlationId: randomUUID() };
const password = 'a long enough password';
const maxPhones = 6;

export class RotationModel {
  readonly oracle: Oracle;
  /** Refreshes the service answered, of any kind. */
  refreshes = 0;
  private phones: Phone[] = [];
  private wire: WireRequest[] = [];
  private answers: WireAnswer[] = [];
  private used: WireRequest[] = [];
  private readonly emails = new Map<string, string>();
  private readonly successors = new Map<string, string>();
  private readonly strangersKey = new DeviceKey(tokenUrl);

  private constructor(
    private readonly ground: Ground,
    private service: LocalService,
  ) {
    const [client] = ground.clients;
    if (client === undefined) throw new Error('the model needs clients');
    this.oracle = new Oracle(client);
  }

  /** Two accounts, each with a key-bound phone; one of them with a bearer app as well. */
  static async create(ground: Ground): Promise<RotationModel> {
    const model = new RotationModel(ground, await LocalService.start(ground));
    for (const bound of [true, true, false]) {
      const account = bound ? await model.openAccount() : (model.phones[0] as Phone).of.accountId;
      await model.signIn(account, bound);
    }
    return model;
  }

  async close(): Promise<void> {
    await this.service.stop();
  }

  async take({ kind, who, how }: Step): Promise<void> {
    await this[kind](who, how);
    await this.check();
  }

  // The network.

  private async refresh(who: number): Promise<void> {
    const request = this.pick(this.phones, who)?.request();
    if (request !== undefined) this.wire.push(request);
  }

  private async deliver(who: number): Promise<void> {
    const request = this.takeFrom(this.wire, who);
    if (request !== undefined) this.answers.push(await this.send(request));
  }

  private async roundTrip(who: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    for (let tries = 0; tries < 3; tries += 1) {
      const request = phone?.request();
      if (request === undefined || phone === undefined) return;
      const answer = await this.send(request);
      this.receiveAt(answer);
      if (answer.answer.kind === 'tokens') return;
    }
  }

  private async receive(who: number): Promise<void> {
    const answer = this.takeFrom(this.answers, who);
    if (answer !== undefined) this.receiveAt(answer);
  }

  private async duplicate(who: number): Promise<void> {
    const request = this.pick(this.wire, who);
    if (request !== undefined) this.wire.push(request);
  }

  private async loseRequest(who: number): Promise<void> {
    this.takeFrom(this.wire, who);
  }

  private async loseAnswer(who: number): Promise<void> {
    this.takeFrom(this.answers, who);
  }

  private async parallel(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    const own = Array.from({ length: 1 + (how % 3) }, () => phone?.request()).filter(
      (request) => request !== undefined,
    );
    const all = [...own, ...this.wire.splice(0, 2)];
    this.answers.push(...(await Promise.all(all.map((request) => this.send(request)))));
  }

  // Time, restarts, keys.

  private async sleep(_who: number, how: number): Promise<void> {
    // Long sleeps are rare, or sessions would mostly expire.
    const ms = how % 16 === 0 ? sleepsMs[4] : sleepsMs[how % 4];
    this.ground.clock.advance(ms ?? 0);
  }

  private async restart(): Promise<void> {
    await this.service.stop();
    this.service = await LocalService.start(this.ground);
  }

  /** The process dies with requests in it: whether they were decided, nobody is told. */
  private async kill(): Promise<void> {
    const doomed = this.service;
    const inside = this.wire.splice(0, 3).map((request) => this.ask(doomed, request).catch(() => undefined));
    this.service = await LocalService.start(this.ground);
    await Promise.all(inside);
    await doomed.stop();
  }

  private async rotateRefreshKey(): Promise<void> {
    await this.service.ring.rotate('refresh');
  }

  private async rotateSigningKey(): Promise<void> {
    await this.service.ring.rotate('signing');
  }

  // Thieves.

  private async thiefToken(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    if (phone?.stored === undefined) return;
    const proof = how % 2 === 0 ? undefined : this.strangersKey.proof({ nonce: this.service.nonce() });
    await this.theft(phone, phone.stored.token, proof);
  }

  private async thiefOldProof(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    const old = this.pick(
      this.used.filter((request) => request.phone === phone),
      how,
    );
    if (phone?.key === undefined || phone.stored === undefined || old === undefined) return;
    await this.theft(phone, phone.stored.token, old.proof);
  }

  private async thiefCopies(who: number): Promise<void> {
    const copied = this.pick(this.used, who);
    if (copied?.phone.key === undefined) return;
    await this.theft(copied.phone, copied.token, copied.proof);
  }

  private async thiefOlderToken(who: number, how: number): Promise<void> {
    const old = this.pick(this.used, who);
    if (old === undefined) return;
    const proof = how % 2 === 0 ? undefined : this.strangersKey.proof({ nonce: this.service.nonce() });
    await this.theft(old.phone, old.token, proof);
  }

  /** The key itself is stolen: what the thief is granted cannot be told apart, but leaves its trace. */
  private async thiefKey(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    // Rarely: a compromised phone tests little else.
    if (phone?.key === undefined || phone.stored === undefined || how % 4 !== 0) return;
    const attempt = how % 8 === 0 ? newAttempt() : undefined;
    const nonce = this.service.nonce();
    const before = await this.state(phone.of.sessionId);
    phone.compromised = true;
    const { token } = phone.stored;
    const stolen: WireRequest = {
      phone,
      clientId: phone.clientId,
      token,
      proof: phone.key.proof({ nonce, attempt }),
    };
    const { answer } = await this.send(stolen);
    const rotated =
      answer.kind === 'tokens' && (await this.state(phone.of.sessionId)).generation > before.generation;
    if (!rotated || !phone.of.usesAttempts || before.usesAttempts !== true) return;
    await this.roundTrip(this.phones.indexOf(phone));
    const after = await this.state(phone.of.sessionId);
    if (!after.flags?.includes('forked')) throw new Violation('a rotation by a stolen key left no trace');
  }

  // What people and operators do.

  private async endSession(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    if (phone === undefined || how % 4 !== 0) return;
    const { sessionId } = phone.of;
    await this.service.commands.execute(new RevokeSession({ sessionId, cause: 'user' }, ordered));
    this.oracle.ended(sessionId);
  }

  private async logOutEverywhere(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    if (phone === undefined || how % 4 === 3) return;
    const { accountId, sessionId } = phone.of;
    const except = how % 2 === 0 ? sessionId : undefined;
    await this.service.commands.execute(new RevokeAllSessions({ accountId, except }, ordered));
    this.oracle.loggedOutEverywhere(accountId, except);
  }

  private async lock(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    if (phone === undefined || how % 4 !== 0) return;
    const { accountId } = phone.of;
    await this.service.commands.execute(new LockAccount({ accountId, reason: 'model' }, ordered));
    this.oracle.lock(accountId);
    await this.check();
    await this.service.commands.execute(new UnlockAccount({ accountId, reason: 'model' }, ordered));
    this.oracle.unlock(accountId);
  }

  private async deviceLost(who: number, how: number): Promise<void> {
    const phone = this.pick(this.phones, who);
    if (phone?.key === undefined || how % 4 !== 0) return;
    const { accountId, sessionId } = phone.of;
    const { deviceId } = await this.state(sessionId);
    const revoke = new RevokeDevice({ accountId, deviceId: deviceId as string, cause: 'lost' }, ordered);
    await this.service.commands.execute(revoke).catch(() => undefined);
    this.oracle.deviceLost(accountId, sessionId);
  }

  /** @internal Signs in anew on the account of one phone. */
  private async signIn(who: number | string, how: number | boolean): Promise<void> {
    const accountId = typeof who === 'string' ? who : this.pick(this.phones, who)?.of.accountId;
    if (accountId === undefined) return;
    const bound = typeof how === 'boolean' ? how : how % 3 !== 0;
    const phone = await this.newSession(accountId, bound, typeof how === 'number' ? how % 2 === 0 : true);
    this.phones.push(phone);
    if (this.phones.length > maxPhones) this.forgetPhone(this.phones[0] as Phone);
  }

  private async newSession(accountId: string, bound: boolean, usesAttempts: boolean): Promise<Phone> {
    const clientId = bound ? 'demo-phone' : 'demo-bearer';
    const username = this.emails.get(accountId) as string;
    const result = await this.service.commands.execute(
      new SignIn({ username, password, clientId }, origin()),
    );
    if (result.kind !== 'authenticated') throw new Violation(`sign-in: ${result.kind}`);
    const key = bound ? new DeviceKey(tokenUrl) : undefined;
    const codeVerifier = randomBytes(32).toString('base64url');
    const codeChallenge = createHash('sha256').update(codeVerifier).digest('base64url');
    const redirectUri = 'http://127.0.0.1/callback';
    const scope = 'offline_access profile';
    const code = this.service.codes.issue({ ...result, clientId, scope, redirectUri, codeChallenge });
    const proof = { dpop: key?.proof({ nonce: this.service.nonce() }), method: 'POST', url: tokenUrl };
    const answer = await this.service.commands.execute(
      new ExchangeCode({ code, codeVerifier, redirectUri, clientId }, proof, origin()),
    );
    if (answer.kind !== 'tokens') throw new Violation(`exchange: ${answer.error} ${answer.description}`);
    const token = answer.refreshToken as string;
    const { sessionId } = parseRefreshToken(token, this.service.ring);
    this.oracle.started(sessionId, accountId, this.ground.clock.now());
    return new Phone({ accountId, sessionId, usesAttempts }, key, { token, nonce: this.service.nonce() });
  }

  private async openAccount(): Promise<string> {
    const email = `${randomBytes(8).toString('hex')}@example.com`;
    const { accountId } = await this.service.commands.execute(new OpenAccount({ email, password }, ordered));
    this.emails.set(accountId, email);
    return accountId;
  }

  // Sending, and what must hold of every answer.

  private ask(service: LocalService, { token, clientId, proof }: WireRequest): Promise<Answer> {
    // No two requests arrive within one millisecond on a network.
    this.ground.clock.advance(1);
    const input = { refreshToken: token, clientId };
    return service.commands.execute(
      new RefreshSession(input, { dpop: proof, method: 'POST', url: tokenUrl }, origin()),
    );
  }

  /** Sends a request of a phone's own (or of somebody with its key). */
  private async send(request: WireRequest): Promise<WireAnswer> {
    const { phone } = request;
    const { sessionId } = phone.of;
    const sentBefore = request.first !== undefined;
    const before = await this.state(sessionId);
    const answer = await this.ask(this.service, request);
    this.refreshes += 1;
    const after = await this.state(sessionId);
    this.oneSuccessor(answer);
    // Of two that are under way at once, one is refused, and its refusal may be seen before the other's tokens.
    const reused = sentBefore || request.first === 'tokens';
    if (phone.key === undefined) this.bearerRules(request, answer, { after, reused });
    else this.keyBoundRules(request, answer, { before, after });
    request.first ??= answer.kind;
    if (answer.kind === 'tokens') this.used.push(request);
    if (this.used.length > 200) this.used.shift();
    const floor = answer.kind === 'failure' ? answer.nonceFloorMs : undefined;
    return { request, answer, nonce: this.service.nonce(floor) };
  }

  private keyBoundRules(
    request: WireRequest,
    answer: Answer,
    { before, after }: { readonly before: SessionState; readonly after: SessionState },
  ): void {
    const { phone } = request;
    const active = this.oracle.active(phone.of.sessionId, this.ground.clock.now());
    if (answer.kind === 'tokens') {
      if (!active) throw new Violation('a session that had ended was given a token');
      const sampled = (before.retries ?? 0) >= 16 || (after.retries ?? 0) >= 16;
      if (request.first === 'tokens' && !sampled) throw new Violation('one request was granted twice');
      return;
    }
    if (answer.error !== 'invalid_grant' || !active || phone.compromised) return;
    const isCurrent = fingerprint(request.token) === after.fingerprint;
    const isPredecessor = fingerprint(request.token) === after.previousFingerprint;
    if (isCurrent || isPredecessor) throw new Violation(`an honest refresh was refused: ${answer.reason}`);
    if (phone.stored?.token === request.token) {
      throw new Violation(`an honest phone was signed out: ${answer.reason}`);
    }
  }

  private bearerRules(
    request: WireRequest,
    answer: Answer,
    { after, reused }: { readonly after: SessionState; readonly reused: boolean },
  ): void {
    const active = this.oracle.active(request.phone.of.sessionId, this.ground.clock.now());
    if (answer.kind === 'tokens' && !active) {
      throw new Violation('a bearer session that had ended was given a token');
    }
    if (!reused || !active) return;
    if (answer.kind === 'tokens') throw new Violation('a bearer token was used twice');
    if (after.status !== 'ended') throw new Violation('a reused bearer token did not end its session');
  }

  private async theft(phone: Phone, token: string, proof: string | undefined): Promise<void> {
    const request: WireRequest = { phone, clientId: phone.clientId, token, proof };
    const before = await this.state(phone.of.sessionId);
    const answer = await this.ask(this.service, request);
    this.refreshes += 1;
    this.oneSuccessor(answer);
    if (phone.key === undefined) return this.bearerTheft(request, answer);
    const sampled = (before.retries ?? 0) >= 16;
    if (answer.kind === 'tokens' && !sampled) {
      throw new Violation('a thief without the key was given a token');
    }
  }

  /** A stolen bearer token works once; its second use ends the session, whoever makes it. */
  private bearerTheft(request: WireRequest, answer: Answer): void {
    request.phone.compromised = true;
    if (answer.kind === 'tokens') this.used.push(request);
  }

  private oneSuccessor(answer: Answer): void {
    if (answer.kind !== 'tokens' || answer.refreshToken === undefined) return;
    const { sessionId, generation } = parseRefreshToken(answer.refreshToken, this.service.ring);
    const known = this.successors.get(`${sessionId}:${generation}`) ?? answer.refreshToken;
    if (known !== answer.refreshToken) throw new Violation(`generation ${generation} has two successors`);
    this.successors.set(`${sessionId}:${generation}`, known);
  }

  private receiveAt(wire: WireAnswer): void {
    const { phone } = wire.request;
    const before = phone.stored;
    phone.receive(wire);
    const out = before !== undefined && phone.stored === undefined;
    const active = this.oracle.active(phone.of.sessionId, this.ground.clock.now());
    if (out && active && !phone.compromised && phone.key !== undefined) {
      throw new Violation(`an honest phone was signed out: ${phone.signedOutFor}`);
    }
  }

  /** After every step: the service's standing of each session is the oracle's. */
  private async check(): Promise<void> {
    const nowMs = this.ground.clock.now();
    for (const { of, key } of this.phones) {
      const read = await this.service.queries.execute(new ReadSession(of.sessionId));
      if (read === undefined) throw new Violation('a session is missing');
      this.oracle.seen(of.sessionId, read.session.generation, Date.parse(read.session.rotatedAt));
      if (key === undefined && read.session.endCause === 'token_reused') this.oracle.ended(of.sessionId);
      const expected = this.oracle.active(of.sessionId, nowMs) ? 'active' : 'ended';
      if (read.standing.status !== expected) {
        throw new Violation(`standing ${read.standing.status}, not ${expected}`);
      }
    }
  }

  private async state(sessionId: string): Promise<SessionState> {
    const read = await this.service.queries.execute(new ReadSession(sessionId));
    if (read === undefined) throw new Violation('a session is missing');
    return read.session;
  }

  private forgetPhone(phone: Phone): void {
    this.phones = this.phones.filter((other) => other !== phone);
    this.wire = this.wire.filter((request) => request.phone !== phone);
    this.answers = this.answers.filter(({ request }) => request.phone !== phone);
    this.used = this.used.filter((request) => request.phone !== phone);
  }

  private pick<T>(from: readonly T[], which: number): T | undefined {
    return from[which % Math.max(1, from.length)];
  }

  private takeFrom<T>(from: T[], which: number): T | undefined {
    return from.length === 0 ? undefined : from.splice(which % from.length, 1)[0];
  }
}
