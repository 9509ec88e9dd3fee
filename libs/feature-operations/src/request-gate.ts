// How many requests are worked on at once: beyond that a fast no is better for everybody than a slow yes.

/**
 * `tokens`: the token endpoint. `other`: the rest. `exempt`: health and metrics, which must answer under
 * load.
 */
export type RequestKind = 'tokens' | 'other' | 'exempt';

/** The kind of a route, by its pattern. */
export function requestKind(route: string | undefined): RequestKind {
  if (route === '/token') return 'tokens';
  return route !== undefined && /^\/(health\/|metrics$)/.test(route) ? 'exempt' : 'other';
}

/** Counts requests in flight, refreshes apart from the rest, so that neither starves the other. */
export class RequestGate {
  private readonly counts: Record<RequestKind, number> = { tokens: 0, other: 0, exempt: 0 };

  /** `limit` for the token endpoint, and as many again for the rest. */
  constructor(private readonly limit: number) {}

  /** False when the request must be turned away; else `leave` has to follow. */
  enter(kind: RequestKind): boolean {
    if (kind !== 'exempt' && this.counts[kind] >= this.limit) return false;
    this.counts[kind] += 1;
    return true;
  }

  leave(kind: RequestKind): void {
    this.counts[kind] -= 1;
  }

  get inFlight(): number {
    return this.counts.tokens + this.counts.other + this.counts.exempt;
  }
}
