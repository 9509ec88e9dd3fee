// Leases in memory, for tests of what runs under one.
import { Leases, type Clock, type LeaseTaken } from '@sallyport/engine';

export class MemoryLeases extends Leases {
  private readonly taken = new Map<string, LeaseTaken & { readonly ttlMs: number }>();

  constructor(private readonly clock: Clock) {
    super();
  }

  async take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken | undefined> {
    const before = this.taken.get(name);
    const now = this.clock.now();
    if (before !== undefined && before.expiresAt > now) return undefined;
    const lease: LeaseTaken = { name, holder, epoch: (before?.epoch ?? 0) + 1, expiresAt: now + ttlMs };
    this.taken.set(name, { ...lease, ttlMs });
    return lease;
  }

  async renew(lease: LeaseTaken): Promise<boolean> {
    const live = this.live(lease);
    if (live === undefined) return false;
    this.taken.set(lease.name, { ...live, expiresAt: this.clock.now() + live.ttlMs });
    return true;
  }

  async release(lease: LeaseTaken): Promise<void> {
    const live = this.live(lease);
    if (live !== undefined) this.taken.set(lease.name, { ...live, expiresAt: 0 });
  }

  private live({ name, holder, epoch }: LeaseTaken): (LeaseTaken & { readonly ttlMs: number }) | undefined {
    const stored = this.taken.get(name);
    const isLive = stored?.holder === holder && stored.epoch === epoch && stored.expiresAt > this.clock.now();
    return isLive ? stored : undefined;
  }
}
