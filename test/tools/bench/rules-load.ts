// How many events a second one core judges by the rules, over a population that mostly does what people do.
import { defaultRuleSetConfig, RuleMemory } from '@sallyport/core-anomaly';
import type { CountryPlaces, ObservedEvent, RuleContext } from '@sallyport/core-anomaly';

export interface RulesLoad {
  readonly accounts: number;
  readonly events: number;
}

export interface RulesRate {
  readonly events: number;
  readonly findings: number;
  readonly decisions: number;
  /** Of one core's time, the garbage collector's included. */
  readonly eventsPerSecond: number;
}

const startMs = Date.parse('2026-11-02T00:00:00.000Z');
const countryPlaces: CountryPlaces = new Map([
  ['CH', { lat: 46.8, lon: 8.2, radiusKm: 180 }],
  ['JP', { lat: 36.5, lon: 138, radiusKm: 1500 }],
]);

/** Judges the events, made beforehand, once to warm up on other accounts and once for the figure. */
export function rulesRate(load: RulesLoad): RulesRate {
  judge(eventsOf({ accounts: load.accounts, events: Math.min(load.events, 100_000) }));
  const events = eventsOf(load);
  const before = process.cpuUsage();
  const { findings, decisions } = judge(events);
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1e6;
  return { events: events.length, findings, decisions, eventsPerSecond: events.length / seconds };
}

function judge(events: readonly ObservedEvent[]): { findings: number; decisions: number } {
  const context: RuleContext = {
    set: { hash: 'bench', config: defaultRuleSetConfig },
    countryPlaces,
    digest: (text) => text,
  };
  const memory = new RuleMemory(context);
  let findings = 0;
  let decisions = 0;
  for (const event of events) {
    const said = memory.observe(event);
    findings += said.findings.length;
    decisions += said.decisions.length;
  }
  return { findings, decisions };
}

/** Accounts of two devices each that refresh every few minutes; of 1,000 events one is abroad, one a retry,
 * one a failed sign-in. */
function eventsOf({ accounts, events }: RulesLoad): ObservedEvent[] {
  return Array.from({ length: events }, (_, n) => {
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
