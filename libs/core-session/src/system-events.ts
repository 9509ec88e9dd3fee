// System-wide facts: cutoffs that end sessions at scale, and the life of keys (never their material).

/** Which sessions a cutoff ends: all, bearer ones, or one client's; each with an older marker. */
export type CutoffScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'bearer' }
  | { readonly kind: 'client'; readonly clientId: string };

/** The folded state of the stream `cutoffs`: the latest revision per scope. */
export interface CutoffsState {
  readonly v: 1;
  readonly all?: number;
  readonly bearer?: number;
  readonly clients?: { readonly [clientId: string]: number };
}
export interface CutoffDeclared {
  readonly type: 'cutoffs.declared';
  readonly data: { readonly scope: CutoffScope; readonly reason: string; readonly state: CutoffsState };
}
export type CutoffEvent = CutoffDeclared;

export const noCutoffs: CutoffsState = { v: 1 };

/** The state after the event at `revision`. Pure. */
export function evolveCutoffs(before: CutoffsState, event: CutoffEvent, revision: number): CutoffsState {
  if (event.type !== 'cutoffs.declared')
    throw new Error(`unknown cutoff event ${(event as { type: string }).type}`);
  const { scope } = event.data;
  switch (scope.kind) {
    case 'all':
      return { ...before, all: revision };
    case 'bearer':
      return { ...before, bearer: revision };
    case 'client':
      return { ...before, clients: { ...before.clients, [scope.clientId]: revision } };
    default:
      throw new Error(`unknown cutoff scope ${(scope as { kind: string }).kind}`);
  }
}

/** The state the event carries, or undefined. */
export function carriedCutoffs(event: {
  readonly type: string;
  readonly data: object;
}): CutoffsState | undefined {
  const { state } = event.data as { state?: CutoffsState };
  return state?.v === 1 ? state : undefined;
}

/** Declares a cutoff; `revision` is where its event will stand. */
export function declareCutoff(
  cutoffs: CutoffsState,
  command: { readonly scope: CutoffScope; readonly reason: string },
  revision: number,
): CutoffDeclared {
  const fact: CutoffDeclared = { type: 'cutoffs.declared', data: { ...command, state: cutoffs } };
  return { ...fact, data: { ...fact.data, state: evolveCutoffs(cutoffs, fact, revision) } };
}

export const keyPurposes = ['refresh', 'signing', 'nonce', 'sealing'] as const;
export type KeyPurpose = (typeof keyPurposes)[number];

export interface KeyCreated {
  readonly type: 'keys.created';
  readonly data: { readonly purpose: KeyPurpose; readonly keyId: string; readonly reason?: string };
}
export interface KeyActivated {
  readonly type: 'keys.activated';
  readonly data: { readonly purpose: KeyPurpose; readonly keyId: string; readonly reason?: string };
}
export interface KeyRetired {
  readonly type: 'keys.retired';
  readonly data: { readonly purpose: KeyPurpose; readonly keyId: string; readonly reason: string };
}
/** Events of the stream `keys`, appended at any revision: they record what the key ring did and carry no
 * state. */
export type KeyEvent = KeyCreated | KeyActivated | KeyRetired;
