// Leases that everybody believes to have, all at once: what fences are for.
import { Leases } from '@sallyport/engine';
import type { LeaseTaken } from '@sallyport/engine';

export class LeasesForAll extends Leases {
  private epoch = 0;

  async take(name: string, holder: string, ttlMs: number): Promise<LeaseTaken> {
    this.epoch += 1;
    return { name, holder, epoch: this.epoch, expiresAt: Date.now() + ttlMs };
  }

  async renew(): Promise<boolean> {
    return true;
  }

  async release(): Promise<void> {}
}
