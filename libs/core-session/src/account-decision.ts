// What decisions about an account are made of: events that carry the state after them, or a refusal.
import { evolveAccount } from './account-events.js';
import type { AccountEvent, AccountState } from './account-events.js';

/** Why a command on an account was refused. */
export const accountRefusals = [
  'account_exists',
  'account_unknown',
  'account_not_open',
  'account_not_locked',
  'device_unknown',
  'device_key_lost',
  'device_revoked_since',
  'too_many_devices',
  'too_many_lost_keys',
  'hold_unknown',
  'travel_period_invalid',
  'travel_countries_invalid',
  'travel_notice_unknown',
  'too_many_travel_notices',
] as const;
export type AccountRefusal = (typeof accountRefusals)[number];

/** Events to append (none: it has happened already), or why not. */
export type AccountDecision =
  | {
      readonly events: readonly (AccountEvent & { readonly credential?: string })[];
      readonly refusal?: undefined;
    }
  | { readonly events: readonly []; readonly refusal: AccountRefusal };

/** An account's state and the revision it stands at. */
export interface AccountAt {
  readonly account: AccountState | undefined;
  readonly revision: number;
}

/** An event without the state after it. */
export type AccountFact = AccountEvent extends infer E
  ? E extends AccountEvent
    ? { type: E['type']; data: Omit<E['data'], 'state'> }
    : never
  : never;

/** It has happened already. */
export const nothing: AccountDecision = { events: [] };

export function refused(refusal: AccountRefusal): AccountDecision {
  return { events: [], refusal };
}

/** The facts as events, each with the state after it. The account must exist. */
export function carry<F extends readonly AccountFact[]>(
  at: AccountAt,
  ...facts: F
): { [I in keyof F]: AccountEvent } {
  let state = at.account as AccountState;
  const events = facts.map((fact, index) => {
    const event = { type: fact.type, data: { ...fact.data, state } } as AccountEvent;
    state = evolveAccount(state, event, at.revision + 1 + index);
    return { type: fact.type, data: { ...fact.data, state } } as AccountEvent;
  });
  return events as { [I in keyof F]: AccountEvent };
}

/** A refusal unless the account is open. */
export function notOpen(account: AccountState | undefined): AccountDecision | undefined {
  if (account === undefined) return refused('account_unknown');
  return account.status === 'open' ? undefined : refused('account_not_open');
}

/** A refusal for an account that is unknown, closed or erased; a locked one is still somebody's. */
export function gone(account: AccountState | undefined): AccountDecision | undefined {
  return account?.status === 'locked' ? undefined : notOpen(account);
}

export function reasonOf({ reason }: { readonly reason?: string }): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
