// What the contract suites of event stores and feeds are given, and the examples they append.
import type { Append, Clock, EventDraft, EventStore, Feed } from '@sallyport/engine';

export interface StoreUnderTest {
  readonly store: EventStore;
  /** The feed of the same store. */
  readonly feed: Feed;
  /** Ends this store and opens another one on the same data, under the same clock. */
  reopen(): Promise<StoreUnderTest>;
  close(): Promise<void>;
}

/** Makes an empty store under the clock. */
export type MakeStore = (clock: Clock) => Promise<StoreUnderTest>;

export class SteppingClock {
  at = Date.parse('2026-11-22T09:00:00.000Z');

  now(): number {
    return this.at;
  }
}

let made = 0;

/** An event that differs from every other made here; name the fields a test is about. */
export function exampleDraft(fields: Partial<EventDraft> = {}): EventDraft {
  made += 1;
  return {
    id: `00000000-0000-4000-8000-${String(made).padStart(12, '0')}`,
    type: 'example.happened',
    schemaVersion: 1,
    data: { number: made, text: 'ä "quoted" \n 漢', nested: { list: [1, null, true] } },
    correlationId: 'correlation-1',
    causationId: 'command-1',
    partitionKey: 'account-1',
    actor: { kind: 'user', id: 'account-1' },
    ...fields,
  };
}

/** An append of `count` example events. */
export function exampleAppend(
  stream: string,
  expected: Append['expected'],
  fields: Partial<Append> = {},
): Append {
  return { stream, expected, events: [exampleDraft()], guards: [], ...fields };
}

export type StoreTest = (under: StoreUnderTest, clock: SteppingClock) => Promise<void>;

/** Runs a test on a new store and closes whatever is open of it afterwards. */
export function onNewStore(makeStore: MakeStore): (test: StoreTest) => () => Promise<void> {
  return (test) => async () => {
    const clock = new SteppingClock();
    let under = await makeStore(clock);
    const reopen = async () => {
      under = await under.reopen();
      return under;
    };
    try {
      await test({ ...under, reopen }, clock);
    } finally {
      await under.close();
    }
  };
}

/** More than any test appends. */
export const ALL = 10_000;
