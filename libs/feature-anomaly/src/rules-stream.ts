// What the stream `rules` says: which rule set is active, and whether enforcement is paused.
import { defaultRuleSetConfig, parseRuleSet } from '@sallyport/core-anomaly';
import type { RuleSet } from '@sallyport/core-anomaly';
import { streams } from '@sallyport/core-session';
import { comparePositions } from '@sallyport/engine';
import type { EventStore, Position, RecordedEvent } from '@sallyport/engine';
import { hashed } from './digests.js';

/** Events that are looked through for the latest word, from the end. */
export const lookBack = 1_000;
const pauses: { readonly [type: string]: boolean } = {
  'rules.enforcement-paused': true,
  'rules.enforcement-resumed': false,
};

export interface RulesSaid {
  /** Undefined where none was ever activated. */
  readonly activation: RecordedEvent | undefined;
  readonly paused: boolean;
}

/** The stream as it stands at the moment, read again only where its head has moved. */
export class RulesWatch {
  private headSeen = -2;
  private recent: readonly RecordedEvent[] = [];
  private readonly sets = new Map<string, RuleSet>();

  constructor(private readonly store: EventStore) {}

  /** Rejects with `EngineError` when the store is away. */
  async look(): Promise<void> {
    const [head = -1] = await this.store.heads([streams.rules]);
    if (head <= this.headSeen) return;
    const recent = await this.store.readBack(streams.rules, lookBack);
    const { revision = -1 } = recent[0] ?? {};
    if (revision < this.headSeen) return;
    this.recent = recent;
    this.headSeen = revision;
  }

  /** Revision of the last event; -1 before the first. */
  get head(): number {
    return Math.max(-1, this.headSeen);
  }

  /** Whether enforcement was paused when it was looked. */
  get paused(): boolean {
    return pausedIn(this.recent);
  }

  /** Revision at which enforcement was resumed last; -1 if never. */
  get resumedAt(): number {
    return this.recent.find(({ type }) => pauses[type] === false)?.revision ?? -1;
  }

  /** What is active; the defaults before any activation. */
  get active(): RuleSet {
    return this.setOf(activationIn(this.recent));
  }

  /** What was active where that event stands. */
  ruleSetAt(position: Position): RuleSet {
    const before = (event: RecordedEvent): boolean => comparePositions(event.position, position) <= 0;
    return this.setOf(this.recent.find((event) => isActivation(event) && before(event)));
  }

  private setOf(activation: RecordedEvent | undefined): RuleSet {
    const key = activation?.position ?? '';
    const set = this.sets.get(key) ?? ruleSetOf(activation && String(activation.data['config']));
    this.sets.set(key, set);
    return set;
  }
}

/** The latest of these events, newest first. */
export function activationIn(recent: readonly RecordedEvent[]): RecordedEvent | undefined {
  return recent.find(isActivation);
}

function isActivation({ type }: RecordedEvent): boolean {
  return type === 'rules.activated';
}

export async function readRulesStream(store: EventStore): Promise<RulesSaid> {
  const recent = await store.readBack(streams.rules, lookBack);
  return { activation: activationIn(recent), paused: pausedIn(recent) };
}

/** Whether enforcement is paused after these events, newest first. */
export function pausedIn(recent: readonly RecordedEvent[]): boolean {
  const latest = recent.find(({ type }) => Object.hasOwn(pauses, type));
  return latest !== undefined && pauses[latest.type] === true;
}

/** The rule set of an activation's text. One that this version cannot read leaves the defaults: rules are on
 * rather than off. */
export function ruleSetOf(config: string | undefined): RuleSet {
  const read = config === undefined ? undefined : parseRuleSet(JSON.parse(config)).config;
  return hashed(read ?? defaultRuleSetConfig);
}
