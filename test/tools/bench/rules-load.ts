// How many events a second one core judges by the rules, over a population that mostly does what people do.
import { defaultRuleSetConfig, RuleMemory } from '@sallyport/core-anomaly';
import type { CountryPlaces, ObservedEvent, RuleContext } from '@sallyport/core-anomaly';
import type { Report } from '../report.js';

const aim = 100_000;

export function rulesFigures(report: Report): void {
  const load: RulesLoad = { accounts: 10_000, events: 500_000 };
  report.group('rules', `${load.events} events of ${load.accounts} accounts`);
  const rate = rulesRate(load);
  const value = Math.round(rate.eventsPerSecond);
  const holds = value >= aim;
  report.figure({ name: 'rules, of one core', value, unit: 'events/s', aim: `>= ${aim}`, holds });
  report.say(`  ${rate.findings} findings, ${rate.decisions} decisions`);
}

export interface RulesLoad {
  readonly accounts: number;
  readonly events: number;
}

export interface RulesRate {
  readonly events: number;
  readonly findings: number;
  readonly decisions: number;
  /** Of one core's time. */
  readonly eventsPerSecond: number;
}

const startMs = Date.parse('2026-11-02T00:00:00.000Z');
const countryPlaces: CountryPlaces = new Map([
  ['CH', { lat: 46.8, lon: 8.2, radiusKm: 180 }],
  ['JP', { lat: 36.5, lon: 138, radiusKm: 1500 }],
]);
const context: RuleContext = {
  set: { hash: 'bench', config: defaultRuleSetConfig },
  countryPlaces,
  digest: (text) => text,
};

/** Made and judged in portions, so that no more of them are in memory than in a running service. */
const portion = 10_000;

/** Judges all events, of which the first fifth is to warm up and not counted; nor is making them. */
export function rulesRate({ accounts, events }: RulesLoad): RulesRate {
  const memory = new RuleMemory(context);
  const warmUp = Math.floor(events / 5);
  const seen = { events: 0, findings: 0, decisions: 0 };
  let cpuMicros = 0;
  for (let from = 0; from < events; from += portion) {
    const made = eventsOf({ accounts, from, to: Math.min(events, from + portion) });
    const before = process.cpuUsage();
    for (const event of made) {
      const said = memory.observe(event);
      seen.findings += said.findings.length;
      seen.decisions += said.decisions.length;
    }
    const { user, system } = process.cpuUsage(before);
    if (from < warmUp) continue;
    cpuMicros += user + system;
    seen.events += made.length;
  }
  return { ...seen, eventsPerSecond: (seen.events * 1e6) / cpuMicros };
}

/** Accounts of two devices each that refresh every few minutes; of 1,000 events one is abroad, one a retry,
 * one a failed sign-in. */
function eventsOf(of: {
  readonly accounts: number;
  readonly from: number;
  readonly to: number;
}): ObservedEvent[] {
  const { accounts, from, to } = of;
  return Array.from({ length: to - from }, (_, index) => {
    const n = from + index;
    const account = n % accounts;
    const round = Math.floor(n / accounts);
    const device = round % 2;
    const ms = startMs + round * 150_000 + ((account * 7919 + round * 104_729) % 120_000);
    const kind = round < 2 ? 'session.started' : kindOf((account * 31 + round * 17) % 1000);
    return eventOf({ n, account, device, ms, kind, abroad: (account * 13 + round) % 1000 === 7 });
  });
}

function kindOf(draw: number): string {
  if (draw === 0) return 'session.rotation-retried';
  return draw === 1 ? 'login.failed' : 'session.refresh-rotated';
}

function eventOf(of: {
  readonly n: number;
  readonly account: number;
  readonly device: number;
  readonly ms: number;
  readonly kind: string;
  readonly abroad: boolean;
}): ObservedEvent {
  const recordedAt = new Date(of.ms).toISOString();
  const country = of.abroad ? 'JP' : 'CH';
  const dayTag = `day-${of.account % 5000}`;
  const network = { country, asn: 3303, kind: 'residential', ipTag: `tag-${country}`, dayTag };
  const session = `${of.account}-${of.device}`;
  const state = {
    v: 1,
    accountId: `account-${of.account}`,
    deviceId: `device-${session}`,
    jkt: `key-${session}`,
    generation: of.n,
    startedAt: new Date(startMs).toISOString(),
    rotatedAt: recordedAt,
    network,
  };
  const failed = of.kind === 'login.failed';
  return {
    id: `event-${of.n}`,
    type: of.kind,
    stream: failed ? `login-account-${of.account}` : `session-${session}`,
    revision: of.n,
    position: String(of.n + 1),
    recordedAt,
    data: failed
      ? { count: 1, since: recordedAt, until: recordedAt, ipTag: 'x', network }
      : { state, network },
    actor: { kind: 'user' },
    partitionKey: `account-${of.account}`,
  };
}
