// The rules over one account: takes an event into the state and answers what it found and decided.
import type { Network, SallyportEvent, SessionState } from '@sallyport/core-session';
import { nothingObserved } from './finding.js';
import type { Observation } from './finding.js';
import {
  confirmPlaceOf,
  followAccount,
  followDecision,
  followDismissal,
  followEnd,
  followLock,
  followRelease,
  followStart,
  followUnlock,
} from './follow.js';
import { grade } from './grading.js';
import { isAfter, sessionIdOf, timeOf } from './observed-event.js';
import type { ObservedEvent } from './observed-event.js';
import { judgePlace } from './place-rules.js';
import type { RuleName } from './rule-table.js';
import { judgeFact, judgeFailures, judgeSensitive, judgeStart } from './sign-in-rules.js';
import { dropStalest, emptyAnomalyState, stateLimits } from './state.js';
import type { AnomalyState, SeenDevice, SeenSession } from './state.js';
import { judgeRetry, judgeTempo } from './tempo-rules.js';
import type { RuleContext, Watch } from './watch.js';

type Handler = (watch: Watch) => void;

interface SessionFacts {
  readonly state: SessionState;
  readonly network?: Network;
  readonly cause?: string;
  readonly presented?: number;
  readonly count?: number;
  readonly purpose?: string;
  readonly verdict?: string;
  readonly reason?: string;
}

const reuseRules: { readonly [cause: string]: RuleName } = {
  forged: 'reuse_forged',
  wrong_key: 'reuse_wrong_key',
  forked: 'reuse_forked',
  superseded: 'reuse_superseded',
};

const started: Handler = (watch) => {
  followStart(watch.state);
  const { state } = watch.event.data as SessionFacts;
  const ms = timeOf(state.startedAt);
  const session = noteUse(watch, state, ms);
  if (ms < session.startedMs) session.startedMs = ms;
  judgeUse(watch, session, { ms, network: state.network });
  judgeStart(watch, session);
};

const rotated: Handler = (watch) => {
  const { state } = watch.event.data as SessionFacts;
  const ms = timeOf(state.rotatedAt);
  const session = noteUse(watch, state, ms);
  judgeUse(watch, session, { ms, network: state.network });
  judgeTempo(watch, session, ms);
};

const retried: Handler = (watch) => {
  const { state, network } = watch.event.data as SessionFacts;
  const ms = timeOf(watch.event.recordedAt);
  const session = noteUse(watch, state, ms);
  judgeUse(watch, session, { ms, network });
  judgeRetry(watch, session, { ms, from: network, rotation: state.network });
};

/** A use of a token that got nothing: no use of the account, whoever it was. */
const presented: Handler = (watch) => {
  const { state, cause, presented: generation = 0, count = 1 } = watch.event.data as SessionFacts;
  const rule = cause === undefined ? 'stale_token' : reuseRules[cause];
  if (rule === undefined) return;
  const session = sessionOf(watch) ?? unseen(watch, state);
  const evidence = { presented: generation, latest: state.generation, count };
  judgeFact(watch, rule, { session, ms: timeOf(watch.event.recordedAt), evidence });
};

const sensitive: Handler = (watch) => {
  const { state, purpose = '', verdict, reason } = watch.event.data as SessionFacts;
  // A refusal by standing says nothing new about anybody.
  if (verdict === 'deny' && reason !== undefined) return;
  const ms = timeOf(watch.event.recordedAt);
  judgeSensitive(watch, noteUse(watch, state, ms), { ms, purpose });
};

const attested: Handler = (watch) => {
  followAccount(watch.state, watch.event);
  const { deviceId, result, format } = watch.event.data as Record<string, string>;
  if (result !== 'failed') return;
  const ms = timeOf(watch.event.recordedAt);
  const session = watch.state.sessions.findLast(({ device }) => device === deviceId);
  if (session === undefined) return;
  judgeFact(watch, 'attestation_failed', { session, ms, evidence: { format: format ?? '' } });
};

const failed: Handler = (watch) => {
  const { count, since } = watch.event.data as { count: number; since: string };
  judgeFailures(watch, { ms: timeOf(since), count });
};

const account: Handler = ({ state, event }) => followAccount(state, event);

const handlers = {
  'session.started': started,
  'session.refresh-rotated': rotated,
  'session.rotation-retried': retried,
  'session.stale-token-presented': presented,
  'session.reuse-detected': presented,
  'session.sensitive-action-checked': sensitive,
  'session.step-up-completed': ({ state, event }) => confirmPlaceOf(state, sessionIdOf(event.stream)),
  'session.revoked': ({ state, event }) => followEnd(state, sessionIdOf(event.stream)),
  'login.failed': failed,
  'account.device-attested': attested,
  'account.travel-notice-filed': account,
  'account.travel-notice-withdrawn': account,
  'account.device-trusted': account,
  'account.device-revoked': account,
  'account.hold-released': ({ state, event }) => followRelease(state, event),
  'account.locked': ({ state, event }) => followLock(state, event),
  'account.unlocked': ({ state, event }) => followUnlock(state, event),
  'account.erased': ({ state }) => forget(state),
  'anomaly.dismissed': ({ state, event }) => followDismissal(state, event),
  'anomaly.decision-taken': ({ state, event }) => followDecision(state, event),
} satisfies { readonly [type: string]: Handler };

const nobodys = 'It is about no account.';
const noUse = 'It says nothing of where, when or how the account is used.';

/** Complete by type: an event that is neither handled nor named here does not compile. */
export const ignoredByRules: {
  readonly [T in Exclude<SallyportEvent['type'], keyof typeof handlers>]: string;
} = {
  'account.opened': noUse,
  'account.password-changed': noUse,
  'account.device-linked': 'The session that starts on the device says more.',
  'account.all-sessions-revoked': noUse,
  'account.reauthentication-required': 'The rules know what they decided, and operators what they did.',
  'account.sensitive-actions-held': 'The same.',
  'session.flagged': 'The same.',
  'login.succeeded': 'The session that starts after it says the same and names the device.',
  'login.throttled': 'The failures before it are counted.',
  'login-name.claimed': noUse,
  'login-name.released': noUse,
  'cutoffs.declared': nobodys,
  'keys.created': nobodys,
  'keys.activated': nobodys,
  'keys.retired': nobodys,
  'anomaly.detected': 'The rules know what they found.',
  'rules.activated': nobodys,
  'rules.enforcement-paused': nobodys,
  'rules.enforcement-resumed': nobodys,
};

const byType = new Map<string, Handler>(Object.entries(handlers));
/** What the rules' own decisions led to changes what is in force, and is no evidence of anything. */
const followed = /^(account|anomaly)\./;

/**
 * Takes the event into the account's state, in place, and answers what the rules found and decided. Pure
 * otherwise: the same state, event and context give the same. Events come in order of position; one at or
 * below the last is known already and does nothing. Event times may come in any order.
 */
export function observe(state: AnomalyState, event: ObservedEvent, context: RuleContext): Observation {
  if (!isAfter(event.position, state.position)) return nothingObserved;
  state.position = event.position;
  const handler = byType.get(event.type);
  if (handler === undefined) return nothingObserved;
  if (event.actor.kind === 'rule' && !followed.test(event.type)) return nothingObserved;
  const watch: Watch = { state, event, context, findings: [] };
  const { firstUseMs } = state;
  handler(watch);
  // An earlier first use, come late: a device that seemed to be the account's first is a new one.
  const again = state.firstUseMs < firstUseMs && state.recent.length > 0;
  if (watch.findings.length === 0 && !again) return nothingObserved;
  const decisions = grade(watch, again);
  for (const { rule } of watch.findings) state.triggers[rule] = event.position;
  return { findings: watch.findings, decisions };
}

/** The device of a session, or what stands for it: a bearer session is known by itself only. */
function deviceOf(state: SessionState, sessionId: string): string {
  return state.deviceId ?? `session:${sessionId}`;
}

function noteUse(watch: Watch, facts: SessionState, ms: number): SeenSession {
  const { state, event } = watch;
  const id = sessionIdOf(event.stream);
  const device = deviceOf(facts, id);
  if (state.firstUseMs === 0 || ms < state.firstUseMs) state.firstUseMs = ms;
  noteDevice(state.devices, device, ms);
  let session = sessionOf(watch);
  if (session === undefined) {
    session = unseen(watch, facts);
    state.sessions.push(session);
    dropStalest(state.sessions, stateLimits.sessions);
  }
  if (ms > session.lastMs) session.lastMs = ms;
  return session;
}

function noteDevice(devices: SeenDevice[], device: string, ms: number): void {
  const seen = devices.find((known) => known.device === device);
  if (seen === undefined) {
    devices.push({ device, firstMs: ms, lastMs: ms });
    dropStalest(devices, stateLimits.devices);
    return;
  }
  if (ms < seen.firstMs) seen.firstMs = ms;
  if (ms > seen.lastMs) seen.lastMs = ms;
}

function judgeUse(
  watch: Watch,
  session: SeenSession,
  use: { readonly ms: number; readonly network: Network | undefined },
): void {
  const { ms, network } = use;
  if (network === undefined) return;
  if (network.country !== null && ms >= session.lastMs) session.country = network.country;
  judgePlace(watch, { ms, session: session.session, device: session.device, network });
}

function sessionOf({ state, event }: Watch): SeenSession | undefined {
  const id = sessionIdOf(event.stream);
  return state.sessions.find(({ session }) => session === id);
}

function unseen({ event }: Watch, facts: SessionState): SeenSession {
  const session = sessionIdOf(event.stream);
  const startedMs = timeOf(facts.startedAt);
  const device = deviceOf(facts, session);
  return { session, device, startedMs, lastMs: 0, country: '', refreshesMs: [] };
}

/** The account is gone; only its place in the store remains. */
function forget(state: AnomalyState): void {
  Object.assign(state, { ...emptyAnomalyState(state.accountId), position: state.position });
}
