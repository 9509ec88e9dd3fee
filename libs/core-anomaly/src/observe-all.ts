// One event against all that the rules remember: its account, its network, its device key.
import type { Network, SessionState } from '@sallyport/core-session';
import { observeKeyStart, observeNetworkFailures, observeNetworkStart } from './crowd.js';
import type { CrowdFailures, CrowdSight, CrowdStart, CrowdState } from './crowd.js';
import { nothingObserved } from './finding.js';
import type { Observation } from './finding.js';
import { observe } from './observe.js';
import { placeOf, sessionIdOf, timeOf } from './observed-event.js';
import type { ObservedEvent } from './observed-event.js';
import { isServer } from './places.js';
import type { AnomalyState } from './state.js';
import { isNewDevice } from './watch.js';
import type { RuleContext } from './watch.js';

/** Where the states are; each is changed in place. A state that nobody has yet is an empty one. */
export interface RuleStates {
  account(accountId: string): AnomalyState;
  /** By the key that `stateKeysOf` names. */
  crowd(key: string): CrowdState;
}

/** The states that an event touches: `account` is undefined for events of no account. */
export interface StateKeys {
  readonly account: string | undefined;
  readonly network: string | undefined;
  readonly key: string | undefined;
}

interface Facts {
  readonly state?: SessionState;
  readonly network?: Network;
  readonly since?: string;
  readonly count?: number;
}

/** The keys of the states, to load them before `observeAll`. */
export function stateKeysOf(event: ObservedEvent): StateKeys {
  const account = event.partitionKey === '*' ? undefined : event.partitionKey;
  const { state, network: from } = event.data as Facts;
  if (event.type === 'login.failed') {
    const tag = from?.dayTag;
    return { account, network: tag === undefined ? undefined : `network:${tag}`, key: undefined };
  }
  if (event.type !== 'session.started') return { account, network: undefined, key: undefined };
  const network = state?.network;
  const tag = network === undefined || isServer(network) ? undefined : network.dayTag;
  return {
    account,
    network: tag === undefined ? undefined : `network:${tag}`,
    key: state?.jkt === undefined ? undefined : `key:${state.jkt}`,
  };
}

/** What an event says of a network or a key: judged where that one's state is, whoever it is about. */
export type CrowdNote =
  | { readonly kind: 'network-failures'; readonly key: string; readonly failed: CrowdFailures }
  | { readonly kind: 'network-start' | 'key-start'; readonly key: string; readonly start: CrowdStart };

/** `observe` for the account, and the rules across accounts, whose findings may be about other accounts. */
export function observeAll(states: RuleStates, event: ObservedEvent, context: RuleContext): Observation {
  const { account: accountId } = stateKeysOf(event);
  const account = accountId === undefined ? undefined : states.account(accountId);
  const said = account === undefined ? nothingObserved : observe(account, event, context);
  const notes = crowdNotes(account, event, context);
  if (notes.length === 0) return said;
  const sight = (key: string) => ({ crowd: states.crowd(key), event, context });
  return together([said, ...notes.map((note) => observeNote(sight(note.key), note))]);
}

/** What the event says beyond its account, whose state has observed it: without that, nothing of a start. */
export function crowdNotes(
  account: AnomalyState | undefined,
  event: ObservedEvent,
  context: RuleContext,
): CrowdNote[] {
  const keys = stateKeysOf(event);
  if (keys.network === undefined && keys.key === undefined) return [];
  if (event.type === 'login.failed') {
    const { since = event.recordedAt, count = 1 } = event.data as Facts;
    const who = keys.account ?? event.stream;
    const failed = { ms: timeOf(since), count, who, at: placeOf(event) };
    return keys.network === undefined ? [] : [{ kind: 'network-failures', key: keys.network, failed }];
  }
  if (account === undefined) return [];
  const start = startOf(account, event, context);
  const notes: CrowdNote[] = [];
  if (keys.network !== undefined) notes.push({ kind: 'network-start', key: keys.network, start });
  if (keys.key !== undefined) notes.push({ kind: 'key-start', key: keys.key, start });
  return notes;
}

/** The rules over the note's network or key. A note that is known already says nothing. */
export function observeNote(sight: CrowdSight, note: CrowdNote): Observation {
  switch (note.kind) {
    case 'network-failures':
      return observeNetworkFailures(sight, note.failed);
    case 'network-start':
      return observeNetworkStart(sight, note.start);
    case 'key-start':
      return observeKeyStart(sight, note.start);
    default:
      return unknownNote(note);
  }
}

function startOf(state: AnomalyState, event: ObservedEvent, context: RuleContext): CrowdStart {
  const session = (event.data as Required<Facts>).state;
  const id = sessionIdOf(event.stream);
  const ms = timeOf(session.startedAt);
  const device = session.deviceId ?? `session:${id}`;
  const newDevice = isNewDevice({ state, event, context, findings: [] }, device, ms);
  return { ms, accountId: state.accountId, session: id, device, newDevice, at: placeOf(event) };
}

function together(all: readonly Observation[]): Observation {
  const said = all.filter((one) => one !== nothingObserved);
  if (said.length < 2) return said[0] ?? nothingObserved;
  return {
    findings: said.flatMap(({ findings }) => findings),
    decisions: said.flatMap(({ decisions }) => decisions),
  };
}

function unknownNote(note: never): never {
  throw new Error(`unknown note ${(note as { kind: string }).kind}`);
}
