// Orders about accounts and names, typed for the command bus. All reject with `LedgerError` when refused.
import { Command } from '@nestjs/cqrs';
import type { DeviceRevocationCause, Marker, RuleDecision } from '@sallyport/core-session';
import type { Ordered, RequestOrigin, Written } from './session-commands.js';

/** What a sign-in established: the inputs of an authorization code. */
export interface Authentication {
  readonly accountId: string;
  readonly marker: Marker;
  readonly authTimeMs: number;
  readonly acr: string;
  readonly amr: readonly string[];
}

/**
 * - `authenticated`: credentials fit and the account is open.
 * - `refused`: wrong name or password, or no such account: one answer, one cost.
 * - `locked`: credentials fit, but the account is locked; told only to who knows the password.
 * - `throttled`: too many failures for this name from this address; nothing was checked.
 */
export type SignInResult =
  | { readonly kind: 'authenticated'; readonly authentication: Authentication }
  | { readonly kind: 'refused' }
  | { readonly kind: 'locked' }
  | { readonly kind: 'throttled'; readonly retryAfterSeconds: number };

/** Checks a name and a password. Rejects with `queue_full` or `store_unavailable` if it cannot tell. */
export class SignIn extends Command<SignInResult> {
  constructor(
    readonly input: { readonly username: string; readonly password: string; readonly clientId: string },
    readonly origin: RequestOrigin,
  ) {
    super();
  }
}

/**
 * Opens an account. Rejects with `name_taken`, `name_malformed`, `password_too_short`, `password_too_long`.
 */
export class OpenAccount extends Command<Written & { readonly accountId: string }> {
  constructor(
    readonly input: { readonly email: string; readonly password: string; readonly reason?: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/**
 * Sets a new password; ends every session but `except`. With `currentPassword`, rejects with `password_wrong`
 * unless it fits (operators set one without).
 */
export class ChangePassword extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly newPassword: string;
      readonly currentPassword?: string;
      readonly except?: string;
      readonly reason?: string;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Ends every session of the account but `except`. */
export class RevokeAllSessions extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly except?: string; readonly reason?: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Ends a device's sessions; `lost`, `handed_over` refuse its key for good, also of a device that was revoked
 * before. Rejects with `device_unknown`. */
export class RevokeDevice extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly deviceId: string;
      readonly cause: DeviceRevocationCause;
      readonly reason?: string;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Locks the account and ends its sessions. With a rule's decision: once, and not after it was cleared. */
export class LockAccount extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly reason: string; readonly decision?: RuleDecision },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Unlocks the account. What the rules that locked it decide on events up to `seen`, a position, is cleared.
 * */
export class UnlockAccount extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly reason: string; readonly seen?: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/**
 * Ends every session for good, deletes the account's personal keys, releases its name. Safe to repeat: a
 * repeat completes what was cut short.
 */
export class EraseAccount extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly reason?: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}
