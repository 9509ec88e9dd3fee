// What is told of graded decisions, and of what a person says ahead to soften them.
import type {
  AccountEvent,
  DeviceTrusted,
  HoldReleased,
  ReauthenticationRequired,
  SensitiveActionsHeld,
  TravelNoticeFiled,
  TravelNoticeWithdrawn,
} from '@sallyport/core-session';
import { because, byWhom, capital, teller } from './timeline-words.js';
import type { Teller } from './timeline-words.js';

export type EnforcementType = Extract<
  AccountEvent['type'],
  | 'account.sensitive-actions-held'
  | 'account.hold-released'
  | 'account.reauthentication-required'
  | `account.travel-notice-${string}`
  | 'account.device-trusted'
>;

const isoDayCharacters = 10;

/** Complete by type: an event that is not told here does not compile. */
export const enforcementTellers: { readonly [T in EnforcementType]: Teller } = {
  'account.sensitive-actions-held': teller<SensitiveActionsHeld>()({
    details: ({ hold: { id: holdId, sessionId: heldSession, reason, rule } }) => {
      return { holdId, heldSession, reason, rule };
    },
    say: (told, names) => {
      const { heldSession, reason } = told.details;
      const scope = heldSession === undefined ? '' : ' of a session';
      const until = heldSession === undefined ? '' : ' until its device signs in again';
      return `Sensitive actions${scope} were held${byWhom(told, names)}${until}${because(reason, names)}.`;
    },
  }),
  'account.hold-released': teller<HoldReleased>()({
    details: ({ holdId, cause, reason }) => ({ holdId, cause, reason }),
    say: (told, names) => {
      const { cause, reason } = told.details;
      const how = cause === 'step_up' ? ' by a new sign-in on its device' : byWhom(told, names);
      return `A hold on sensitive actions was released${how}${because(reason, names)}.`;
    },
  }),
  'account.reauthentication-required': teller<ReauthenticationRequired>()({
    details: ({ reason, decision }) => ({ reason, rule: decision?.rule }),
    say: (told, names) => {
      const ended = `Every session was ended${byWhom(told, names)}, to be signed in again`;
      return `${ended}${because(told.details.reason, names)}.`;
    },
  }),
  'account.travel-notice-filed': teller<TravelNoticeFiled>()({
    details: ({ notice: { id, from, until, countries } }) => ({ noticeId: id, from, until, countries }),
    say: ({ details: { from, until, countries } }, names) => {
      const where = countries.map((code) => names.country(code)).join(', ');
      return `A journey was told ahead: ${where}, from ${day(from)} until ${day(until)}.`;
    },
  }),
  'account.travel-notice-withdrawn': teller<TravelNoticeWithdrawn>()({
    details: ({ noticeId }) => ({ noticeId }),
    say: () => 'A journey that was told ahead was withdrawn.',
  }),
  'account.device-trusted': teller<DeviceTrusted>()({
    details: ({ trusted }) => ({ trusted }),
    say: ({ deviceId, details: { trusted } }, names) => {
      const device = capital(deviceId === undefined ? 'a device' : names.device(deviceId));
      return `${device} was ${trusted ? 'marked as trusted' : 'marked as trusted no longer'}.`;
    },
  }),
};

function day(time: string): string {
  return time.slice(0, isoDayCharacters);
}
