// What is told of attempts to sign in, of names, and of what concerns every account.
import type {
  CutoffDeclared,
  CutoffScope,
  KeyActivated,
  KeyCreated,
  KeyRetired,
  LoginFailed,
  LoginSucceeded,
  LoginThrottled,
  NameClaimed,
  NameReleased,
  SallyportEvent,
} from '@sallyport/core-session';
import { because, byWhom, nothing, scene, teller } from './timeline-words.js';
import type { Teller } from './timeline-words.js';

type OtherType = Extract<SallyportEvent['type'], `${'login' | 'login-name' | 'cutoffs' | 'keys'}.${string}`>;

const names = 'Opening and erasing the account tell it.';
const keys = "Keys are the service's, not the account's; what their end ends, a cutoff tells.";

/** Complete by type: an event that is not told here does not compile. */
export const otherTellers: { readonly [T in OtherType]: Teller } = {
  'login.succeeded': teller<LoginSucceeded>()({
    details: ({ amr }) => ({ amr }),
    say: (told, called) => `The password was accepted for a sign-in${scene(told, called)}.`,
  }),
  'login.failed': teller<LoginFailed>()({
    details: ({ count, since, until }) => ({ count, since, until }),
    say: ({ details: { count } }) => {
      return count === 1 ? 'A sign-in failed.' : `${count} sign-ins from one network failed.`;
    },
  }),
  'login.throttled': teller<LoginThrottled>()({
    details: ({ failures, retryAfterSeconds }) => ({ failures, retryAfterSeconds }),
    say: ({ details: { failures, retryAfterSeconds } }) => {
      const after = `after ${failures} failures from one network`;
      return `A sign-in was refused for ${retryAfterSeconds} seconds ${after}.`;
    },
  }),
  'login-name.claimed': teller<NameClaimed>()({
    unlisted: names,
    details: nothing,
    say: () => 'The sign-in name was taken for the account.',
  }),
  'login-name.released': teller<NameReleased>()({
    unlisted: names,
    details: nothing,
    say: () => 'The sign-in name was released.',
  }),
  'cutoffs.declared': teller<CutoffDeclared>()({
    details: ({ scope, reason }) => ({ scope, reason }),
    say: (told, called) => {
      const { scope, reason } = told.details;
      const ended = scopeOf(scope, (id) => called.client(id));
      return `${ended} ended for every account${byWhom(told, called)}${because(reason, called)}.`;
    },
  }),
  'keys.created': teller<KeyCreated>()({
    unlisted: keys,
    details: ({ purpose, keyId }) => ({ purpose, keyId }),
    say: ({ details: { purpose, keyId } }) => `The ${purpose} key ${keyId} was made.`,
  }),
  'keys.activated': teller<KeyActivated>()({
    unlisted: keys,
    details: ({ purpose, keyId }) => ({ purpose, keyId }),
    say: ({ details: { purpose, keyId } }) => `The ${purpose} key ${keyId} became current.`,
  }),
  'keys.retired': teller<KeyRetired>()({
    unlisted: keys,
    details: ({ purpose, keyId, reason }) => ({ purpose, keyId, reason }),
    say: ({ details: { purpose, keyId, reason } }, called) => {
      return `The ${purpose} key ${keyId} was retired${because(reason, called)}.`;
    },
  }),
};

function scopeOf(scope: CutoffScope, client: (id: string) => string): string {
  switch (scope.kind) {
    case 'all':
      return 'Every session';
    case 'bearer':
      return 'Every session without a device key';
    case 'client':
      return `Every session of ${client(scope.clientId)}`;
    default:
      return neverScope(scope);
  }
}

function neverScope(scope: never): never {
  throw new Error(`unknown scope ${JSON.stringify(scope)}`);
}
