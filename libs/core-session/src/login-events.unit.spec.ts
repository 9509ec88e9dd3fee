// Sign-in names: claimed once, taken over from an account that was never opened, released by an erasure.
import { aliceId, given } from '@sallyport/testing';
import { nameFold } from './folds.js';
import { carriedName, claimName, evolveName, releaseName } from './login-events.js';
import type { NameEvent } from './login-events.js';

const free = given(nameFold);
const claim = (accountId: string, holderExists: boolean) => (name: typeof free.state) =>
  claimName(name, { accountId, holderExists });
const alices = free.when(claim(aliceId, false)).happens('login-name.claimed');

describe('claiming a sign-in name', () => {
  it('gives a free name to the account', () => {
    expect(alices.decision.taken).toBe(false);
    expect(alices.state).toEqual({ v: 1, accountId: aliceId });
  });

  it('is refused while another account has it', () => {
    alices.when(claim('bob', true)).isRefused({ taken: true });
  });

  it('stays quiet for the account that has it', () => {
    expect(alices.when(claim(aliceId, true)).staysQuiet().decision.taken).toBe(false);
  });

  it('takes over the claim of an account that was never opened', () => {
    const bobs = alices.when(claim('bob', false)).happens('login-name.claimed');
    expect(bobs.state).toEqual({ v: 1, accountId: 'bob' });
    bobs.when(claim(aliceId, true)).isRefused({ taken: true });
  });
});

describe('releasing a sign-in name', () => {
  it('frees it for the next', () => {
    const released = alices.when((name) => releaseName(name, aliceId)).happens('login-name.released');
    expect(released.state).toEqual({ v: 1 });
    released.when(claim('bob', true)).happens('login-name.claimed');
  });

  it("stays quiet when it is free, or has become somebody else's", () => {
    free.when((name) => releaseName(name, aliceId)).staysQuiet();
    alices.when((name) => releaseName(name, 'bob')).staysQuiet();
  });
});

describe('folding a name', () => {
  it.each(['login.failed', 'login.throttled', 'login.succeeded'])('is not changed by %s', (type) => {
    expect(evolveName(alices.state, { type, data: {} } as NameEvent)).toBe(alices.state);
    expect(carriedName({ type, data: {} })).toBeUndefined();
  });

  it('throws on an unknown type', () => {
    const unknown = { type: 'login-name.sold', data: {} } as unknown as NameEvent;
    expect(() => evolveName(alices.state, unknown)).toThrow('unknown login event login-name.sold');
  });
});
