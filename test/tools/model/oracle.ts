// A naive account of who may act, to hold the service's verdicts against: facts in lists, nothing clever.

interface Fact {
  readonly at: number;
  readonly accountId: string;
  readonly kind: 'all' | 'lock' | 'device';
  readonly except?: string;
  readonly sessionId?: string;
}

interface Known {
  readonly accountId: string;
  readonly authenticatedAt: number;
  readonly startedAtMs: number;
  generation: number;
  rotatedAtMs: number;
  ended: boolean;
}

export class Oracle {
  private readonly facts: Fact[] = [];
  private readonly sessions = new Map<string, Known>();
  private readonly locked = new Set<string>();
  private step = 0;

  constructor(private readonly policy: { readonly idleSeconds: number; readonly absoluteSeconds: number }) {}

  started(sessionId: string, accountId: string, nowMs: number): void {
    this.step += 1;
    const times = { authenticatedAt: this.step, startedAtMs: nowMs, rotatedAtMs: nowMs };
    this.sessions.set(sessionId, { accountId, ...times, generation: 0, ended: false });
  }

  /** The session's latest generation as just seen; returns whether it is a new one. */
  seen(sessionId: string, generation: number, nowMs: number): boolean {
    const known = this.known(sessionId);
    if (generation === known.generation) return false;
    if (generation !== known.generation + 1) {
      throw new Error(`generation ${known.generation} became ${generation}`);
    }
    known.generation = generation;
    known.rotatedAtMs = nowMs;
    return true;
  }

  ended(sessionId: string): void {
    this.known(sessionId).ended = true;
  }

  loggedOutEverywhere(accountId: string, except?: string): void {
    this.fact({ accountId, kind: 'all', except });
  }

  lock(accountId: string): void {
    this.fact({ accountId, kind: 'lock' });
    this.locked.add(accountId);
  }

  unlock(accountId: string): void {
    this.locked.delete(accountId);
  }

  deviceLost(accountId: string, sessionId: string): void {
    this.fact({ accountId, kind: 'device', sessionId });
  }

  active(sessionId: string, nowMs: number): boolean {
    const session = this.known(sessionId);
    if (session.ended || this.locked.has(session.accountId)) return false;
    const endedByFact = this.facts.some((fact) => {
      if (fact.accountId !== session.accountId || fact.at < session.authenticatedAt) return false;
      return fact.kind === 'device' ? fact.sessionId === sessionId : fact.except !== sessionId;
    });
    const idleEndMs = session.rotatedAtMs + this.policy.idleSeconds * 1000;
    const endMs = session.startedAtMs + this.policy.absoluteSeconds * 1000;
    return !endedByFact && nowMs < idleEndMs && nowMs < endMs;
  }

  private fact(fact: Omit<Fact, 'at'>): void {
    this.step += 1;
    this.facts.push({ ...fact, at: this.step });
  }

  private known(sessionId: string): Known {
    const known = this.sessions.get(sessionId);
    if (known === undefined) throw new Error(`the oracle does not know ${sessionId}`);
    return known;
  }
}
