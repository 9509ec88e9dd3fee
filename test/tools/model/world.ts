// The world the model's steps act on: phones, what is under way between them and the service, and the oracle.
import { parseRefreshToken } from '@sallyport/tokens';
import { ReadSession, RefreshSession } from '@sallyport/feature-ledger';
import type { SessionState } from '@sallyport/core-session';
import { LocalService, origin, tokenUrl } from './local-service.js';
import type { Ground } from './local-service.js';
import { Oracle } from './oracle.js';
import type { Answer, Phone, WireAnswer, WireRequest } from './phone.js';
import { judgeBearer, judgeKeyBound, Violation } from './rules.js';

const usedKept = 200;

export class World {
  readonly oracle: Oracle;
  /** Refreshes the service answered, of any kind. */
  refreshes = 0;
  phones: Phone[] = [];
  /** Requests and answers on their way. */
  wire: WireRequest[] = [];
  answers: WireAnswer[] = [];
  /** The latest requests that were granted: what thieves may have copied. */
  used: WireRequest[] = [];
  /** Of accounts, by id. */
  readonly emails = new Map<string, string>();
  private readonly successors = new Map<string, string>();

  constructor(
    readonly ground: Ground,
    public service: LocalService,
  ) {
    const [client] = ground.clients;
    if (client === undefined) throw new Error('the model needs clients');
    this.oracle = new Oracle(client);
  }

  /** Gives a request to the service, whoever sends it. */
  ask(service: LocalService, { token, clientId, proof }: WireRequest): Promise<Answer> {
    // No two requests arrive within one millisecond on a network.
    this.ground.clock.advance(1);
    const input = { refreshToken: token, clientId };
    return service.commands.execute(
      new RefreshSession(input, { dpop: proof, method: 'POST', url: tokenUrl }, origin()),
    );
  }

  /** Sends a request of a phone's own (or of somebody with its key), and judges the answer. */
  async send(request: WireRequest): Promise<WireAnswer> {
    const { phone } = request;
    const { sessionId } = phone.of;
    const sentBefore = request.first !== undefined;
    const before = await this.state(sessionId);
    const answer = await this.ask(this.service, request);
    this.answered(answer);
    const after = await this.state(sessionId);
    const active = this.isActive(phone);
    // Of two under way at once, one is refused, and its refusal may be seen before the other's tokens.
    const reused = sentBefore || request.first === 'tokens';
    if (phone.key === undefined) judgeBearer(answer, { active, after, reused });
    else judgeKeyBound(request, answer, { active, before, after });
    request.first ??= answer.kind;
    if (answer.kind === 'tokens') this.used.push(request);
    if (this.used.length > usedKept) this.used.shift();
    const floor = answer.kind === 'failure' ? answer.nonceFloorMs : undefined;
    return { request, answer, nonce: this.service.nonce(floor) };
  }

  /** The phone receives an answer; one that makes an honest phone sign out has to be right. */
  receive(wire: WireAnswer): void {
    const { phone } = wire.request;
    const before = phone.stored;
    phone.receive(wire);
    const out = before !== undefined && phone.stored === undefined;
    if (out && this.isActive(phone) && !phone.compromised && phone.key !== undefined) {
      throw new Violation(`an honest phone was signed out: ${phone.signedOutFor}`);
    }
  }

  /** Counts a refresh, and holds its token against what its generation was answered before. */
  answered(answer: Answer): void {
    this.refreshes += 1;
    if (answer.kind !== 'tokens' || answer.refreshToken === undefined) return;
    const { sessionId, generation } = parseRefreshToken(answer.refreshToken, this.service.ring);
    const known = this.successors.get(`${sessionId}:${generation}`) ?? answer.refreshToken;
    if (known !== answer.refreshToken) throw new Violation(`generation ${generation} has two successors`);
    this.successors.set(`${sessionId}:${generation}`, known);
  }

  /** After every step: the service's standing of each session is the oracle's. */
  async check(): Promise<void> {
    const nowMs = this.ground.clock.now();
    for (const { of, key } of this.phones) {
      const { session, standing } = await this.read(of.sessionId);
      this.oracle.seen(of.sessionId, session.generation, Date.parse(session.rotatedAt));
      if (key === undefined && session.endCause === 'token_reused') this.oracle.ended(of.sessionId);
      const expected = this.oracle.active(of.sessionId, nowMs) ? 'active' : 'ended';
      if (standing.status !== expected) throw new Violation(`standing ${standing.status}, not ${expected}`);
    }
  }

  /** The session as the service tells it. */
  async state(sessionId: string): Promise<SessionState> {
    return (await this.read(sessionId)).session;
  }

  forgetPhone(phone: Phone): void {
    this.phones = this.phones.filter((other) => other !== phone);
    this.wire = this.wire.filter((request) => request.phone !== phone);
    this.answers = this.answers.filter(({ request }) => request.phone !== phone);
    this.used = this.used.filter((request) => request.phone !== phone);
  }

  private isActive(phone: Phone): boolean {
    return this.oracle.active(phone.of.sessionId, this.ground.clock.now());
  }

  private async read(sessionId: string) {
    const read = await this.service.queries.execute(new ReadSession(sessionId));
    if (read === undefined) throw new Violation('a session is missing');
    return read;
  }
}

/** The one that a step's number means, if there is any. */
export function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % Math.max(1, from.length)];
}

/** The same, taken out of the list. */
export function takeFrom<T>(from: T[], which: number): T | undefined {
  return from.length === 0 ? undefined : from.splice(which % from.length, 1)[0];
}
