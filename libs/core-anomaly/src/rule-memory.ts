// The rules with all they remember in memory: for replays, simulations and measurements.
import { emptyCrowdState } from './crowd.js';
import type { CrowdState } from './crowd.js';
import type { Observation } from './finding.js';
import { observeAll } from './observe-all.js';
import type { RuleStates } from './observe-all.js';
import type { ObservedEvent } from './observed-event.js';
import { emptyAnomalyState } from './state.js';
import type { AnomalyState } from './state.js';
import type { RuleContext } from './watch.js';

/** States by account and by network or key; the least recently used crowd goes first at the limit. */
export class RuleMemory implements RuleStates {
  readonly accounts = new Map<string, AnomalyState>();
  private readonly crowds = new Map<string, CrowdState>();

  constructor(
    /** May be replaced by one with another rule set; what is remembered stays. */
    public context: RuleContext,
    private readonly maxCrowds = 200_000,
  ) {}

  observe(event: ObservedEvent): Observation {
    return observeAll(this, event, this.context);
  }

  account(accountId: string): AnomalyState {
    let state = this.accounts.get(accountId);
    if (state === undefined) this.accounts.set(accountId, (state = emptyAnomalyState(accountId)));
    return state;
  }

  crowd(key: string): CrowdState {
    const known = this.crowds.get(key);
    const state = known ?? emptyCrowdState();
    this.crowds.delete(key);
    this.crowds.set(key, state);
    if (known === undefined && this.crowds.size > this.maxCrowds) {
      const [oldest = key] = this.crowds.keys();
      this.crowds.delete(oldest);
    }
    return state;
  }
}
