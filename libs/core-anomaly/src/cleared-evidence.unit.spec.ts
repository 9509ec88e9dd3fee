// After an operator unlocked an account or released its hold: what led there leads nowhere again, and what is
// new is judged by itself.
import fc from 'fast-check';
import { observe } from './observe.js';
import type { ObservedEvent } from './observed-event.js';
import { contextOf, from, History, hour, minute, noon } from './spec-examples.js';

const step = fc.record({
  kind: fc.constantFrom('start', 'refresh', 'forked', 'stale_token', 'unlock', 'release', 'again'),
  session: fc.constantFrom('s1', 's2'),
  country: fc.constantFrom('CH', 'CH', 'BR', 'JP'),
  afterMs: fc.constantFrom(minute, 2 * hour, 30 * hour),
  pick: fc.nat(30),
});
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const steps = fc.array(step, { minLength: 3, maxLength: 25 });

interface Played {
  readonly history: History;
  /** Positions at which an operator judged all there was. */
  readonly clearings: readonly number[];
}

function play(list: readonly Step[]): Played {
  const history = new History(contextOf());
  const clearings: number[] = [];
  let at = noon;
  for (const { kind, session, country, afterMs, pick } of list) {
    at += afterMs;
    const use = { device: `d-${session}`, network: from(country) };
    if (kind === 'start') history.start(session, at, use);
    else if (kind === 'refresh') history.refresh(session, at, use);
    else if (kind === 'unlock') unlock(history, at);
    else if (kind === 'release') release(history, at, pick);
    else if (kind === 'again') repeat(history, pick);
    else history.presented(kind, session, { at, ...use });
    if (kind === 'unlock' || kind === 'release') clearings.push(history.events.length);
  }
  return { history, clearings };
}

function unlock(history: History, at: number): void {
  history.add('account.unlocked', { stream: 'account-ada', at, data: { state: {} } });
}

function release(history: History, at: number, pick: number): void {
  const { open } = history.state;
  const holdId = open[pick % Math.max(1, open.length)]?.id ?? 'one that rules did not order';
  const data = { holdId, cause: 'operator', state: {} };
  history.add('account.hold-released', { stream: 'account-ada', at, data });
}

/** An event that was delivered before is delivered again: it says nothing, and leaves nothing behind. */
function repeat({ events, state, context }: History, pick: number): void {
  const event = events[pick % Math.max(1, events.length)] as ObservedEvent | undefined;
  if (event === undefined) return;
  const before = JSON.stringify(state);
  expect(observe(state, event, context)).toEqual({ findings: [], decisions: [] });
  expect(JSON.stringify(state)).toBe(before);
}

describe('after a clearing', () => {
  it('no decision rests on evidence from before it, whatever comes and comes again', () => {
    const seen = { decisions: 0, after: 0 };
    fc.assert(
      fc.property(steps, (list) => {
        const { history, clearings } = play(list);
        const positions = new Map(history.findings.map(({ id, trigger }) => [id, Number(trigger.position)]));
        for (const { trigger, findingIds } of history.said.flatMap(({ decisions }) => decisions)) {
          const cleared = Math.max(0, ...clearings.filter((position) => position < Number(trigger)));
          for (const id of findingIds) expect(positions.get(id)).toBeGreaterThan(cleared);
          seen.decisions += 1;
          if (cleared > 0) seen.after += 1;
        }
      }),
      { numRuns: 600 },
    );
    expect(seen.after).toBeGreaterThan(300);
    expect(seen.decisions).toBeGreaterThan(seen.after);
  });

  it('what is new is decided on, even where all of it is of the same kind as before', () => {
    const history = new History(contextOf());
    const use = { device: 'd', network: from('CH') };
    history.start('s1', noon, use);
    expect(history.presented('forked', 's1', { at: noon + minute, ...use }).decisions).toHaveLength(1);
    release(history, noon + hour, 0);
    const said = history.presented('forked', 's1', { at: noon + 3 * hour, ...use });
    expect(said.decisions.map(({ action }) => action)).toEqual(['step_up']);
  });
});
