// Records uses of tokens that got nothing: a session and cause's first at once, repeats once per interval
// while the session may act.
import { Injectable, Logger } from '@nestjs/common';
import type { OnModuleDestroy } from '@nestjs/common';
import { recordReuse, sessionStanding, streams } from '@sallyport/core-session';
import type { ReuseRecord } from '@sallyport/core-session';
import { Clock } from '@sallyport/engine';
import { Ledger } from './ledger.js';
import type { SessionScope } from './ledger.js';
import { PendingCounts } from './pending-counts.js';

interface Pending {
  readonly sessionId: string;
  record: ReuseRecord;
  count: number;
}

@Injectable()
export class ReuseRecorder implements OnModuleDestroy {
  private readonly logger = new Logger(ReuseRecorder.name);
  private readonly pending: PendingCounts<Pending>;

  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
  ) {
    this.pending = new PendingCounts(clock, async ({ sessionId, record, count }) => {
      if (count > 0) await this.append(sessionId, record, count);
    });
  }

  /** Resolves once the use is recorded, or counted toward the interval's next record. Never rejects. */
  async note(sessionId: string, record: ReuseRecord): Promise<void> {
    const key = `${sessionId}:${record.cause}`;
    const known = this.pending.get(key);
    if (known !== undefined) {
      known.count += 1;
      known.record = record;
      return;
    }
    if (this.pending.add(key, { sessionId, record, count: 0 })) await this.append(sessionId, record, 1);
  }

  async onModuleDestroy(): Promise<void> {
    await this.pending.close();
  }

  private async append(sessionId: string, record: ReuseRecord, count: number): Promise<void> {
    try {
      const { state } = await this.ledger.loadSession(sessionId, false);
      const ordered = { actor: { kind: 'system' as const }, correlationId: this.ledger.ids.uuid() };
      await this.ledger.run(
        this.ledger.sessions,
        {
          stream: streams.session(sessionId),
          load: (fresh) => this.ledger.loadSession(sessionId, fresh),
          decide: (scope) => {
            const over = isOver(scope, this.clock.now());
            return { events: recordReuse(scope.session, record, { count, over }), answer: undefined };
          },
          own: () => undefined,
        },
        { ordered, partitionKey: state.session?.accountId ?? '*' },
      );
    } catch (error) {
      this.logger.error({
        msg: 'a reuse could not be recorded',
        sessionId,
        cause: record.cause,
        count,
        error,
      });
    }
  }
}

function isOver({ session, ...scope }: SessionScope, nowMs: number): boolean {
  return session !== undefined && sessionStanding({ ...scope, session }, nowMs).status === 'ended';
}
