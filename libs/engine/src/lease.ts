// The port to leases: which one of several processes may do what only one may do, until when.

/** A lease somebody has. */
export interface LeaseTaken {
  readonly name: string;
  readonly holder: string;
  /** Grows by one with each taking of this name: what was done under a smaller one is out of date. */
  readonly epoch: number;
  /**
   * End by the store's clock, milliseconds since 1970; `renew` puts it off. Not to be compared with another
   * clock: a holder counts the time to live from before it asked, on a clock that never jumps.
   */
  readonly expiresAt: number;
}

export abstract class Leases {
  /**
   * The lease for `ttlMs` by the store's clock, or undefined while anybody has it, the same holder included;
   * of any number that ask at once one gets it. Its epoch grows by one each time, also past a release or a
   * restart, and is durable. Rejects with `store_unavailable`, or with `outcome_unknown`: somebody may have
   * it now, until it expires.
   */
  abstract take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken | undefined>;

  /** Puts the end off to `ttlMs` from now; false when it has ended: expired, was released or taken anew. */
  abstract renew(lease: LeaseTaken): Promise<boolean>;

  /** Ends the lease at once. One that has ended already is fine, and whoever has it now keeps it. */
  abstract release(lease: LeaseTaken): Promise<void>;
}
