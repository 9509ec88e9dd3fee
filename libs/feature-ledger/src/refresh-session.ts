// Uses a refresh token: the rotation table of the design, from the token's tag to the answer.
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { grantedScope, rotate, screenRotation, sessionStanding, streams } from '@sallyport/core-session';
import type {
  Client,
  ProofFacts,
  RotateRefresh,
  RotationDecision,
  SessionState,
} from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import type { Decision, RecordedEvent } from '@sallyport/engine';
import {
  fingerprint,
  KeyRing,
  mintSuccessor,
  parseRefreshToken,
  retryUnknownKey,
  unlessTokenError,
} from '@sallyport/tokens';
import type { ParsedRefreshToken } from '@sallyport/tokens';
import { AccessTokens } from './access-tokens.js';
import { Ledger } from './ledger.js';
import type { SessionScope } from './ledger.js';
import { LedgerMetrics } from './metrics.js';
import { Networks } from './origin.js';
import { ReplayMemory } from './replay-memory.js';
import { RequestProofs } from './request-proofs.js';
import { ReuseRecorder } from './reuse-recorder.js';
import { RefreshSession } from './session-commands.js';
import type { OAuthFailure, TokenAnswer } from './session-commands.js';
import { ClientRegistry } from './settings.js';
import {
  neverDecision,
  newNonce,
  refusedRefresh,
  replayedRefreshProof,
  scopeExceeded,
  storeBehind,
  unknownClient,
} from './token-failures.js';

/** A decision, and the state it releases tokens of. */
interface Outcome {
  readonly decision: RotationDecision;
  readonly session: SessionState | undefined;
}

/** A refresh on its way through the table. */
interface Refresh {
  readonly command: RotateRefresh;
  readonly token: ParsedRefreshToken;
  readonly successor: string;
  readonly client: Client;
  readonly order: RefreshSession;
  /** Undefined for a session the store does not know. */
  readonly accountId: string | undefined;
}

/** As long as a nonce is accepted. */
const rememberedMs = 3_600_000;

@CommandHandler(RefreshSession)
export class RefreshSessionHandler implements ICommandHandler<RefreshSession> {
  private readonly replays: ReplayMemory;

  constructor(
    private readonly ledger: Ledger,
    private readonly ring: KeyRing,
    private readonly proofs: RequestProofs,
    private readonly clients: ClientRegistry,
    private readonly tokens: AccessTokens,
    private readonly recorder: ReuseRecorder,
    private readonly networks: Networks,
    private readonly metrics: LedgerMetrics,
    private readonly clock: Clock,
  ) {
    this.replays = new ReplayMemory(clock, rememberedMs);
  }

  async execute(order: RefreshSession): Promise<TokenAnswer | OAuthFailure> {
    const answer = await this.refresh(order);
    const outcome = answer.kind === 'tokens' ? 'tokens' : (answer.reason ?? answer.error);
    this.metrics.refreshes.inc({ outcome });
    return answer;
  }

  private async refresh(order: RefreshSession): Promise<TokenAnswer | OAuthFailure> {
    const token = await this.parse(order.input.refreshToken);
    if (token === undefined) return refusedRefresh();
    const need = { required: token.keyBound, token: order.input.refreshToken };
    const proof = await this.proofs.check(order.proof, need);
    if (proof.kind === 'failure') return proof;
    if (token.key.status === 'retired' && !(await this.isAlive(token.sessionId))) {
      return refusedRefresh(token.keyBound ? 'cut_off' : undefined);
    }
    if (token.key.status === 'bad' && !token.keyBound) return refusedRefresh();
    const client = this.clients.find(order.input.clientId);
    if (client === undefined) return unknownClient;
    const facts = proof.kind === 'proof' ? proof.facts : undefined;
    const { state } = await this.ledger.loadSession(token.sessionId, false);
    const refresh = await this.prepare(order, { token, client, facts, session: state.session });
    const screened = await this.screen(refresh, state.session);
    return screened ?? (await this.decide(refresh));
  }

  /** Row 1: undefined for what was not minted here. */
  private parse(text: string): ParsedRefreshToken | undefined | Promise<ParsedRefreshToken | undefined> {
    return unlessTokenError(() => retryUnknownKey(this.ring, () => parseRefreshToken(text, this.ring)));
  }

  /**
   * Row 4 spares a session in good standing: the cutoff that comes before a retirement ends all older ones,
   * so it began since, at a replica that had not read of the retirement yet.
   */
  private isAlive(sessionId: string): Promise<boolean> {
    return this.ledger.judgeSession(sessionId, (scope) => {
      if (scope.session === undefined) return false;
      return sessionStanding(asStandingInput(scope), this.clock.now()).status === 'active';
    });
  }

  private async prepare(
    order: RefreshSession,
    parts: {
      readonly token: ParsedRefreshToken;
      readonly client: Client;
      readonly facts: ProofFacts | undefined;
      readonly session: SessionState | undefined;
    },
  ): Promise<Refresh> {
    const { token, client, facts, session } = parts;
    const key = this.ring.current('refresh');
    const successor = mintSuccessor(token, key);
    const accountId = session?.accountId;
    const network =
      accountId === undefined ? undefined : await this.networks.ofAccount(accountId, order.origin, client);
    const command: RotateRefresh = {
      nowMs: this.clock.now(),
      clientId: order.input.clientId,
      scope: order.input.scope,
      presented: { generation: token.generation, fingerprint: fingerprint(order.input.refreshToken) },
      proof: facts,
      successor: { fingerprint: fingerprint(successor), keyId: key.id },
      policy: client,
      network,
      appVersion: order.origin.appVersion,
    };
    return { command, token, successor, client, order, accountId };
  }

  /** Rows 5 to 8 outside the queue; undefined when the request may enter it. */
  private async screen(refresh: Refresh, seen: SessionState | undefined): Promise<OAuthFailure | undefined> {
    const { sessionId } = refresh.token;
    if (screenRotation(seen, refresh.command) === undefined) {
      const { proof } = refresh.command;
      return proof !== undefined && this.replays.has(proof.proofHash) ? replayedRefreshProof : undefined;
    }
    const confirmed = await this.ledger.judgeSession(sessionId, ({ session }) =>
      screenRotation(session, refresh.command),
    );
    if (confirmed === undefined || (confirmed.kind === 'refuse' && confirmed.events.length > 0)) {
      return undefined;
    }
    return this.release(refresh, { decision: confirmed, session: undefined }) as Promise<OAuthFailure>;
  }

  /** Rows 9 to 14, one at a time per session. */
  private async decide(refresh: Refresh): Promise<TokenAnswer | OAuthFailure> {
    const { sessionId } = refresh.token;
    const { accountId } = refresh;
    const handled = await this.ledger.run(
      this.ledger.sessions,
      {
        stream: streams.session(sessionId),
        load: (fresh) => this.ledger.loadSession(sessionId, fresh),
        decide: (scope: SessionScope) => toDecision(rotate(asStandingInput(scope), refresh.command), scope),
        own: (scope: SessionScope, events) => ownOutcome(scope, events, refresh.command),
      },
      {
        ordered: {
          actor: { kind: 'user', id: accountId },
          correlationId: refresh.order.origin.correlationId,
        },
        partitionKey: accountId ?? '*',
      },
    );
    const { proof } = refresh.command;
    // What no event tells (a refusal, a sampled retry) is remembered here, or the proof could be used again.
    const { decision } = handled.answer;
    const recorded =
      handled.appended !== undefined && !(decision.kind === 'retry' && decision.sampled === true);
    if (proof !== undefined && !recorded && !this.replays.firstUse(proof.proofHash)) {
      return replayedRefreshProof;
    }
    return await this.release(refresh, handled.answer, handled.appended?.position);
  }

  /** Only here do tokens leave: after the append, or after the heads stood still. */
  private async release(
    refresh: Refresh,
    outcome: Outcome,
    position?: string,
  ): Promise<TokenAnswer | OAuthFailure> {
    const { decision, session } = outcome;
    switch (decision.kind) {
      case 'challenge':
        return { ...newNonce, nonceFloorMs: decision.nonceFloorMs };
      case 'replayed':
        return replayedRefreshProof;
      case 'behind':
        this.metrics.behindAlarms.inc();
        return storeBehind;
      case 'refuse':
        return this.refused(refresh, decision);
      case 'rotate':
      case 'retry':
        break;
      default:
        return neverDecision(decision);
    }
    if (session === undefined) return storeBehind;
    const refreshToken = this.successorOf(refresh, session);
    if (refreshToken === undefined) return storeBehind;
    return await this.tokens.answer({
      sessionId: refresh.token.sessionId,
      session,
      client: refresh.client,
      scope: decision.scope,
      refreshToken,
      proofThumbprint: refresh.command.proof?.thumbprint,
      position,
    });
  }

  /** The token of the session's latest generation, derived from its predecessor, if that is the one sent. */
  private successorOf(refresh: Refresh, session: SessionState): string | undefined {
    if (refresh.command.successor.fingerprint === session.fingerprint) return refresh.successor;
    const key = this.ring.refreshKey(session.keyId);
    if (key === undefined) return undefined;
    const token = mintSuccessor(refresh.token, key);
    return fingerprint(token) === session.fingerprint ? token : undefined;
  }

  private async refused(
    { token }: Refresh,
    decision: Extract<RotationDecision, { kind: 'refuse' }>,
  ): Promise<OAuthFailure> {
    if (decision.record?.cause === 'forged') this.metrics.keyLeakAlarms.inc();
    if (decision.record !== undefined) await this.recorder.note(token.sessionId, decision.record);
    if (decision.error === 'invalid_scope') return scopeExceeded;
    return refusedRefresh(decision.reason);
  }
}

function asStandingInput(scope: SessionScope): Parameters<typeof rotate>[0] {
  return { ...scope, session: scope.session as SessionState };
}

function toDecision(decision: RotationDecision, scope: SessionScope): Decision<Outcome> {
  const events = 'events' in decision ? decision.events : [];
  const last = events.at(-1)?.data as { readonly state?: SessionState } | undefined;
  return { events, answer: { decision, session: last?.state ?? scope.session } };
}

/** The command's own event is in the stream already: its answer, if the session may still act. */
function ownOutcome(scope: SessionScope, events: readonly RecordedEvent[], command: RotateRefresh): Outcome {
  const first = events[0] as RecordedEvent;
  const { state } = first.data as unknown as { readonly state: SessionState };
  const input = asStandingInput(scope);
  const standing = sessionStanding(input, command.nowMs);
  const refused = { kind: 'refuse', error: 'invalid_grant', events: [] } as const;
  if (standing.status === 'ended') {
    const reason = state.jkt === undefined ? {} : { reason: standing.reason };
    return { decision: { ...refused, ...reason }, session: state };
  }
  const scopeNow = grantedScope(state.scope, command.scope) ?? state.scope;
  const released = { events: [first as never], scope: scopeNow };
  if (first.type === 'session.refresh-rotated') {
    return { decision: { kind: 'rotate', ...released }, session: state };
  }
  if (first.type === 'session.rotation-retried') {
    return { decision: { kind: 'retry', ...released }, session: state };
  }
  return { decision: refused, session: state };
}
