// One labelled event: what happened, when, to whom, and from what network; docs/simulator.md has the format.
import type { Network } from '@sallyport/core-session';

export const lineKinds = [
  'use',
  'sign_in',
  'refresh',
  'retry',
  'stale_token',
  'reuse',
  'sign_out',
  'sign_in_failed',
  'sensitive_action',
  'step_up',
  'attestation',
  'travel_notice',
  'device_trusted',
] as const;
export type LineKind = (typeof lineKinds)[number];

/** Times are milliseconds since the epoch here, and ISO 8601 in files. */
export interface Line {
  readonly ms: number;
  /** Null where a sign-in failed by a name that nobody has; then `name` tells names apart. */
  readonly account: string | null;
  /** Null for a session without a device key. */
  readonly device: string | null;
  readonly kind: LineKind;
  readonly network?: Network;
  /** Left out: the latest session of the account's device. */
  readonly session?: string;
  /** Thumbprint of the device's key; left out: one of the device's own. */
  readonly key?: string;
  readonly name?: string;
  /** Of `reuse`: forged, wrong_key, forked or superseded. */
  readonly cause?: string;
  /** Of `reuse`: the session ended by it. */
  readonly ends?: boolean;
  /** Of `sign_in_failed`, `reuse` and `stale_token`; 1 unless said. */
  readonly count?: number;
  /** Of `travel_notice`: the journey. */
  readonly countries?: readonly string[];
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** Of `attestation`. */
  readonly result?: 'passed' | 'failed';
  /** Of `device_trusted`. */
  readonly trusted?: boolean;
}

/** What is true of an account. */
export interface Label {
  readonly account: string;
  /** How its people behave, e.g. `commuter`. */
  readonly population?: string;
  /** The kind of attack, absent for an honest account. */
  readonly attack?: string;
  /** When the thief began; what was decided before does not count as finding him. */
  readonly fromMs?: number;
  /** Sessions the thief used; absent: nobody knows which, and any decision after `fromMs` counts. */
  readonly sessions?: readonly string[];
}

/** A line as it stands in a file. */
export function lineText({ ms, fromMs, untilMs, ...rest }: Line): string {
  const journey = fromMs === undefined ? {} : { from: isoOf(fromMs) };
  const end = untilMs === undefined ? {} : { until: isoOf(untilMs) };
  return JSON.stringify({ time: isoOf(ms), ...rest, ...journey, ...end });
}

/** A label as it stands in a file. */
export function labelText({ account, population, attack, fromMs, sessions }: Label): string {
  const from = fromMs === undefined ? undefined : isoOf(fromMs);
  return JSON.stringify({ account, label: attack ?? 'honest', population, from, sessions });
}

export function isoOf(ms: number): string {
  return new Date(ms).toISOString();
}
