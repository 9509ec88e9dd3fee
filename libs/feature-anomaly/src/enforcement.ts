// Whether decisions are carried out: operators pause and resume it, and so does a brake when rules lock out
// many accounts at once.
import { Injectable, Logger } from '@nestjs/common';
import type { Decision } from '@sallyport/core-anomaly';
import { Clock, Ids } from '@sallyport/engine';
import type { Actor, Position } from '@sallyport/engine';
import { Lockouts } from './lockouts.js';
import { AnomalyMetrics } from './metrics.js';
import { RulesJournal } from './rules-journal.js';
import { RulesWatch } from './rules-stream.js';

@Injectable()
export class Enforcement {
  private readonly logger = new Logger(Enforcement.name);

  constructor(
    private readonly watch: RulesWatch,
    private readonly journal: RulesJournal,
    private readonly lockouts: Lockouts,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly metrics: AnomalyMetrics,
  ) {}

  /** As it stood when it was looked last. */
  get paused(): boolean {
    return this.watch.paused;
  }

  /** Reads from the store how it stands: any process may have paused it. */
  async look(): Promise<void> {
    await this.watch.look();
    this.metrics.enforcementPaused.set(this.paused ? 1 : 0);
  }

  /**
   * Whether the decision may be carried out. Locks and forced sign-ins are counted: the one above the rule
   * set's limit within a minute pauses enforcement, and is not carried out either.
   */
  async allows({ id, action }: Pick<Decision, 'id' | 'action'>): Promise<boolean> {
    await this.look();
    if (this.paused) return false;
    if (action !== 'lock' && action !== 'reauthenticate') return true;
    const { watch } = this;
    const { locksPerMinute: perMinute } = watch.active.config;
    const lockout = { id, ms: this.clock.now(), seen: watch.head };
    if (await this.lockouts.take(lockout, { perMinute, since: watch.resumedAt })) return true;
    const reason = `more than ${perMinute} locks and forced sign-ins within a minute`;
    const { isNews } = await this.journal.onPause(reason, this.ids.uuid());
    if (isNews) {
      this.metrics.brakes.inc();
      this.logger.error({ msg: 'enforcement by rules is paused', reason });
    }
    await this.look();
    return false;
  }

  /** Where it stands. What was not carried out meanwhile is not carried out later. */
  pause(reason: string, actor: Actor): Promise<Position> {
    return this.record('rules.enforcement-paused', reason, actor);
  }

  resume(reason: string, actor: Actor): Promise<Position> {
    return this.record('rules.enforcement-resumed', reason, actor);
  }

  private async record(
    type: 'rules.enforcement-paused' | 'rules.enforcement-resumed',
    reason: string,
    actor: Actor,
  ): Promise<Position> {
    const position = await this.journal.onRules({ type, data: { reason } }, { key: this.ids.uuid(), actor });
    await this.look();
    return position;
  }
}
