// The ledger names holds, decisions and findings by the rule set that made them. A candidate's have other
// names: what people did about the one they did about the other.
import type { AnomalyState, Decision, ObservedEvent } from '@sallyport/core-anomaly';
import type { RecordedEvent } from '@sallyport/engine';

interface Named {
  readonly decision?: { readonly id: string; readonly trigger: string };
  readonly hold?: { readonly sessionId?: string };
  readonly holdId?: string;
  readonly decisionId?: string;
  readonly findingId?: string;
  readonly rule?: string;
  readonly trigger?: string;
  readonly sessionId?: string;
}

export class RuleNames {
  /** By account, trigger and session: what the candidate decided there. */
  private readonly decided = new Map<string, string>();
  /** By the name that the ledger has for it. */
  private readonly holds = new Map<string, string>();

  /** `stateOf`: what the candidate remembers of an account. */
  constructor(private readonly stateOf: (accountId: string) => AnomalyState) {}

  /** Remembers a decision of the candidate. */
  note({ id, accountId, trigger, sessionId }: Decision): void {
    this.decided.set(keyOf(accountId, trigger, sessionId), id);
  }

  /** The event as the candidate's rules are to see it: with their own names in it. */
  translated(event: RecordedEvent): ObservedEvent {
    const data = event.data as Named;
    switch (event.type) {
      case 'account.sensitive-actions-held':
        this.noteHold(event, data);
        return event;
      case 'account.hold-released':
        return this.released(event, data.holdId ?? '');
      case 'anomaly.decision-taken': {
        const ours = this.decided.get(keyOf(event.partitionKey, data.trigger, data.sessionId));
        return ours === undefined ? event : { ...event, data: { ...data, decisionId: ours } };
      }
      case 'anomaly.dismissed':
        return this.dismissed(event, data);
      default:
        return event;
    }
  }

  private noteHold({ partitionKey }: RecordedEvent, { decision, hold }: Named): void {
    const ours = this.decided.get(keyOf(partitionKey, decision?.trigger, hold?.sessionId));
    if (decision !== undefined && ours !== undefined) this.holds.set(decision.id, ours);
  }

  private released(event: RecordedEvent, holdId: string): ObservedEvent {
    const ours = this.holds.get(holdId);
    this.holds.delete(holdId);
    return ours === undefined ? event : { ...event, data: { ...event.data, holdId: ours } };
  }

  private dismissed(event: RecordedEvent, { rule, trigger }: Named): ObservedEvent {
    const { recent } = this.stateOf(event.partitionKey);
    const ours = recent.find((finding) => finding.rule === rule && finding.position === trigger);
    return ours === undefined ? event : { ...event, data: { ...event.data, findingId: ours.id } };
  }
}

function keyOf(accountId: string, trigger: string | undefined, sessionId: string | undefined): string {
  return `${accountId} ${trigger ?? ''} ${sessionId ?? ''}`;
}
