// For tests: leases that everybody gets, so that only the bus's fencing keeps relays apart.
import { Leases } from '@sallyport/engine';
import type { LeaseTaken } from '@sallyport/engine';

export class AlwaysLease extends Leases {
  private epoch = 0;

  take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken> {
    this.epoch += 1;
    return Promise.resolve({ name, holder, epoch: this.epoch, expiresAt: Date.now() + ttlMs });
  }

  renew(): Promise<boolean> {
    return Promise.resolve(true);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}
