// Sign-in attempts and names. Attempts carry no state and are appended at any revision, so that strangers'
// failures never make the owner's success wait; a name is claimed at the expected revision, so that two
// cannot have it.
import type { Network } from './session-events.js';

export interface LoginSucceeded {
  readonly type: 'login.succeeded';
  readonly data: { readonly clientId: string; readonly amr: readonly string[]; readonly network?: Network };
}
/** Aggregated per account (or name hash), network and minute. */
export interface LoginFailed {
  readonly type: 'login.failed';
  readonly data: {
    readonly count: number;
    readonly since: string;
    readonly until: string;
    readonly ipTag: string;
    /** Where they came from; its `ipTag` is the one above. */
    readonly network?: Network;
  };
}
export interface LoginThrottled {
  readonly type: 'login.throttled';
  readonly data: { readonly failures: number; readonly retryAfterSeconds: number; readonly ipTag: string };
}
export type LoginEvent = LoginSucceeded | LoginFailed | LoginThrottled;

/** Whose a sign-in name is: the state of a stream `login-name-<keyed hash>`. */
export interface NameState {
  readonly v: 1;
  /** Absent when nobody has the name. */
  readonly accountId?: string;
}
export interface NameClaimed {
  readonly type: 'login-name.claimed';
  readonly data: { readonly state: NameState };
}
export interface NameReleased {
  readonly type: 'login-name.released';
  readonly data: { readonly state: NameState };
}
export type NameEvent = NameClaimed | NameReleased | LoginEvent;

/** The state after the event. Failures of unknown names are in the same stream and change nothing. Pure. */
export function evolveName(before: NameState, event: NameEvent): NameState {
  switch (event.type) {
    case 'login-name.claimed':
      return { v: 1, accountId: event.data.state.accountId as string };
    case 'login-name.released':
      return { v: 1 };
    case 'login.succeeded':
    case 'login.failed':
    case 'login.throttled':
      return before;
    default:
      return unknownEvent(event);
  }
}

/** The state the event carries, or undefined. */
export function carriedName(event: { readonly type: string; readonly data: object }): NameState | undefined {
  const { state } = event.data as { state?: NameState };
  return state?.v === 1 ? state : undefined;
}

/** Who opens an account claims its name first; a claim by an account that was never opened may be taken over.
 * */
export function claimName(
  name: NameState,
  claim: { readonly accountId: string; readonly holderExists: boolean },
): { readonly events: readonly NameClaimed[]; readonly taken: boolean } {
  if (name.accountId === claim.accountId) return { events: [], taken: false };
  if (name.accountId !== undefined && claim.holderExists) return { events: [], taken: true };
  return {
    events: [{ type: 'login-name.claimed', data: { state: { v: 1, accountId: claim.accountId } } }],
    taken: false,
  };
}

/** Frees the name of an erased account. */
export function releaseName(name: NameState, accountId: string): readonly NameReleased[] {
  if (name.accountId !== accountId) return [];
  return [{ type: 'login-name.released', data: { state: { v: 1 } } }];
}

function unknownEvent(event: never): never {
  throw new Error(`unknown login event ${(event as { type: string }).type}`);
}
