// Holds a lease while a work goes on, and says when it may no longer be believed in.
import type { LeaseTaken, Leases } from '@sallyport/engine';

/** Renews the lease three times in its time; `lost` aborts when it went elsewhere or could not be kept. */
export class LeaseKeeper {
  private readonly over = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private renewedAt = performance.now();

  constructor(
    private readonly leases: Leases,
    private readonly lease: LeaseTaken,
    private readonly ttlMs: number,
  ) {
    this.timer = setInterval(() => void this.renew(), ttlMs / 3).unref();
  }

  get lost(): AbortSignal {
    return this.over.signal;
  }

  /** Stops renewing and gives the lease up; a store that is away lets it run out. */
  async release(): Promise<void> {
    clearInterval(this.timer);
    this.over.abort();
    await this.leases.release(this.lease).catch(() => undefined);
  }

  private async renew(): Promise<void> {
    const askedAt = performance.now();
    if (askedAt - this.renewedAt >= this.ttlMs) this.over.abort();
    try {
      if (await this.leases.renew(this.lease)) this.renewedAt = askedAt;
      else this.over.abort();
    } catch {
      // Its time runs on: until then it is still ours.
    }
  }
}
