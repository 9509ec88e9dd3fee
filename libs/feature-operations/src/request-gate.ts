// How many requests are worked on at once: beyond that a fast no is better for everybody than a slow yes.

/**
 * `tokens`: the token endpoint. `streams`: answers that go on for minutes; they have a limit of their own.
 * `exempt`: health and metrics, which must answer under load. `other`: the rest.
 */
export type RequestKind = 'tokens' | 'streams' | 'other' | 'exempt';

const streamRoutes: ReadonlySet<string> = new Set(['/v1/events', '/admin/events']);

/** The kind of a route, by its pattern. */
export function requestKind(route: string | undefined): RequestKind {
  if (route === '/token') return 'tokens';
  if (route !== undefined && streamRoutes.has(route)) return 'streams';
  return route !== undefined && /^\/(health\/|metrics$)/.test(route) ? 'exempt' : 'other';
}

/** Counts requests in flight, refreshes and streams apart from the rest, so that none starves the others. */
export class RequestGate {
  private readonly counts: Record<RequestKind, number> = {
    tokens: 0,
    streams: 0,
    other: 0,
    exempt: 0,
  };

  /** `limit` for the token endpoint, and as many again for streams and for the rest. */
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
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }
}
