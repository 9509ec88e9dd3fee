// Turns lines into the events that the ledger would have recorded, as far as the rules read them.
import type { ObservedEvent } from '@sallyport/core-anomaly';
import type { Network } from '@sallyport/core-session';
import { isoOf } from './line.js';
import type { Line, LineKind } from './line.js';

interface Session {
  readonly id: string;
  readonly device: string | null;
  readonly key: string | undefined;
  readonly startedAt: string;
  rotatedAt: string;
  generation: number;
  revision: number;
  network: Network | undefined;
}

interface Account {
  readonly sessions: Map<string, Session>;
  /** The latest session by device; `-` for sessions without one. */
  readonly latest: Map<string, Session>;
  readonly travel: object[];
  trusted: { readonly deviceId: string; readonly bySession?: string }[];
  count: number;
}

/** Sessions remembered of an account, and journeys. */
const limit = 32;

type Made = Pick<ObservedEvent, 'type' | 'stream' | 'data'>;

export class Recorder {
  private readonly accounts = new Map<string, Account>();
  private position = 0;

  /** The events of the line, in order; a use of a session that nobody started starts it. */
  record(line: Line): ObservedEvent[] {
    return this.made(line).map((made) => this.stored(line, made));
  }

  private stored(line: Line, made: Made): ObservedEvent {
    this.position += 1;
    return {
      id: `event-${this.position}`,
      ...made,
      revision: this.position,
      position: String(this.position),
      recordedAt: isoOf(line.ms),
      actor: { kind: 'user' },
      partitionKey: line.account ?? '*',
    };
  }

  private made(line: Line): Made[] {
    if (line.kind === 'sign_in_failed') return [failedSignIn(line)];
    const account = this.account(line.account ?? '');
    const known = line.kind === 'sign_in' ? undefined : sessionOf(account, line);
    if (known === undefined && line.kind === 'sign_out') return [];
    const session = known ?? start(account, line);
    const started: Made[] = known === undefined ? [event('session.started', session)] : [];
    if (line.kind === 'sign_in' || (line.kind === 'use' && known === undefined)) return started;
    const make = makers[line.kind];
    return make === undefined ? started : [...started, make({ account, session, line })];
  }

  private account(id: string): Account {
    let account = this.accounts.get(id);
    if (account !== undefined) return account;
    account = { sessions: new Map(), latest: new Map(), travel: [], trusted: [], count: 0 };
    this.accounts.set(id, account);
    return account;
  }
}

type Maker = (of: { readonly account: Account; readonly session: Session; readonly line: Line }) => Made;

const rotated: Maker = ({ session, line }) => {
  session.generation += 1;
  session.rotatedAt = isoOf(line.ms);
  session.network = line.network ?? session.network;
  return event('session.refresh-rotated', session);
};

const sessionMakers = {
  use: rotated,
  refresh: rotated,
  retry: ({ session, line: { network } }) => event('session.rotation-retried', session, { network }),
  stale_token: ({ session, line: { count = 1, network } }) =>
    event('session.stale-token-presented', session, { presented: session.generation - 2, count, network }),
  reuse: ({ session, line: { cause, count = 1, network, ends } }) => {
    const presented = Math.max(0, session.generation - 1);
    return event('session.reuse-detected', session, { cause, presented, count, network, ends });
  },
  sign_out: ({ account, session }) => {
    account.sessions.delete(session.id);
    return { type: 'session.revoked', stream: `session-${session.id}`, data: { cause: 'user' } };
  },
  sensitive_action: ({ session }) =>
    event('session.sensitive-action-checked', session, { purpose: 'withdrawal', verdict: 'allow' }),
  step_up: ({ session, line }) =>
    event('session.step-up-completed', session, { acr: '2', amr: ['pwd'], authTime: isoOf(line.ms) }),
} satisfies Partial<Record<LineKind, Maker>>;

const accountMakers = {
  attestation: ({ account, line: { account: id, device, result = 'passed' } }) => {
    const data = { deviceId: device, format: 'unknown', result, state: stateOf(account) };
    return { type: 'account.device-attested', stream: `account-${id}`, data };
  },
  travel_notice: ({ account, session, line }) => {
    const { ms, fromMs = ms, untilMs = ms, countries = [] } = line;
    const notice = {
      id: `notice-${account.travel.length}`,
      from: isoOf(fromMs),
      until: isoOf(untilMs),
      filedAt: isoOf(ms),
      countries,
      filedBySession: session.id,
      filedByDevice: session.device,
    };
    account.travel.push(notice);
    if (account.travel.length > limit) account.travel.shift();
    const data = { notice, state: stateOf(account) };
    return { type: 'account.travel-notice-filed', stream: `account-${line.account}`, data };
  },
  device_trusted: ({ account, session, line: { account: id, device, trusted = true } }) => {
    const deviceId = device ?? '';
    account.trusted = account.trusted.filter((one) => one.deviceId !== deviceId);
    if (trusted) account.trusted.push({ deviceId, bySession: session.id });
    const data = { deviceId, trusted, state: stateOf(account) };
    return { type: 'account.device-trusted', stream: `account-${id}`, data };
  },
} satisfies Partial<Record<LineKind, Maker>>;

const makers: Partial<Record<LineKind, Maker>> = { ...sessionMakers, ...accountMakers };

function stateOf({ travel, trusted }: Account): object {
  return { travel: [...travel], trustedDevices: [...trusted] };
}

function sessionOf(account: Account, { session, device }: Line): Session | undefined {
  return session === undefined ? account.latest.get(device ?? '-') : account.sessions.get(session);
}

function start(account: Account, line: Line): Session {
  const { account: owner, device, network, ms } = line;
  account.count += 1;
  const id = line.session ?? `${owner}-${account.count}`;
  const at = isoOf(ms);
  const key = device === null ? undefined : (line.key ?? `key-${owner}-${device}`);
  const times = { startedAt: at, rotatedAt: at };
  const session: Session = { id, device, key, ...times, generation: 0, revision: 0, network };
  account.sessions.set(id, session);
  account.latest.set(device ?? '-', session);
  if (account.sessions.size > limit) {
    const [oldest = id] = account.sessions.keys();
    account.sessions.delete(oldest);
  }
  return session;
}

function event(type: string, session: Session, more: object = {}): Made {
  const { id, device, key, startedAt, rotatedAt, generation, network } = session;
  const bound = device === null ? {} : { deviceId: device, jkt: key };
  const state = { v: 1, status: 'active', ...bound, generation, startedAt, rotatedAt, network };
  return { type, stream: `session-${id}`, data: { ...more, state } };
}

/** Failures of a name that nobody has are kept with the name. */
function failedSignIn({ ms, account, name, count = 1, network }: Line): Made {
  const at = isoOf(ms);
  const stream = account === null ? `login-name-${name ?? 'unknown'}` : `login-${account}`;
  const data = { count, since: at, until: at, ipTag: network?.ipTag ?? '', network };
  return { type: 'login.failed', stream, data };
}
