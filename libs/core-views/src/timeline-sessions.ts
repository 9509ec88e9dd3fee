// What is told of events of sessions.
import type {
  EndCause,
  RefreshRotated,
  ReuseCause,
  ReuseDetected,
  RotationRetried,
  SensitiveActionChecked,
  SessionEvent,
  SessionFlag,
  SessionFlagged,
  SessionRevoked,
  SessionStarted,
  SessionState,
  StaleTokenPresented,
  StepUpCompleted,
} from '@sallyport/core-session';
import { because, byWhom, nothing, ofSession, scene, teller, times } from './timeline-words.js';
import type { Teller } from './timeline-words.js';

const verdicts = { allow: 'allowed', step_up: 'held until step-up', deny: 'denied' };
const summarised = 'Refreshes are summed up at the sign-in; one from a country new to the session has a row.';

/** Complete by type: an event that is not told here does not compile. */
export const sessionTellers: { readonly [T in SessionEvent['type']]: Teller } = {
  'session.started': teller<SessionStarted>()({
    details: ({ state }) => ({ keyBound: state.jkt !== undefined, appVersion: state.appVersion }),
    say: (told, names) => `Signed in${scene(told, names)}.`,
  }),
  'session.refresh-rotated': teller<RefreshRotated>()({
    unlisted: summarised,
    // Where it was used before: in the row of a country that is new to the session.
    details: (): { readonly before?: string } => ({}),
    say: (told, names) => {
      const { before } = told.details;
      const news = before === undefined ? '' : ` for the first time, before from ${names.country(before)}`;
      return `The session was refreshed${scene(told, names)}${news}.`;
    },
  }),
  'session.rotation-retried': teller<RotationRetried>()({
    unlisted: summarised,
    details: nothing,
    say: (told, names) => `A refresh whose answer was lost was answered again${scene(told, names)}.`,
  }),
  'session.stale-token-presented': teller<StaleTokenPresented>()({
    details: ({ count, ends }) => ({ count, ends }),
    say: (told, names) => {
      const { count, ends } = told.details;
      const what = `An outdated token of the session${ofSession(told, names)} was presented${times(count)}`;
      return `${what} and refused${ending(ends)}.`;
    },
  }),
  'session.reuse-detected': teller<ReuseDetected>()({
    details: ({ cause, count, ends }) => ({ cause, count, ends }),
    say: (told, names) => {
      const { cause, count, ends } = told.details;
      return `${reuse(cause, ofSession(told, names))}${times(count)}${outcome(cause)}${ending(ends)}.`;
    },
  }),
  'session.flagged': teller<SessionFlagged>()({
    details: ({ flag, reason, decision }) => ({ flag, reason, rule: decision?.rule }),
    say: (told, names) => {
      const { flag, reason } = told.details;
      const flagged = `The session${ofSession(told, names)} was flagged${byWhom(told, names)}`;
      return `${flagged}: ${flagWords(flag)}${because(reason, names)}.`;
    },
  }),
  'session.step-up-completed': teller<StepUpCompleted<SessionState>>()({
    details: ({ amr }) => ({ amr }),
    say: (told, names) => `Authenticated again${scene(told, names)}.`,
  }),
  'session.sensitive-action-checked': teller<SensitiveActionChecked<SessionState>>()({
    details: ({ purpose, verdict, reason }) => ({ purpose, verdict, reason }),
    say: (told, names) => {
      const { purpose, verdict, reason } = told.details;
      return `A ${purpose}${scene(told, names)} was ${verdicts[verdict]}${because(reason, names)}.`;
    },
  }),
  'session.revoked': teller<SessionRevoked>()({
    details: ({ cause, reason }) => ({ cause, reason }),
    say: (told, names) => {
      const { cause, reason } = told.details;
      const end = sessionEnd(cause, byWhom(told, names));
      return `The session${ofSession(told, names)} ${end}${because(reason, names)}.`;
    },
  }),
};

function ending(ends: true | undefined): string {
  return ends === undefined ? '' : '; the session ended';
}

function reuse(cause: ReuseCause, session: string): string {
  switch (cause) {
    case 'forged':
      return `A token that claims to be of the session${session} but was never given out was presented`;
    case 'wrong_key':
      return `A token of the session${session} was presented with the key of another device`;
    case 'forked':
      return `A token of the session${session} was used in two places that hold its device's key`;
    case 'superseded':
      return `A used token of the session${session} was presented again`;
    default:
      return neverCause(cause);
  }
}

function flagWords(flag: SessionFlag): string {
  switch (flag) {
    case 'anomaly':
      return 'its use is unusual';
    case 'stale_token':
      return 'an outdated token of it was presented';
    case 'forged':
    case 'wrong_key':
    case 'forked':
    case 'superseded':
      return 'a token of it was misused';
    default:
      return neverCause(flag);
  }
}

/** Two that hold the key cannot be told apart, so both are answered. */
function outcome(cause: ReuseCause): string {
  return cause === 'forked' ? '' : ' and refused';
}

function sessionEnd(cause: EndCause, by: string): string {
  switch (cause) {
    case 'user':
    case 'operator':
      return `was ended${by}`;
    case 'client':
      return 'was ended by its app';
    case 'code_reused':
      return 'ended because its sign-in code was used twice';
    case 'token_reused':
      return 'ended because a used token came back';
    case 'wrong_key':
      return "ended because its token was used with another device's key";
    case 'stale_token':
      return 'ended because an outdated token came back';
    default:
      return neverCause(cause);
  }
}

function neverCause(cause: never): never {
  throw new Error(`unknown cause ${String(cause)}`);
}
