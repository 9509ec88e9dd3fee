// Today's deciders, from the state before each golden event, make that very event again: shapes do not drift.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { policy, refreshOf, secondMs, standingOf } from '@sallyport/testing';
import * as decide from './account.js';
import * as enforce from './account-enforcement.js';
import type { AccountEvent, AccountState } from './account-events.js';
import type { TravelNotice } from './account-travel.js';
import { eventCatalogue } from './catalogue.js';
import { claimName, releaseName } from './login-events.js';
import { rotate } from './rotation.js';
import type { RotateRefresh } from './rotation-events.js';
import type { Network, SessionState } from './session-events.js';
import { flagSession, recordReuse, revokeSession, startSession } from './session.js';
import { declareCutoff, noCutoffs } from './system-events.js';
import type { CutoffScope } from './system-events.js';
import * as travel from './travel-decisions.js';

interface Golden {
  readonly type: string;
  readonly schemaVersion: number;
  readonly before?: object;
  readonly revision: number;
  readonly data: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, '..', '..', '..', 'test', 'golden');
const goldens = readdirSync(folder).map(
  (name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Golden,
);

/** What was ordered, read off the event, and decided again on the state before it. */
const makers: Readonly<
  Record<string, (golden: Golden) => readonly { readonly type: string; readonly data: object }[]>
> = {
  'account.opened': ({ data }) => {
    const state = data['state'] as AccountState;
    const order = { nowMs: Date.parse(state.openedAt), nameHash: state.nameHash, credential: 'x' };
    return decide.openAccount(undefined, order).events;
  },
  'account.password-changed': (golden) =>
    decide.changePassword(at(golden), { credential: 'x', except: golden.data['except'] as string }).events,
  'account.device-linked': (golden) => {
    const device = golden.data['device'] as AccountState['devices'][number];
    return decide.linkDevice(at(golden), { device, marker: golden.revision - 1 }).events;
  },
  'account.device-revoked': (golden) => decide.revokeDevice(at(golden), golden.data as never).events,
  'account.all-sessions-revoked': (golden) => decide.revokeAllSessions(at(golden), golden.data).events,
  'account.locked': (golden) => enforce.lockAccount(at(golden), golden.data as never).events,
  'account.unlocked': (golden) => enforce.unlockAccount(at(golden), golden.data as never).events,
  'account.sensitive-actions-held': (golden) =>
    enforce.holdSensitiveActions(at(golden), golden.data as never).events,
  'account.hold-released': (golden) => enforce.releaseHold(at(golden), golden.data as never).events,
  'account.reauthentication-required': (golden) =>
    enforce.requireReauthentication(at(golden), golden.data as never).events,
  'account.travel-notice-filed': (golden) => {
    const { notice } = golden.data as { notice: TravelNotice };
    const [nowMs, fromMs] = [Date.parse(notice.filedAt), Date.parse(notice.from)];
    const times = { nowMs, fromMs, untilMs: Date.parse(notice.until) };
    return travel.fileTravelNotice(at(golden), { ...notice, ...times }).events;
  },
  'account.travel-notice-withdrawn': (golden) =>
    travel.withdrawTravelNotice(at(golden), golden.data as never).events,
  'account.device-trusted': (golden) => travel.trustDevice(at(golden), golden.data as never).events,
  'account.erased': (golden) => decide.eraseAccount(at(golden), golden.data).events,
  'session.started': started,
  'session.refresh-rotated': (golden) => refreshed(golden, 0),
  'session.rotation-retried': (golden) => refreshed(golden, 1),
  'session.stale-token-presented': (golden) => {
    const { presented, count } = golden.data as { presented: number; count: number };
    const record = { cause: 'stale_token', presented } as const;
    return recordReuse(golden.before as SessionState, record, { count, over: false });
  },
  'session.reuse-detected': (golden) => {
    const { cause, presented, count } = golden.data as {
      cause: 'wrong_key';
      presented: number;
      count: number;
    };
    return recordReuse(golden.before as SessionState, { cause, presented }, { count, over: false });
  },
  'session.flagged': (golden) => {
    const session = golden.before as SessionState;
    return flagSession({ session, account: undefined }, golden.data as never);
  },
  'session.revoked': (golden) => revokeSession(golden.before as SessionState, golden.data as never),
  'login-name.claimed': ({ before, data }) => {
    const { accountId } = data['state'] as { accountId: string };
    return claimName((before ?? { v: 1 }) as { v: 1 }, { accountId, holderExists: false }).events;
  },
  'login-name.released': ({ before }) =>
    releaseName(before as { v: 1 }, (before as { accountId: string }).accountId),
  'cutoffs.declared': ({ before, data, revision }) => {
    const order = { scope: data['scope'] as CutoffScope, reason: data['reason'] as string };
    return [declareCutoff((before ?? noCutoffs) as typeof noCutoffs, order, revision)];
  },
};

/** Made outside the deciders: sign-in attempts by the handlers that count them, keys by the key ring,
 * findings by the rules; and what nothing makes yet. */
const madeElsewhere =
  /^((login|keys|anomaly|rules)\.|session\.(step-up|sensitive-action)|account\.device-attested)/;

function at({ before, revision }: Golden): decide.AccountAt {
  return { account: before as AccountState, revision: revision - 1 };
}

function started({ data }: Golden) {
  const state = data['state'] as SessionState;
  const decision = startSession(
    { session: undefined, started: undefined, account: accountOf(state), cutoffs: noCutoffs },
    {
      nowMs: Date.parse(state.startedAt),
      grant: { ...state, sessionId: 's', authTimeMs: Date.parse(state.authTime) },
      policy,
      token: state,
      key: {
        jkt: state.jkt as string,
        deviceId: state.deviceId as string,
        proofHash: state.proofs[0] as string,
        nonceTimeMs: 0,
      },
      network: state.network,
      appVersion: state.appVersion,
    },
  );
  return decision.kind === 'started' ? decision.events : [];
}

/** The refresh of the token `age` generations before the latest that made the golden event. */
function refreshed({ before, data }: Golden, age: number) {
  const session = before as SessionState;
  const after = data['state'] as SessionState;
  const nowMs = age === 0 ? Date.parse(after.rotatedAt) : Date.parse(session.rotatedAt) + secondMs;
  const fingerprint = age === 0 ? session.fingerprint : (session.previousFingerprint as string);
  const command: RotateRefresh = refreshOf(session.generation - age, nowMs, {
    presented: { generation: session.generation - age, fingerprint },
    successor: after,
    network: age === 0 ? after.network : (data['network'] as Network | undefined),
    appVersion: after.appVersion,
    proof: {
      thumbprint: session.jkt as string,
      proofHash: after.proofs.at(-1) as string,
      attemptHash: after.attempt,
      nonceTimeMs: nowMs,
      namesToken: true,
    },
  });
  const decision = rotate(standingOf(session, { account: accountOf(session) }), command);
  return 'events' in decision ? decision.events : [];
}

function accountOf({ deviceId, jkt, clientId, startedAt }: SessionState): AccountState {
  const linked = { id: deviceId as string, jkt: jkt as string, clientId, linkedAt: startedAt };
  const opened = { nowMs: Date.parse(startedAt), nameHash: 'n', credential: 'x' };
  const [event] = decide.openAccount(undefined, opened).events;
  const { state } = (event as AccountEvent).data;
  return { ...state, devices: [linked] };
}

describe('golden events', () => {
  it('are each made again here, but for those that no decider makes', () => {
    const here = Object.keys(makers);
    expect(
      Object.keys(eventCatalogue)
        .filter((type) => !madeElsewhere.test(type))
        .sort(),
    ).toEqual(here.sort());
  });

  it.each(
    goldens.filter(({ type }) => !madeElsewhere.test(type)).map((golden) => [golden.type, golden] as const),
  )('%s is what the decider makes today', (type, golden) => {
    const [event] = makers[type]?.(golden) ?? [];
    expect(event?.type).toBe(type);
    expect(JSON.parse(JSON.stringify(event?.data))).toEqual(golden.data);
  });
});
