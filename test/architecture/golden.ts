// Golden events: one file per event type and schema version, never edited, so that old stores stay readable.
import { carriedAccount, carriedCutoffs, carriedName, carriedSession } from '@sallyport/core-session';
import { evolveAccount, evolveCutoffs, evolveName, evolveSession } from '@sallyport/core-session';
import type { AccountEvent, AccountState, CutoffEvent, CutoffsState } from '@sallyport/core-session';
import type { NameEvent, NameState, SessionEvent, SessionState } from '@sallyport/core-session';

/** The content of a golden file: an event, the state of its stream before it, and where it stands in it. */
export interface Golden {
  readonly type: string;
  readonly schemaVersion: number;
  /** Absent for the first event of a stream, and for streams that have no state. */
  readonly before?: object;
  readonly revision: number;
  readonly data: object;
}

/** Where event types and golden files differ, both ways. All versions up to the current one have a file. */
export function goldenFaults(catalogue: Record<string, number>, files: readonly string[]): string[] {
  const expected = Object.entries(catalogue).flatMap(([type, version]) =>
    Array.from({ length: version }, (_, before) => `${type}.v${before + 1}.json`),
  );
  return [
    ...expected.filter((name) => !files.includes(name)).map((name) => `no golden file ${name}`),
    ...files.filter((name) => !expected.includes(name)).map((name) => `no event type for ${name}`),
  ];
}

/** The state an event carries, and the one that folding it gives; undefined where there is none. */
export interface States {
  readonly carried: object | undefined;
  readonly folded: object | undefined;
}

/** Folds a golden event onto the state before it. Throws on a type that no fold knows. */
export function statesOf(golden: Golden): States {
  const stream = golden.type.slice(0, golden.type.indexOf('.'));
  const { before, revision } = golden;
  switch (stream) {
    case 'account':
      return {
        carried: carriedAccount(golden),
        folded: evolveAccount(before as AccountState | undefined, golden as AccountEvent, revision),
      };
    case 'session':
      return {
        carried: carriedSession(golden),
        folded: evolveSession(before as SessionState | undefined, golden as SessionEvent),
      };
    case 'login':
    case 'login-name':
      return {
        carried: carriedName(golden),
        folded: evolveName((before ?? { v: 1 }) as NameState, golden as NameEvent),
      };
    case 'cutoffs':
      return {
        carried: carriedCutoffs(golden),
        folded: evolveCutoffs((before ?? { v: 1 }) as CutoffsState, golden as CutoffEvent, revision),
      };
    case 'keys':
    case 'anomaly':
    case 'rules':
      return { carried: undefined, folded: undefined };
    default:
      throw new Error(`no fold for ${golden.type}`);
  }
}
