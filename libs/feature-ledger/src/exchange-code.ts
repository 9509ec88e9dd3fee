// Exchanges an authorization code for the session it stands for (RFC 6749 section 4.1.3, RFC 7636, RFC 9449).
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { linkDevice, linkedDevice, sessionStanding, startSession, streams } from '@sallyport/core-session';
import type {
  AccountRefusal,
  Client,
  ProofFacts,
  SessionStarted,
  SessionState,
  StartDecision,
  StartSession,
} from '@sallyport/core-session';
import { Clock, EventStore } from '@sallyport/engine';
import type { DomainEvent, Loaded, Position, RecordedEvent } from '@sallyport/engine';
import { fingerprint, KeyRing, mintFirst, unlessTokenError } from '@sallyport/tokens';
import { AccessTokens } from './access-tokens.js';
import { AuthorizationCodes, verifierFits } from './authorization-codes.js';
import type { AuthorizationCode } from './authorization-codes.js';
import { Ledger } from './ledger.js';
import type { Order, SessionScope } from './ledger.js';
import { LedgerMetrics } from './metrics.js';
import { Networks, personalOrigin } from './origin.js';
import { RequestProofs } from './request-proofs.js';
import { ExchangeCode } from './session-commands.js';
import type { OAuthFailure, TokenAnswer } from './session-commands.js';
import { ClientRegistry } from './settings.js';
import { StepUps } from './step-ups.js';
import {
  grantReasonOf,
  neverDecision,
  refusedGrant,
  replayedExchangeProof,
  unknownClient,
} from './token-failures.js';

/** An exchange whose code, client, redirect URI, verifier and key fit. */
interface Exchange {
  readonly code: AuthorizationCode;
  readonly client: Client;
  readonly facts: ProofFacts | undefined;
  readonly order: ExchangeCode;
}

interface Outcome {
  readonly decision: StartDecision;
  readonly session: SessionState | undefined;
}

@CommandHandler(ExchangeCode)
export class ExchangeCodeHandler implements ICommandHandler<ExchangeCode> {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: EventStore,
    private readonly ring: KeyRing,
    private readonly codes: AuthorizationCodes,
    private readonly proofs: RequestProofs,
    private readonly clients: ClientRegistry,
    private readonly tokens: AccessTokens,
    private readonly networks: Networks,
    private readonly stepUps: StepUps,
    private readonly metrics: LedgerMetrics,
    private readonly clock: Clock,
  ) {}

  async execute(order: ExchangeCode): Promise<TokenAnswer | OAuthFailure> {
    const answer = await this.exchange(order);
    this.metrics.exchanges.inc({
      outcome: answer.kind === 'tokens' ? 'tokens' : (answer.reason ?? answer.error),
    });
    return answer;
  }

  /** Nothing before `start` consumes or ends anything, whatever a stranger sends. */
  private async exchange(order: ExchangeCode): Promise<TokenAnswer | OAuthFailure> {
    const { input } = order;
    const client = this.clients.find(input.clientId);
    if (client === undefined) return unknownClient;
    const code = await this.open(input.code);
    if (code === undefined) {
      return refusedGrant('The code is not valid or has expired. Start the sign-in again.');
    }
    if (code.clientId !== input.clientId) return refusedGrant('The code was issued to another client.');
    if (code.redirectUri !== input.redirectUri) {
      return refusedGrant('redirect_uri must be the one of the authorization request.');
    }
    if (!verifierFits(input.codeVerifier, code.codeChallenge)) {
      return refusedGrant('code_verifier does not fit the code_challenge of the authorization request.');
    }
    const proof = await this.proofs.check(order.proof, {
      required: client.keyBound || code.dpopJkt !== undefined,
    });
    if (proof.kind === 'failure') return proof;
    const facts = proof.kind === 'proof' ? proof.facts : undefined;
    if (code.dpopJkt !== undefined && facts?.thumbprint !== code.dpopJkt) {
      return refusedGrant(
        'The DPoP proof must be signed by the key named in dpop_jkt of the authorization request.',
      );
    }
    return this.start({ code, client, facts, order });
  }

  private async open(text: string): Promise<AuthorizationCode | undefined> {
    return unlessTokenError(() => this.codes.open(text));
  }

  private async start(exchange: Exchange): Promise<TokenAnswer | OAuthFailure> {
    const { code, facts, order, client } = exchange;
    const { sessionId, accountId } = code;
    const context: Order = {
      ordered: { actor: { kind: 'user', id: accountId }, correlationId: order.origin.correlationId },
      partitionKey: accountId,
    };
    const stream = streams.session(sessionId);
    const [started] = await this.store.read(stream, 0, 1);
    let deviceId = (started?.data as { state?: SessionState } | undefined)?.state?.deviceId;
    if (facts !== undefined && started === undefined) {
      const linked = await this.link(exchange, facts, context);
      if ('refusal' in linked) {
        return refusedGrant('This device cannot be signed in. Sign in again.', grantReasonOf(linked.refusal));
      }
      deviceId = linked.deviceId;
    }
    const refreshToken = this.firstToken(code, facts !== undefined);
    const command: StartSession = {
      nowMs: this.clock.now(),
      grant: code,
      policy: client,
      token: refreshToken && { fingerprint: fingerprint(refreshToken.text), keyId: refreshToken.keyId },
      key: facts && { ...facts, jkt: facts.thumbprint, deviceId: deviceId ?? '' },
      network: await this.networks.ofAccount(accountId, order.origin, client),
      appVersion: order.origin.appVersion,
    };
    const handled = await this.ledger.run(
      this.ledger.sessions,
      {
        stream,
        load: (fresh) => this.loadStart(code, fresh),
        decide: (scope: StartScope) => decide(scope, command, order),
        own: (scope: StartScope, events) => ownOutcome(scope, events, command),
      },
      context,
    );
    const { decision, session } = handled.answer;
    const isNew = decision.kind === 'started' && session !== undefined;
    const { ordered } = context;
    const stepped = isNew ? await this.stepUps.afterSignIn(sessionId, session, ordered) : undefined;
    return this.release(exchange, handled.answer, {
      refreshToken: refreshToken?.text,
      position: stepped ?? handled.appended?.position,
    });
  }

  private async loadStart(code: AuthorizationCode, fresh: boolean): Promise<Loaded<SessionScope>> {
    const loaded = await this.ledger.loadSession(code.sessionId, fresh);
    if (loaded.state.session !== undefined) {
      const [first] = await this.store.read(streams.session(code.sessionId), 0, 1);
      const started = (first?.data as { state?: SessionState } | undefined)?.state;
      return { ...loaded, state: { ...loaded.state, started } as StartScope };
    }
    // Without a session nothing names the account yet: the code does.
    const account = await this.ledger.loadAccount(code.accountId, fresh);
    const guard = { stream: streams.account(code.accountId), revision: account.revision };
    return {
      ...loaded,
      state: { ...loaded.state, account: account.state.state },
      guards: [guard, ...loaded.guards],
    };
  }

  /** The device of the key, linked now if it was not. */
  private async link({ code, client, order }: Exchange, facts: ProofFacts, context: Order): Promise<Linked> {
    const device = {
      id: this.ledger.ids.id(),
      jkt: facts.thumbprint,
      clientId: client.clientId,
      linkedAt: new Date(this.clock.now()).toISOString(),
    };
    const { answer } = await this.ledger.run(
      this.ledger.accounts,
      {
        stream: streams.account(code.accountId),
        load: (fresh) => this.ledger.loadAccount(code.accountId, fresh),
        decide: ({ state: account, revision }) => {
          const { events, refusal } = linkDevice(
            { account, revision },
            { device, marker: code.marker.account },
          );
          const personal = personalOrigin(order.origin);
          const known = account && linkedDevice(account, device.jkt)?.id;
          const answer: Linked = refusal === undefined ? { deviceId: known ?? device.id } : { refusal };
          return { events: events.map((event): DomainEvent => ({ ...event, personal })), answer };
        },
        own: (): Linked => ({ deviceId: device.id }),
      },
      context,
    );
    return answer;
  }

  private firstToken(
    code: AuthorizationCode,
    keyBound: boolean,
  ): { text: string; keyId: string } | undefined {
    if (!code.scope.split(' ').includes('offline_access')) return undefined;
    const key = this.ring.current('refresh');
    const secret = this.ledger.ids.bytes(32);
    return { text: mintFirst({ sessionId: code.sessionId, keyBound, secret }, key), keyId: key.id };
  }

  private async release(
    { code, client, facts }: Exchange,
    { decision, session }: Outcome,
    made: { readonly refreshToken?: string; readonly position?: Position },
  ): Promise<TokenAnswer | OAuthFailure> {
    switch (decision.kind) {
      case 'started':
        return this.tokens.answer({
          sessionId: code.sessionId,
          session: session as SessionState,
          client,
          scope: code.scope,
          proofThumbprint: facts?.thumbprint,
          ...made,
        });
      case 'replayed':
        return replayedExchangeProof;
      case 'ended':
        return refusedGrant(
          'The sign-in was ended before the code was used. Sign in again.',
          decision.standing.reason,
        );
      case 'code_reused':
        return refusedGrant('The code was used before. Start the sign-in again.', facts && 'code_reused');
      default:
        return neverDecision(decision);
    }
  }
}

type Linked = { readonly deviceId: string } | { readonly refusal: AccountRefusal };
type StartScope = SessionScope & { readonly started?: SessionState };

function decide(
  scope: StartScope,
  command: StartSession,
  { origin }: ExchangeCode,
): { events: readonly DomainEvent[]; atAnyRevision?: boolean; answer: Outcome } {
  const decision = startSession({ ...scope, started: scope.started }, command);
  switch (decision.kind) {
    case 'started': {
      const [{ data }] = decision.events as readonly [SessionStarted];
      const events = decision.events.map((fact): DomainEvent => ({
        ...fact,
        personal: personalOrigin(origin),
      }));
      return { events, answer: { decision, session: data.state } };
    }
    case 'code_reused':
      return { events: decision.events, atAnyRevision: true, answer: { decision, session: undefined } };
    case 'ended':
    case 'replayed':
      return { events: [], answer: { decision, session: undefined } };
    default:
      return neverDecision(decision);
  }
}

/** The command's own event is in the stream already: its tokens, if the session may still act. */
function ownOutcome(scope: StartScope, events: readonly RecordedEvent[], { nowMs }: StartSession): Outcome {
  const session = scope.session as SessionState;
  const standing = sessionStanding({ ...scope, session }, nowMs);
  if (standing.status === 'ended') return { decision: { kind: 'ended', standing }, session };
  const started = events[0]?.type === 'session.started';
  return {
    decision: started ? { kind: 'started', events: [] } : { kind: 'code_reused', events: [] },
    session,
  };
}
