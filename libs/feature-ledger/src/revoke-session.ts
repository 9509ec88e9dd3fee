// Ends sessions: by a token at the revocation endpoint (RFC 7009), or by id.
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { revokeSession, streams } from '@sallyport/core-session';
import type { EndCause, ProofFacts, SessionState } from '@sallyport/core-session';
import { EventStore } from '@sallyport/engine';
import type { Position } from '@sallyport/engine';
import {
  fingerprint,
  KeyRing,
  parseRefreshToken,
  retryUnknownKey,
  unlessTokenError,
} from '@sallyport/tokens';
import type { ParsedRefreshToken } from '@sallyport/tokens';
import { LedgerError } from './errors.js';
import { Ledger } from './ledger.js';
import { RequestProofs } from './request-proofs.js';
import { RevokeSession, RevokeToken } from './session-commands.js';
import type { OAuthFailure, Ordered, Written } from './session-commands.js';
import { ClientRegistry } from './settings.js';
import { otherKey, unknownClient } from './token-failures.js';

type Revoked = { readonly kind: 'done'; readonly position?: Position };

const nothing: Revoked = { kind: 'done' };
const historyPage = 256;

@CommandHandler(RevokeToken)
export class RevokeTokenHandler implements ICommandHandler<RevokeToken> {
  constructor(
    private readonly ledger: Ledger,
    private readonly store: EventStore,
    private readonly ring: KeyRing,
    private readonly proofs: RequestProofs,
    private readonly clients: ClientRegistry,
  ) {}

  /** Any genuine generation of its own client's token ends the session; anything else changes nothing. */
  async execute({ input, proof, origin }: RevokeToken): Promise<Revoked | OAuthFailure> {
    const client = this.clients.find(input.clientId);
    if (client === undefined) return unknownClient;
    const token = await this.parse(input.token);
    if (token === undefined || token.key.status === 'retired') return nothing;
    const required = client.revocationNeedsProof && token.keyBound;
    const checked = await this.proofs.check(proof, { required, token: input.token });
    if (checked.kind === 'failure') return checked;
    // From the store: a cache that is behind would take a newer token for a forged one and say "done".
    const { state } = await this.ledger.loadSession(token.sessionId, true);
    const { session } = state;
    const genuine =
      session?.clientId === input.clientId && (await this.isGenuine(token, input.token, session));
    if (session === undefined || !genuine) return nothing;
    if (required && checked.kind === 'proof' && !ownKey(session, checked.facts)) return otherKey;
    const ordered: Ordered = {
      actor: { kind: 'user', id: session.accountId },
      correlationId: origin.correlationId,
    };
    const { position } = await endSession(
      this.ledger,
      { sessionId: token.sessionId, cause: 'client', session },
      ordered,
    );
    return { kind: 'done', position };
  }

  private async parse(text: string): Promise<ParsedRefreshToken | undefined> {
    return unlessTokenError(() => retryUnknownKey(this.ring, () => parseRefreshToken(text, this.ring)));
  }

  private async isGenuine(token: ParsedRefreshToken, text: string, session: SessionState): Promise<boolean> {
    const presented = fingerprint(text);
    if (token.generation === session.generation) return presented === session.fingerprint;
    if (token.generation === session.generation - 1) return presented === session.previousFingerprint;
    if (token.generation > session.generation) return false;
    return presented === (await this.fingerprintOf(token));
  }

  /** The fingerprint of an older generation, from the event that made it. */
  private async fingerprintOf({ sessionId, generation }: ParsedRefreshToken): Promise<string | undefined> {
    // Generation g was made by the g-th rotation: at revision g or later.
    for (let from = generation; ; from += historyPage) {
      const page = await this.store.read(streams.session(sessionId), from, historyPage);
      for (const event of page) {
        const { state } = event.data as unknown as { readonly state?: SessionState };
        if (state?.generation === generation) return state.fingerprint;
      }
      if (page.length < historyPage) return undefined;
    }
  }
}

@CommandHandler(RevokeSession)
export class RevokeSessionHandler implements ICommandHandler<RevokeSession> {
  constructor(private readonly ledger: Ledger) {}

  async execute({ input, ordered }: RevokeSession): Promise<Written> {
    const { state } = await this.ledger.loadSession(input.sessionId, true);
    const { session } = state;
    const foreign = input.ofAccount !== undefined && session?.accountId !== input.ofAccount;
    if (session === undefined || foreign) throw new LedgerError('session_unknown');
    return endSession(this.ledger, { ...input, session }, ordered);
  }
}

/** Appends the end at any revision, so that nobody can hold it up; one that is there already is fine. */
async function endSession(
  ledger: Ledger,
  end: {
    readonly sessionId: string;
    readonly session: SessionState;
    readonly cause: EndCause;
    readonly reason?: string;
  },
  ordered: Ordered,
): Promise<Written> {
  const stream = streams.session(end.sessionId);
  const { appended } = await ledger.run(
    ledger.sessions,
    {
      stream,
      load: (fresh) => ledger.loadSession(end.sessionId, fresh),
      decide: ({ session }) => ({
        events: revokeSession(session, end),
        atAnyRevision: true,
        answer: undefined,
      }),
      own: () => undefined,
    },
    { ordered, partitionKey: end.session.accountId },
  );
  if (appended !== undefined) return { position: appended.position };
  const [last] = await ledger.store.readBack(stream, 1);
  return { position: last?.position ?? '0' };
}

function ownKey(session: SessionState, facts: ProofFacts): boolean {
  return session.jkt === undefined || session.jkt === facts.thumbprint;
}
