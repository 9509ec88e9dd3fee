// The standing against a naive oracle that knows no revisions: each fact kills whom it concerns, at once, for
// good.
import fc from 'fast-check';
import { accountEvents, bearerSession, given, keyBoundSession, phone } from '@sallyport/testing';
import { startedMs } from '@sallyport/testing';
import type { Given } from '@sallyport/testing';
import * as decide from './account.js';
import * as enforce from './account-enforcement.js';
import type { AccountAt, AccountDecision } from './account.js';
import type { AccountState } from './account-events.js';
import { accountFold, cutoffsFold } from './folds.js';
import type { SessionState } from './session-events.js';
import { sessionStanding } from './standing.js';
import { declareCutoff } from './system-events.js';
import type { CutoffScope, CutoffsState } from './system-events.js';

/** Sign-ins are numbered as they come; `except` and `exchange` name them by number, `device` is one of two.
 * */
type Step =
  | { readonly kind: 'sign-in'; readonly device: number | undefined }
  | { readonly kind: 'exchange'; readonly signIn: number }
  | { readonly kind: 'log-out' | 'password'; readonly except: number | undefined }
  | { readonly kind: 'lock' | 'unlock' | 'reauthenticate' | 'erase' }
  | { readonly kind: 'revoke-device'; readonly device: number }
  | { readonly kind: 'cut'; readonly scope: CutoffScope };

/** One sign-in: a code in flight first, a session once it is exchanged. */
interface SignIn {
  readonly id: string;
  readonly device: number | undefined;
  readonly marker: { readonly account: number; readonly cutoffs: number };
  session?: SessionState;
  /** The oracle's verdict: set by the first fact that concerns it, never cleared. */
  dead: boolean;
}

const device = fc.nat(1);
const except = fc.option(fc.nat(5), { nil: undefined });
const scope: fc.Arbitrary<CutoffScope> = fc.constantFrom(
  { kind: 'all' },
  { kind: 'bearer' },
  { kind: 'client', clientId: 'demo-phone' },
);
const signIn = fc.record({
  kind: fc.constant('sign-in' as const),
  device: fc.option(device, { nil: undefined }),
});
const exchange = fc.record({ kind: fc.constant('exchange' as const), signIn: fc.nat(4) });
const ending = fc.record({ kind: fc.constantFrom('log-out' as const, 'password' as const), except });
const locking = fc.record({ kind: fc.constantFrom('lock' as const, 'unlock' as const, 'unlock' as const) });
const revoking = fc.record({ kind: fc.constant('revoke-device' as const), device });
const cutting = fc.record({ kind: fc.constant('cut' as const), scope });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: signIn },
  { weight: 18, arbitrary: exchange },
  { weight: 4, arbitrary: ending },
  { weight: 2, arbitrary: locking },
  { weight: 4, arbitrary: revoking },
  { weight: 1, arbitrary: cutting },
  { weight: 1, arbitrary: fc.constantFrom({ kind: 'erase' as const }, { kind: 'reauthenticate' as const }) },
);

class World {
  private account: Given<AccountState | undefined> = given(accountFold, ...accountEvents);
  private cutoffs: Given<CutoffsState> = given(cutoffsFold);
  readonly signIns: SignIn[] = [];

  /** Whether each session may act, and whether the oracle thinks so. */
  verdicts(): { readonly standing: boolean[]; readonly oracle: boolean[] } {
    const sessions = this.signIns.filter((entry) => entry.session !== undefined);
    return {
      standing: sessions.map((entry) => this.isActive(entry)),
      oracle: sessions.map((entry) => !entry.dead),
    };
  }

  run(next: Step): void {
    switch (next.kind) {
      case 'sign-in':
        return this.authenticate(next.device);
      case 'exchange':
        return this.exchange(this.signIns[next.signIn]);
      case 'log-out':
        this.order((at) => decide.revokeAllSessions(at, { except: nameOf(next.except) }));
        return this.kill(({ id }) => id !== nameOf(next.except));
      case 'password':
        if (!this.order((at) => decide.changePassword(at, { credential: 'x', except: nameOf(next.except) })))
          return;
        return this.kill(({ id }) => id !== nameOf(next.except));
      case 'lock':
        return this.order((at) => enforce.lockAccount(at, { reason: 'drill' }))
          ? this.kill(() => true)
          : undefined;
      case 'reauthenticate':
        return this.order((at) => enforce.requireReauthentication(at, { reason: 'drill' }))
          ? this.kill(() => true)
          : undefined;
      case 'unlock':
        return void this.order((at) => enforce.unlockAccount(at, { reason: 'drill' }));
      case 'erase':
        return this.order((at) => decide.eraseAccount(at, {})) ? this.kill(() => true) : undefined;
      case 'revoke-device':
        return this.revokeDevice(next.device);
      case 'cut':
        return this.cut(next.scope);
    }
  }

  private isActive({ id, session }: SignIn): boolean {
    const { state: account } = this.account;
    const input = { sessionId: id, session: session as SessionState, account, cutoffs: this.cutoffs.state };
    return sessionStanding(input, startedMs + 1).status === 'active';
  }

  private authenticate(on: number | undefined): void {
    if (this.account.state?.status !== 'open') return;
    const marker = { account: this.account.revision, cutoffs: this.cutoffs.revision };
    this.signIns.push({ id: `session-${this.signIns.length}`, device: on, marker, dead: false });
  }

  /** As the handler does: link the device, read the account again, and start the session if it may act. */
  private exchange(entry: SignIn | undefined): void {
    if (entry === undefined || entry.session !== undefined) return;
    const { marker } = entry;
    if (entry.device === undefined) {
      entry.session = { ...bearerSession, marker };
    } else {
      const jkt = `key-${entry.device}`;
      const linked = { ...phone, jkt, id: `device-${entry.device}@${this.account.revision}` };
      const decision = decide.linkDevice(this.at, { device: linked, marker: marker.account });
      if (decision.refusal !== undefined) return;
      this.order(() => decision);
      const deviceId = decide.linkedDevice(this.account.state as AccountState, jkt)?.id as string;
      entry.session = { ...keyBoundSession, jkt, deviceId, marker };
    }
  }

  private revokeDevice(which: number): void {
    const linked = decide.linkedDevice(this.account.state as AccountState, `key-${which}`);
    if (linked === undefined) return;
    this.order((at) => decide.revokeDevice(at, { deviceId: linked.id, cause: 'user' }));
    this.kill((entry) => entry.device === which);
  }

  private cut(by: CutoffScope): void {
    this.cutoffs = this.cutoffs.when((state, revision) => [
      declareCutoff(state, { scope: by, reason: 'drill' }, revision + 1),
    ]);
    this.kill((entry) => by.kind === 'all' || (by.kind === 'bearer') === (entry.device === undefined));
  }

  private get at(): AccountAt {
    return { account: this.account.state, revision: this.account.revision };
  }

  /** False when nothing happened. */
  private order(decision: (at: AccountAt) => AccountDecision): boolean {
    const before = this.account.revision;
    this.account = this.account.when(() => decision(this.at));
    return this.account.revision > before;
  }

  private kill(whom: (entry: SignIn) => boolean): void {
    for (const entry of this.signIns) if (whom(entry)) entry.dead = true;
  }
}

function nameOf(index: number | undefined): string | undefined {
  return index === undefined ? undefined : `session-${index}`;
}

describe('the standing of sessions and of codes in flight', () => {
  it('is what an oracle without revisions says, after every step', () => {
    let compared = 0;
    const property = fc.property(fc.array(step, { maxLength: 30, size: 'max' }), (sequence) => {
      const world = new World();
      for (const next of sequence) {
        world.run(next);
        const { standing, oracle } = world.verdicts();
        compared += oracle.filter(Boolean).length;
        expect(standing).toEqual(oracle);
      }
    });
    fc.assert(property, { numRuns: 2000 });
    expect(compared).toBeGreaterThan(1000);
  });
});
