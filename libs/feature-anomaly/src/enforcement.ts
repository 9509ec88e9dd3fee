// Whether decisions are carried out: operators pause and resume it, and so does a brake when rules lock out
// many accounts at once.
import { Injectable, Logger } from '@nestjs/common';
import type { RuleAction } from '@sallyport/core-session';
import { Clock, EventStore, Ids } from '@sallyport/engine';
import type { Actor, Position } from '@sallyport/engine';
import { AnomalyMetrics } from './metrics.js';
import { RulesJournal } from './rules-journal.js';
import { readRulesStream } from './rules-stream.js';

const minuteMs = 60_000;

@Injectable()
export class Enforcement {
  private readonly logger = new Logger(Enforcement.name);
  private pausedNow = false;
  private lockoutsMs: number[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly journal: RulesJournal,
    private readonly clock: Clock,
    private readonly ids: Ids,
    private readonly metrics: AnomalyMetrics,
  ) {}

  get paused(): boolean {
    return this.pausedNow;
  }

  /** Reads from the store how it was left. */
  async load(): Promise<void> {
    this.set((await readRulesStream(this.store)).paused);
  }

  /** Takes over what the feed says: another process may have paused it. */
  set(paused: boolean): void {
    this.pausedNow = paused;
    this.metrics.enforcementPaused.set(paused ? 1 : 0);
  }

  /**
   * Whether the action may be carried out. Locks and forced sign-ins are counted: the one above `perMinute`
   * within a minute pauses enforcement, and is not carried out either.
   */
  async allows(action: RuleAction, perMinute: number): Promise<boolean> {
    if (this.pausedNow) return false;
    if (action !== 'lock' && action !== 'reauthenticate') return true;
    const now = this.clock.now();
    this.lockoutsMs = this.lockoutsMs.filter((ms) => now - ms < minuteMs);
    if (this.lockoutsMs.length < perMinute) {
      this.lockoutsMs.push(now);
      return true;
    }
    this.set(true);
    this.metrics.brakes.inc();
    const reason = `more than ${perMinute} locks and forced sign-ins within a minute`;
    this.logger.error({ msg: 'enforcement by rules is paused', reason });
    await this.record(true, reason, { kind: 'system' });
    return false;
  }

  /** Where it stands. What was not carried out meanwhile is not carried out later. */
  async pause(reason: string, actor: Actor): Promise<Position> {
    this.set(true);
    return this.record(true, reason, actor);
  }

  async resume(reason: string, actor: Actor): Promise<Position> {
    const position = await this.record(false, reason, actor);
    this.lockoutsMs = [];
    this.set(false);
    return position;
  }

  private record(paused: boolean, reason: string, actor: Actor): Promise<Position> {
    const type = paused ? 'rules.enforcement-paused' : 'rules.enforcement-resumed';
    return this.journal.onRules({ type, data: { reason } }, { key: this.ids.uuid(), actor });
  }
}
