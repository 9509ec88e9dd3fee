// Histories in a line or two for the specs of the rules: one account, some sessions, and the table of
// countries.
import type { Network } from '@sallyport/core-session';
import type { Finding, Observation } from './finding.js';
import { observe } from './observe.js';
import type { ObservedEvent } from './observed-event.js';
import type { CountryPlaces } from './places.js';
import { defaultRuleSetConfig } from './rule-set.js';
import type { RuleSetConfig } from './rule-set.js';
import { emptyAnomalyState } from './state.js';
import type { AnomalyState } from './state.js';
import type { RuleContext } from './watch.js';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;
export const noon = Date.parse('2026-11-02T12:00:00.000Z');

/** Switzerland, Germany, Spain, Brazil, Japan; round figures. */
export const countryPlaces: CountryPlaces = new Map([
  ['CH', { lat: 46.8, lon: 8.2, radiusKm: 180 }],
  ['DE', { lat: 51.2, lon: 10.4, radiusKm: 480 }],
  ['ES', { lat: 40.2, lon: -3.6, radiusKm: 600 }],
  ['BR', { lat: -10.8, lon: -53.1, radiusKm: 2500 }],
  ['JP', { lat: 36.5, lon: 138.0, radiusKm: 1500 }],
]);

/** A network of a country; `kind` is known to be residential. */
export function from(country: string | null, more: Partial<Network> = {}): Network {
  return { country, asn: null, kind: 'residential', ipTag: `tag-${country}`, ...more };
}

/** The rules with the defaults, all in enforce, but for what is changed. */
export function contextOf(change: Partial<RuleSetConfig> = {}): RuleContext {
  const config = { ...defaultRuleSetConfig, ...change };
  return { set: { hash: 'set', config }, countryPlaces, digest: (text) => text };
}

/** The defaults with settings of some rules changed. */
export function rulesWith(changes: { readonly [rule: string]: object }): Pick<RuleSetConfig, 'rules'> {
  const rules: Record<string, object> = { ...defaultRuleSetConfig.rules };
  for (const [rule, change] of Object.entries(changes)) rules[rule] = { ...rules[rule], ...change };
  return { rules: rules as unknown as RuleSetConfig['rules'] };
}

/** What happens to one account, an event a call, and what the rules say to it. */
export class History {
  readonly accountId = 'ada';
  readonly state: AnomalyState = emptyAnomalyState('ada');
  readonly events: ObservedEvent[] = [];
  readonly said: Observation[] = [];

  constructor(readonly context: RuleContext = contextOf()) {}

  /** A sign-in: session `s` of device `d`. */
  start(session: string, at: number, use: Use = {}): Observation {
    const time = new Date(at).toISOString();
    const state = sessionState(session, { ...use, startedAt: time, rotatedAt: time });
    return this.add('session.started', { stream: `session-${session}`, at, data: { state } });
  }

  refresh(session: string, at: number, use: Use = {}): Observation {
    const state = sessionState(session, { ...use, rotatedAt: new Date(at).toISOString() });
    return this.add('session.refresh-rotated', { stream: `session-${session}`, at, data: { state } });
  }

  retry(session: string, at: number, use: Use & { readonly from?: Network } = {}): Observation {
    const data = { state: sessionState(session, use), ...(use.from ? { network: use.from } : {}) };
    return this.add('session.rotation-retried', { stream: `session-${session}`, at, data });
  }

  /** A token used by somebody who gets nothing for it: reuse by its cause, or `stale_token`. */
  presented(cause: string, session: string, { at, ...use }: Use & { readonly at: number }): Observation {
    const state = sessionState(session, use);
    const data = { presented: 1, count: 1, state };
    const stream = `session-${session}`;
    if (cause === 'stale_token') return this.add('session.stale-token-presented', { stream, at, data });
    return this.add('session.reuse-detected', { stream, at, data: { ...data, cause } });
  }

  failures(count: number, at: number): Observation {
    const time = new Date(at).toISOString();
    const data = { count, since: time, until: time, ipTag: 'x' };
    return this.add('login.failed', { stream: 'login-ada', at, data });
  }

  add(
    type: string,
    of: { readonly stream: string; readonly at: number } & Partial<ObservedEvent>,
  ): Observation {
    const { at, ...more } = of;
    const number = this.events.length + 1;
    const event: ObservedEvent = {
      id: `event-${number}`,
      type,
      revision: number,
      position: String(number),
      recordedAt: new Date(at).toISOString(),
      data: {},
      actor: { kind: 'user' },
      partitionKey: this.accountId,
      ...more,
    };
    this.events.push(event);
    const said = observe(this.state, event, this.context);
    this.said.push(said);
    return said;
  }

  get findings(): readonly Finding[] {
    return this.said.flatMap(({ findings }) => findings);
  }
}

interface Use {
  readonly device?: string;
  readonly network?: Network;
}

function sessionState(
  session: string,
  { device, network, ...times }: Use & { readonly startedAt?: string; readonly rotatedAt?: string },
): object {
  return {
    v: 1,
    status: 'active',
    accountId: 'ada',
    ...(device === undefined ? {} : { deviceId: device, jkt: `key-${device}` }),
    clientId: 'demo-phone',
    generation: 3,
    startedAt: new Date(noon).toISOString(),
    rotatedAt: new Date(noon).toISOString(),
    ...times,
    ...(network === undefined ? {} : { network }),
    session,
  };
}

/** `rule` or `rule:action` of each, for short expectations. */
export function rulesOf({ findings }: Observation): string[] {
  return findings.map(({ rule }) => rule);
}

export function actionsOf({ decisions }: Observation): string[] {
  return decisions.map(({ action, sessionId }) =>
    sessionId === undefined ? action : `${action} ${sessionId}`,
  );
}
