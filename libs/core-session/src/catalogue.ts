// Every event type there is, with its schema version and the stream it belongs to; checked against the golden
// files.
import type { AccountEvent } from './account-events.js';
import type { AnomalyEvent, RulesEvent } from './anomaly-events.js';
import type { NameEvent } from './login-events.js';
import type { SessionEvent } from './session-events.js';
import type { CutoffEvent, KeyEvent } from './system-events.js';

export type SallyportEvent =
  AccountEvent | SessionEvent | NameEvent | CutoffEvent | KeyEvent | AnomalyEvent | RulesEvent;

/** Stored type string -> current schema version. Complete by type: a new event that is not listed does not
 * compile. */
export const eventCatalogue: { readonly [T in SallyportEvent['type']]: number } = {
  'account.opened': 1,
  'account.password-changed': 1,
  'account.device-linked': 1,
  'account.device-revoked': 1,
  'account.all-sessions-revoked': 1,
  'account.locked': 1,
  'account.unlocked': 1,
  'account.sensitive-actions-held': 1,
  'account.hold-released': 1,
  'account.reauthentication-required': 1,
  'account.travel-notice-filed': 1,
  'account.travel-notice-withdrawn': 1,
  'account.device-trusted': 1,
  'account.erased': 1,
  'account.device-attested': 1,
  'session.started': 1,
  'session.refresh-rotated': 1,
  'session.rotation-retried': 1,
  'session.stale-token-presented': 1,
  'session.reuse-detected': 1,
  'session.flagged': 1,
  'session.revoked': 1,
  'session.step-up-completed': 1,
  'session.sensitive-action-checked': 1,
  'login.succeeded': 1,
  'login.failed': 1,
  'login.throttled': 1,
  'login-name.claimed': 1,
  'login-name.released': 1,
  'cutoffs.declared': 1,
  'keys.created': 1,
  'keys.activated': 1,
  'keys.retired': 1,
  'anomaly.detected': 1,
  'anomaly.dismissed': 1,
  'anomaly.decision-taken': 1,
  'rules.activated': 1,
  'rules.enforcement-paused': 1,
  'rules.enforcement-resumed': 1,
};

/** Names of the streams. Ids are 128 random bits as base64url and mean nothing. */
export const streams = {
  account: (accountId: string): string => `account-${accountId}`,
  session: (sessionId: string): string => `session-${sessionId}`,
  login: (accountId: string): string => `login-${accountId}`,
  loginName: (nameHash: string): string => `login-name-${nameHash}`,
  anomaly: (accountId: string): string => `anomaly-${accountId}`,
  rules: 'rules',
  cutoffs: 'cutoffs',
  keys: 'keys',
} as const;
