// What operators are told, read for the score: by whom, about which session, and from when on.
import type { Label } from '../line.js';
import { doingOf } from './told.js';
import type { Entry } from './told.js';

const at = '2026-11-22T12:00:00.000Z';
const held = 'account.sensitive-actions-held';
const rule = { kind: 'rule' };
const thief: Label = { account: 'a', attack: 'scraper', fromMs: Date.parse(at), sessions: ['t'] };

function entry(type: string, more: Partial<Entry> = {}): Entry {
  return { type, at, by: rule, details: {}, ...more };
}

describe('what was done about an account', () => {
  it.each<[string, Entry, string]>([
    ['a flag', entry('session.flagged', { sessionId: 't' }), 'flag'],
    ['a hold of a session', entry(held, { details: { heldSession: 't' } }), 'step_up'],
    ['a hold of the account', entry(held), 'hold'],
    ['a forced sign-in', entry('account.reauthentication-required'), 'reauthenticate'],
    ['a lock', entry('account.locked'), 'lock'],
  ])('is told by %s', (_, told, action) => {
    const doing = doingOf([told], thief);
    expect(doing).toMatchObject({ action, atMs: Date.parse(at) });
    expect(doing?.caughtMs).toBe(action === 'flag' ? undefined : Date.parse(at));
  });

  it('is the strongest of all, with the combination that asked for it', () => {
    const details = { rule: 'new_country', reason: 'new_country' };
    const all = [
      entry(held, { details: { ...details, reason: 'taken over' } }),
      entry('session.flagged', { sessionId: 't', details }),
    ];
    expect(doingOf(all, thief)).toMatchObject({ action: 'hold', combination: 'taken over' });
  });

  it('counts findings and the end of a session by the ledger, and what is no decision only so', () => {
    const found = entry('anomaly.detected', { details: { rule: 'new_country', evidence: { session: 't' } } });
    const reuse = entry('session.reuse-detected', { sessionId: 't', details: { ends: true } });
    const doing = doingOf([found, reuse], thief);
    expect(doing).toEqual({ rules: new Set(['new_country']), endedMs: Date.parse(at) });
  });

  it.each<[string, Entry]>([
    ['an operator did', entry('account.locked', { by: { kind: 'operator' } })],
    ['was before the thief', entry('account.locked', { at: '2026-11-22T11:59:59.999Z' })],
    ['is about another session', entry('session.flagged', { sessionId: 'own' })],
  ])('is nothing that %s', (_, told) => expect(doingOf([told], thief)).toBeUndefined());

  it('is all of it for an honest account', () => {
    const told = entry('account.locked', { at: '2026-11-01T00:00:00.000Z' });
    expect(doingOf([told], { account: 'b', population: 'commuter' })).toMatchObject({ action: 'lock' });
  });
});
