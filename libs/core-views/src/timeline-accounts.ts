// What is told of events on the account itself.
import type {
  AccountErased,
  AccountEvent,
  AccountLocked,
  AccountOpened,
  AccountState,
  AccountUnlocked,
  AllSessionsRevoked,
  DeviceAttested,
  DeviceLinked,
  DeviceRevocationCause,
  DeviceRevoked,
  PasswordChanged,
} from '@sallyport/core-session';
import { enforcementTellers } from './timeline-enforcement.js';
import type { Happening, Names } from './timeline-rows.js';
import { because, byWhom, capital, nothing, scene, teller } from './timeline-words.js';
import type { Teller } from './timeline-words.js';

/** Complete by type: an event that is not told here does not compile. */
export const accountTellers: { readonly [T in AccountEvent['type']]: Teller } = {
  ...enforcementTellers,
  'account.opened': teller<AccountOpened>()({
    details: ({ reason }) => ({ reason }),
    say: (told, names) => {
      return `The account was opened${byWhom(told, names)}${because(told.details.reason, names)}.`;
    },
  }),
  'account.password-changed': teller<PasswordChanged>()({
    details: ({ except }) => (except === undefined ? {} : { sparedSession: except }),
    say: (told, names) => {
      const ended = 'sparedSession' in told.details ? 'every other session' : 'every session';
      return `The password was changed${byWhom(told, names)}; ${ended} ended.`;
    },
  }),
  'account.device-linked': teller<DeviceLinked>()({
    details: nothing,
    say: (told, names) => `A device was added${scene(told, names)}.`,
  }),
  'account.device-revoked': teller<DeviceRevoked>()({
    details: ({ cause, reason }) => ({ cause, reason }),
    say: (told, names) => {
      const { cause, reason } = told.details;
      return `${deviceEnd(cause, told, names)}${because(reason, names)}.`;
    },
  }),
  'account.all-sessions-revoked': teller<AllSessionsRevoked>()({
    details: ({ except, reason }) => ({ sparedSession: except, reason }),
    say: (told, names) => {
      const { sparedSession, reason } = told.details;
      const ended = sparedSession === undefined ? 'Every session was' : 'Every session but one was';
      return `${ended} ended${byWhom(told, names)}${because(reason, names)}.`;
    },
  }),
  'account.locked': teller<AccountLocked>()({
    details: ({ reason, decision }) => ({ reason, rule: decision?.rule }),
    say: (told, names) => {
      return `The account was locked${byWhom(told, names)}${because(told.details.reason, names)}.`;
    },
  }),
  'account.unlocked': teller<AccountUnlocked>()({
    details: ({ reason }) => ({ reason }),
    say: (told, names) => {
      return `The account was unlocked${byWhom(told, names)}${because(told.details.reason, names)}.`;
    },
  }),
  'account.device-attested': teller<DeviceAttested<AccountState>>()({
    details: ({ result, format }) => ({ result, format }),
    say: ({ deviceId, details: { result } }, names) => {
      const device = capital(deviceId === undefined ? 'a device' : names.device(deviceId));
      return result === 'passed' ? `${device} was attested.` : `${device} could not be attested.`;
    },
  }),
  'account.erased': teller<AccountErased>()({
    details: ({ reason }) => ({ reason }),
    say: (told, names) => {
      return `The account was erased${byWhom(told, names)}${because(told.details.reason, names)}.`;
    },
  }),
};

function deviceEnd(cause: DeviceRevocationCause, told: Happening, names: Names): string {
  const device = told.deviceId === undefined ? 'A device' : capital(names.device(told.deviceId));
  switch (cause) {
    case 'lost':
      return `${device} was reported lost; its key is refused for good`;
    case 'handed_over':
      return `${device} was handed over; its key is refused for good`;
    case 'user':
    case 'operator':
    case 'rule':
      return `${device} was removed${byWhom(told, names)}`;
    default:
      return neverCause(cause);
  }
}

function neverCause(cause: never): never {
  throw new Error(`unknown cause ${String(cause)}`);
}
