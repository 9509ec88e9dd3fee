// Records sign-in failures off the answer's path: one event per stream, network and minute, with a count.
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { streams } from '@sallyport/core-session';
import type { LoginEvent } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import type { Position } from '@sallyport/engine';
import { Ledger } from './ledger.js';
import type { Order } from './ledger.js';

interface Failures {
  readonly stream: string;
  readonly accountId: string | undefined;
  readonly ipTag: string;
  readonly sinceMs: number;
  untilMs: number;
  count: number;
}

const intervalMs = 60_000;
const sweepMs = 5_000;
const maxPending = 50_000;

@Injectable()
export class LoginRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(LoginRecorder.name);
  private readonly pending = new Map<string, Failures>();
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {
    this.timer = setInterval(() => void this.sweep(this.clock.now() - intervalMs), sweepMs).unref();
  }

  /** Counts a failure for the account, or for the name when nobody has it. */
  failed(of: {
    readonly accountId: string | undefined;
    readonly nameHash: string;
    readonly ipTag: string;
  }): void {
    const stream = of.accountId === undefined ? streams.loginName(of.nameHash) : streams.login(of.accountId);
    const key = `${stream} ${of.ipTag}`;
    const now = this.clock.now();
    const known = this.pending.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.untilMs = now;
      return;
    }
    if (this.pending.size >= maxPending) return;
    const { accountId, ipTag } = of;
    this.pending.set(key, { stream, accountId, ipTag, sinceMs: now, untilMs: now, count: 1 });
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
    clearInterval(this.timer);
    await this.sweep(Number.POSITIVE_INFINITY);
  }

  private async sweep(sinceMs: number): Promise<void> {
    for (const [key, entry] of this.pending) {
      if (entry.sinceMs > sinceMs) continue;
      this.pending.delete(key);
      await this.appendFailures(entry);
    }
  }

  private async appendFailures({
    stream,
    accountId,
    ipTag,
    sinceMs,
    untilMs,
    count,
  }: Failures): Promise<void> {
    const data = {
      count,
      since: new Date(sinceMs).toISOString(),
      until: new Date(untilMs).toISOString(),
      ipTag,
    };
    const ordered = { actor: { kind: 'system' as const }, correlationId: this.ledger.ids.uuid() };
    try {
      await this.append(stream, { type: 'login.failed', data }, { ordered, partitionKey: accountId ?? '*' });
    } catch (error) {
      this.logger.error({ msg: 'failed sign-ins could not be recorded', stream, count, error });
    }
  }
}
