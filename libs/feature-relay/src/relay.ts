// The relay: one of its kind at a time publishes the store's events, in order and each once.
import { pause } from '@sallyport/engine';
import type { LeaseTaken } from '@sallyport/engine';
import { LeaseKeeper } from './lease-keeper.js';
import type { RelayObserver, RelayPorts, RelaySettings } from './relay-ports.js';
import { RelayTerm } from './relay-term.js';

const transactionTimeoutMs = 30_000;

export class Relay {
  private retryMs: number;

  constructor(
    private readonly ports: RelayPorts,
    readonly settings: RelaySettings,
    readonly observer: RelayObserver = {},
  ) {
    this.retryMs = this.firstRetryMs;
  }

  /**
   * Relays until the signal aborts, while it has the lease; ends when the transaction in hand is committed.
   * Whatever fails is told and tried again, from the taking of the lease on.
   */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const lease = await this.take();
        if (lease === undefined) {
          this.observer.stands?.('standby');
          await pause(this.ttlMs / 5, signal);
          continue;
        }
        await this.lead(lease, signal);
      } catch (error) {
        this.observer.failed?.(error, this.retryMs);
        await pause(this.retryMs, signal);
        this.retryMs = Math.min(this.retryMs * 2, this.settings.lastRetryMs ?? 5_000);
      }
    }
  }

  private take(): Promise<LeaseTaken | undefined> {
    const { name, holder } = this.settings;
    return this.ports.leases.take(name, holder, this.ttlMs);
  }

  /** One term: with the lease just taken, a publisher just opened, from where the topic ends. */
  private async lead(lease: LeaseTaken, signal: AbortSignal): Promise<void> {
    const keeper = new LeaseKeeper(this.ports.leases, lease, this.ttlMs);
    const publisher = this.ports.bus.publisher({ name: this.settings.name, transactionTimeoutMs });
    try {
      const term = new RelayTerm(this.ports, publisher, this);
      await term.takeUp();
      this.observer.stands?.('leading');
      await term.publishUntil(AbortSignal.any([signal, keeper.lost]), () => {
        this.retryMs = this.firstRetryMs;
      });
    } finally {
      // First the publisher: whoever takes the lease finds no transaction of ours open.
      await publisher.close();
      await keeper.release();
    }
  }

  private get firstRetryMs(): number {
    return this.settings.firstRetryMs ?? 250;
  }

  private get ttlMs(): number {
    return this.settings.leaseTtlMs ?? 15_000;
  }
}
