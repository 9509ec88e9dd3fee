// Decisions of rules that come again: whatever order they and operators come in, what was enforced or cleared
// is not enforced again. The oracle is a list of all that was.
import { account, accountEvents, given, otherSessionId, sessionId } from '@sallyport/testing';
import type { Given } from '@sallyport/testing';
import fc from 'fast-check';
import * as enforce from './account-enforcement.js';
import type { AccountState } from './account-events.js';
import { accountFold } from './folds.js';
import type { RuleDecision } from './rule-decisions.js';

type Account = Given<AccountState | undefined>;

interface Order {
  readonly kind: 'hold' | 'hold_session' | 'reauthenticate' | 'lock';
  readonly rule: string;
  /** Two and three digits: positions compare as numbers. */
  readonly trigger: number;
}
interface Clearing {
  readonly kind: 'release' | 'unlock' | 'step_up';
  readonly seen: number;
}
type Step = Order | Clearing | { readonly kind: 'again'; readonly pick: number };

const position = fc.integer({ min: 90, max: 110 });
const rule = fc.constantFrom('a', 'b', 'c');
const order = fc.record({
  kind: fc.constantFrom<Order['kind'][]>('hold', 'hold_session', 'reauthenticate', 'lock'),
  rule,
  trigger: position,
});
const clearing = fc.record({
  kind: fc.constantFrom<Clearing['kind'][]>('release', 'unlock', 'step_up'),
  seen: position,
});
const again = fc.record({ kind: fc.constant('again' as const), pick: fc.nat(50) });
const steps = fc.array(fc.oneof<fc.Arbitrary<Step>[]>(order, order, clearing, again), { maxLength: 40 });

function isClearing(step: Step): step is Clearing {
  return step.kind === 'release' || step.kind === 'unlock' || step.kind === 'step_up';
}

function decide(from: Account, { kind, rule: by, trigger }: Order) {
  const id = `${by}-${trigger}`;
  const decision: RuleDecision = { id, rule: by, ruleSet: 'rs', trigger: String(trigger) };
  const session = kind === 'hold_session' ? { sessionId: by === 'a' ? sessionId : otherSessionId } : {};
  return from.when((state, revision) => {
    const at = { account: state, revision };
    const ordered = { reason: by, decision };
    if (kind === 'lock') return enforce.lockAccount(at, ordered);
    if (kind === 'reauthenticate') return enforce.requireReauthentication(at, ordered);
    const hold = { id, reason: by, rule: by, ...session };
    return enforce.holdSensitiveActions(at, { hold, decision });
  });
}

function clear(from: Account, { kind, seen }: Clearing) {
  return from.when((state, revision) => {
    const at = { account: state, revision };
    const by = { reason: 'a call', seen: String(seen) };
    if (kind === 'unlock') return enforce.unlockAccount(at, by);
    if (kind === 'release') return enforce.releaseHold(at, { ...by, cause: 'operator' });
    return enforce.stepUp(at, { deviceId: account.devices[0]?.id ?? '', marker: revision });
  });
}

/** Rules of which an operator judged all evidence up to a position: those of the lock, or of the holds. */
function clearedRules({ state }: Account, { kind }: Clearing): string[] {
  if (kind === 'unlock') return [...(state?.lockedBy ?? [])];
  return kind === 'release' ? (state?.holds ?? []).flatMap(({ rule: by }) => by ?? []) : [];
}

describe("rules' decisions in any order, among operators' releases and unlockings", () => {
  it('are enforced once, and never on evidence that was enforced or cleared', () => {
    let counted = { enforced: 0, quiet: 0, cleared: 0 };
    fc.assert(
      fc.property(steps, (list) => {
        let from: Account = given(accountFold, ...accountEvents);
        const orders: Order[] = [];
        const known: { readonly rule: string; readonly upTo: number }[] = [];
        for (const step of list) {
          if (isClearing(step)) {
            const rules = clearedRules(from, step);
            from = clear(from, step);
            known.push(...rules.map((by) => ({ rule: by, upTo: step.seen })));
            counted = { ...counted, cleared: counted.cleared + rules.length };
            continue;
          }
          const one = step.kind === 'again' ? orders[step.pick % Math.max(1, orders.length)] : step;
          if (one === undefined) continue;
          const isKnown = known.some(({ rule: by, upTo }) => by === one.rule && one.trigger <= upTo);
          const after = decide(from, one);
          // No more, and no less: later evidence is enforced whatever was cleared before it.
          expect([one, after.events.length > 0]).toEqual([one, !isKnown]);
          if (isKnown) expect(after.staysQuiet().state).toEqual(from.state);
          counted = isKnown
            ? { ...counted, quiet: counted.quiet + 1 }
            : { ...counted, enforced: counted.enforced + 1 };
          known.push({ rule: one.rule, upTo: one.trigger });
          orders.push(one);
          from = after;
        }
      }),
      { numRuns: 500 },
    );
    expect(Math.min(...Object.values(counted))).toBeGreaterThan(50);
  });
});
