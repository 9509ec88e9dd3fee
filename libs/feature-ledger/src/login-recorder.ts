// Records sign-in failures off the answer's path: one event per stream, network and minute, with a count.
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { streams } from '@sallyport/core-session';
import type { LoginEvent, Network } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import type { Position } from '@sallyport/engine';
import { Ledger } from './ledger.js';
import type { Order } from './ledger.js';
import { PendingCounts } from './pending-counts.js';

interface Failures {
  readonly stream: string;
  readonly accountId: string | undefined;
  readonly network: Network;
  readonly sinceMs: number;
  untilMs: number;
  count: number;
}

@Injectable()
export class LoginRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(LoginRecorder.name);
  private readonly pending: PendingCounts<Failures>;

  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {
    this.pending = new PendingCounts(clock, (failures) => this.appendFailures(failures));
  }

  /** Counts a failure for the account, or for the name when nobody has it. */
  failed(of: {
    readonly accountId: string | undefined;
    readonly nameHash: string;
    readonly network: Network;
  }): void {
    const stream = of.accountId === undefined ? streams.loginName(of.nameHash) : streams.login(of.accountId);
    const key = `${stream} ${of.network.ipTag}`;
    const now = this.clock.now();
    const known = this.pending.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.untilMs = now;
      return;
    }
    const { accountId, network } = of;
    this.pending.add(key, { stream, accountId, network, sinceMs: now, untilMs: now, count: 1 });
  }

  /** Appends an event about attempts at any revision; rejects when the store does not take it. */
  async append(
    stream: string,
    event: LoginEvent & { readonly personal?: object },
    order: Order,
  ): Promise<Position> {
    const { appended } = await this.ledger.run(
      this.ledger.names,
      {
        stream,
        load: () => Promise.resolve({ state: undefined, revision: -1, guards: [] }),
        decide: () => ({ events: [event as never], atAnyRevision: true, answer: undefined }),
        own: () => undefined,
      },
      order,
    );
    return appended?.position ?? '0';
  }

  async onModuleDestroy(): Promise<void> {
    await this.pending.close();
  }

  private async appendFailures(failures: Failures): Promise<void> {
    const { stream, accountId, network, sinceMs, untilMs, count } = failures;
    const data = {
      count,
      since: new Date(sinceMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      ipTag: network.ipTag,
      network,
    };
    const ordered = { actor: { kind: 'system' as const }, correlationId: this.ledger.ids.uuid() };
    try {
      await this.append(stream, { type: 'login.failed', data }, { ordered, partitionKey: accountId ?? '*' });
    } catch (error) {
      this.logger.error({ msg: 'failed sign-ins could not be recorded', stream, count, error });
    }
  }
}
