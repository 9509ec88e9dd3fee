// What the rules' consumer keeps in its store: views by name, and the shape of their rows.
import type { AnomalyState, CrowdNote, CrowdState, Decision, Finding } from '@sallyport/core-anomaly';
import type { Position, RecordedEvent } from '@sallyport/engine';

/** Name of the checkpoint, and generation of it and of all rows. */
export const rulesProjection = { name: 'rules', generation: 2 } as const;

/** Findings kept for whoever asks for the latest. */
export const latestFindings = 500;

/**
 * Their names begin alike, as other consumers may keep theirs in the same database.
 * - `account`: key and owner the account's id; body an `AnomalyState`.
 * - `crowd`: key `network:<tag>` or `key:<thumbprint>`, owner the day it was last seen; body a `CrowdState`.
 * - `parked`: key the account's id, owner `parked`; body a `ParkedRow`.
 * - `outbox`: key in order of the events, owner `outbox`; body an `OutboxItem`. Gone once it is sent.
 * - `finding`: key of a ring of the latest, owner `latest`; body a `FindingRow`.
 * - `status`: one row, key and owner `status`; body a `StatusRow`.
 *
 * Where events come by a bus each partition has its own outbox, ring and status, crowds are another
 * consumer's, and who is aside is the business of the engine's consumer.
 * - `note`: in order of the events, owner the partition of crowds it is for; body a `NoteRow`. Gone once
 *   it is judged.
 */
export const ruleViews = {
  account: 'rules-account',
  crowd: 'rules-crowd',
  parked: 'rules-parked',
  outbox: 'rules-outbox',
  finding: 'rules-finding',
  status: 'rules-status',
  note: 'rules-note',
} as const;

/** The consumer of the bus that judges networks and keys; accounts are `rulesProjection`'s. */
export const crowdsConsumer = { name: 'rules-crowds', generation: rulesProjection.generation } as const;

export function statusKey(partition: number): string {
  return `status-${partition}`;
}

export function outboxOwner(partition: number): string {
  return `outbox-${partition}`;
}

/** Of the notes for a partition of crowds, and what is to be sent of it. */
export function crowdsOwner(partition: number): string {
  return `crowds-${partition}`;
}

export interface AccountRow {
  readonly state: AnomalyState;
}
export interface CrowdRow {
  readonly state: CrowdState;
}

/** An account whose events are set aside from `from` on, until somebody retries. */
export interface ParkedRow {
  /** The event that could not be judged first: the account's hold is known by it. */
  readonly parkedAt: Position;
  readonly from: Position;
  readonly since: string;
  readonly error: string;
}

/** The event as it was observed, to be held against the store. */
export interface Trigger extends Pick<RecordedEvent, 'id' | 'stream' | 'revision' | 'position'> {
  /** Of all that rules can read in it: `digestOf`. A hash that came with it would be its sender's word. */
  readonly digest: string;
}

/** What is to be sent of one event about one account, in order of `key`. */
export type OutboxItem =
  | {
      readonly kind: 'said';
      readonly key: string;
      readonly accountId: string;
      readonly trigger: Trigger;
      readonly findings: readonly Finding[];
      readonly decisions: readonly Decision[];
    }
  | {
      /** The account was parked, or is drained again: its sensitive actions are held, or released. */
      readonly kind: 'parked' | 'drained';
      readonly key: string;
      readonly accountId: string;
      readonly parkedAt: Position;
    };

/** What an event said of a network or a key, for whoever judges that one. */
export interface NoteRow {
  readonly note: CrowdNote;
  readonly trigger: Trigger;
}

/** A finding as the ledger has it (`anomaly.detected`). */
export interface FindingRow {
  readonly findingId: string;
  readonly accountId: string;
  readonly at: string;
  readonly rule: string;
  readonly mode: string;
  readonly severity: string;
  readonly position: Position;
}

/** Which rules are active, and how far the consumer's own housekeeping is. */
export interface StatusRow {
  readonly ruleSet?: { readonly hash: string; readonly config: string; readonly activatedAt: string };
  readonly paused: boolean;
  /** Events up to it were history at the first start: what they lead to is not sent. */
  readonly silentUntil?: Position;
  /** Findings seen so far: the next one's place in the ring follows. */
  readonly findings: number;
  /** Days since 1970 up to which crowds that nobody saw for long are deleted. */
  readonly sweptDay?: number;
}
