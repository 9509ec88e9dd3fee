// What comes of a run: recall by kind of attacker, honest accounts disturbed, and whom the rules missed.
import { rankOf } from '@sallyport/core-anomaly';
import type { Doing } from './judge.js';
import { isoOf } from './line.js';
import type { Label } from './line.js';

export const aims = { recall: 0.95, disturbed: 1 / 2000 } as const;

export interface KindScore {
  readonly accounts: number;
  /** By step-up or more of the rules, or by the ledger, which ended the session. */
  readonly caught: number;
  readonly caughtByRules: number;
  /** By more than step-up of the rules. */
  readonly stopped: number;
  readonly recall: number;
  readonly recallOfRules: number;
  /** From the thief's first act to the first step-up, the middle one of those caught by rules. */
  readonly medianMinutes: number | null;
}

export interface Miss {
  readonly kind: string;
  readonly account: string;
  /** What rules found of the thief all the same, none of which asks for step-up. */
  readonly found: readonly string[];
  readonly action: string | null;
}

export interface Disturbed {
  readonly account: string;
  readonly population: string | null;
  readonly action: string;
  readonly rules: readonly string[];
  readonly combination?: string;
  readonly at: string;
}

export interface RunScore {
  readonly countryRules: 'on' | 'off';
  readonly attackers: KindScore & { readonly kinds: Readonly<Record<string, KindScore>> };
  readonly honest: {
    readonly accounts: number;
    readonly askedToStepUp: number;
    /** By more than a step-up. */
    readonly disturbed: number;
    readonly disturbedShare: number;
    /** Per population, as `[accounts, asked to step up, disturbed by more]`. */
    readonly populations: Readonly<Record<string, readonly [number, number, number]>>;
    readonly list: readonly Disturbed[];
  };
  readonly misses: readonly Miss[];
}

/** By account what was done about it. */
export interface Judged {
  readonly countryRules: boolean;
  readonly doings: ReadonlyMap<string, Doing>;
}

/** The score over all labelled accounts; accounts without a label count for nothing. */
export function scoreOf(judge: Judged, labels: Iterable<Label>): RunScore {
  const attacked: Label[] = [];
  const honest: Label[] = [];
  for (const label of labels) (label.attack === undefined ? honest : attacked).push(label);
  const kinds = [...new Set(attacked.map(({ attack }) => attack as string))].sort();
  const ofKind = (kind: string) => attacked.filter(({ attack }) => attack === kind);
  const scores = kinds.map((kind) => [kind, kindScore(judge, ofKind(kind))] as const);
  return {
    countryRules: judge.countryRules ? 'on' : 'off',
    attackers: { ...kindScore(judge, attacked), kinds: Object.fromEntries(scores) },
    honest: honestScore(judge, honest),
    misses: attacked
      .filter(({ account }) => !isCaught(judge.doings.get(account)))
      .map((label) => miss(judge, label)),
  };
}

function kindScore({ doings }: Judged, labels: readonly Label[]): KindScore {
  const of = labels.map((label) => [label, doings.get(label.account)] as const);
  const caught = of.filter(([, doing]) => isCaught(doing)).length;
  const caughtByRules = of.filter(([, doing]) => doing?.caughtMs !== undefined).length;
  const stopped = of.filter(([, doing]) => isBeyondStepUp(doing)).length;
  const delays = of.flatMap(([{ fromMs }, doing]) =>
    fromMs === undefined || doing?.caughtMs === undefined ? [] : [doing.caughtMs - fromMs],
  );
  const middle = delays.sort((a, b) => a - b)[Math.floor(delays.length / 2)];
  return {
    accounts: labels.length,
    caught,
    caughtByRules,
    stopped,
    recall: share(caught, labels.length),
    recallOfRules: share(caughtByRules, labels.length),
    medianMinutes: middle === undefined ? null : Math.round(middle / 6000) / 10,
  };
}

function honestScore({ doings }: Judged, labels: readonly Label[]): RunScore['honest'] {
  const populations: Record<string, [number, number, number]> = {};
  const list: Disturbed[] = [];
  let askedToStepUp = 0;
  for (const { account, population } of labels) {
    const doing = doings.get(account);
    const count = (populations[population ?? 'honest'] ??= [0, 0, 0]);
    count[0] += 1;
    if (doing?.caughtMs === undefined) continue;
    askedToStepUp += 1;
    count[1] += 1;
    if (!isBeyondStepUp(doing)) continue;
    count[2] += 1;
    const { action = '', rules, combination, atMs = 0 } = doing;
    const why = combination === undefined ? {} : { combination };
    const at = isoOf(atMs);
    list.push({ account, population: population ?? null, action, rules: [...rules], ...why, at });
  }
  const accounts = labels.length;
  const disturbed = list.length;
  const disturbedShare = accounts === 0 ? 0 : share(disturbed, accounts);
  return { accounts, askedToStepUp, disturbed, disturbedShare, populations, list };
}

function miss({ doings }: Judged, { account, attack = '' }: Label): Miss {
  const doing = doings.get(account);
  return { kind: attack, account, found: [...(doing?.rules ?? [])], action: doing?.action ?? null };
}

function isCaught(doing: Doing | undefined): boolean {
  return doing?.caughtMs !== undefined || doing?.endedMs !== undefined;
}

function isBeyondStepUp(doing: Doing | undefined): boolean {
  return doing?.action !== undefined && rankOf(doing.action) > rankOf('step_up');
}

/** Six digits; 1 of none: nobody was missed. */
function share(part: number, whole: number): number {
  return whole === 0 ? (part === 0 ? 1 : 0) : Math.round((part / whole) * 1e6) / 1e6;
}
