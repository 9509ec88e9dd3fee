// The simulation through the front door: real requests to a service, and what its operators are told after.
import { setTimeout as sleep } from 'node:timers/promises';
import { discover } from '../../client/index.js';
import { OwnTarget, Target } from '../../target/target.js';
import type { Deed } from '../account.js';
import type { Doing } from '../judge.js';
import type { Label } from '../line.js';
import { simulate } from '../population.js';
import type { Scale } from '../population.js';
import type { Result } from '../run.js';
import { aims, scoreOf } from '../score.js';
import { Addresses } from './addresses.js';
import { Player } from './player.js';
import type { Resident } from './player.js';
import { Timekeeper } from './timekeeper.js';
import { doingOf } from './told.js';
import type { Entry } from './told.js';

export interface HttpOptions extends Omit<Scale, 'witness' | 'countriesOnly'> {
  /** The service and its data directory; left out: one is started for this, and deleted after. */
  readonly service?: { readonly issuer: string; readonly dataDir: string };
  readonly progress?: (deeds: number) => void;
}

export interface HttpResult extends Result {
  readonly issuer: string;
  /** Whether the service's clock could be moved; else all happened at once. */
  readonly clockMoved: boolean;
  readonly counts: Player['counts'];
}

/** Failed sign-ins are recorded a minute of the service after them, when it looks, each few seconds. */
const failuresWithin = { seconds: 61, ms: 6_000 } as const;
const geography = ['impossible_travel', 'new_country', 'concurrent_countries'];

/** Rejects when the service does not answer, or its rules do not keep up. */
export async function simulateOverHttp(options: HttpOptions): Promise<HttpResult> {
  const { service } = options;
  const env = { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1', SALLYPORT_LOG_LEVEL: 'error' };
  const target =
    service === undefined ? await OwnTarget.start({ env }) : new Target(service.issuer, service.dataDir);
  try {
    return await playOn(target, options);
  } finally {
    await target.stop();
  }
}

async function playOn(target: Target, options: HttpOptions): Promise<HttpResult> {
  const { seed, accounts, days, progress = () => {} } = options;
  const startedMs = performance.now();
  const { operator, issuer } = target;
  await operator.untilRulesRun();
  const time = await Timekeeper.of(operator);
  const means = { addresses: new Addresses(seed), time };
  const player = new Player(target, await discover(issuer), means);
  const deeds: Deed[] = [];
  const scale = { seed, accounts, days, countriesOnly: true, witness: (deed: Deed) => void deeds.push(deed) };
  const { lines, labels } = simulate(scale);
  for (const line of lines) {
    const before = player.counts.deeds;
    for (const deed of deeds.splice(0)) await player.play(deed);
    if (line.account === null) await player.playUnknownName(line);
    if (player.counts.deeds > before) progress(player.counts.deeds);
  }
  if (time.moves) await operator.advanceClock(failuresWithin.seconds);
  await sleep(failuresWithin.ms);
  await player.settled();
  const score = await scoreFrom(target, serviceLabels(labels, player, time));
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  const { counts } = player;
  const played = { seed, days, countriesOnly: true, events: counts.deeds, seconds, aims, runs: [score] };
  return { ...played, accounts: player.residents.size, issuer, clockMoved: time.moves, counts };
}

/** With the service's names and times. Accounts that were never used do not exist there. */
function serviceLabels(labels: ReadonlyMap<string, Label>, player: Player, time: Timekeeper): Label[] {
  return [...player.residents].map(([id, resident]) => {
    const { population, attack, fromMs } = labels.get(id) as Label;
    const { accountId: account }: Resident = resident;
    if (attack === undefined) return { account, population };
    const began = fromMs === undefined ? {} : { fromMs: time.serviceMs(fromMs) };
    return { account, population, attack, ...began, sessions: [...resident.stolen] };
  });
}

async function scoreFrom({ operator }: Target, labels: readonly Label[]): Promise<Result['runs'][number]> {
  const doings = new Map<string, Doing>();
  for (const label of labels) {
    const doing = doingOf((await operator.timeline(label.account)) as readonly Entry[], label);
    if (doing !== undefined) doings.set(label.account, doing);
  }
  const { rules = [] } = (await operator.rules()) as {
    readonly rules?: readonly { readonly rule: string; readonly mode: string }[];
  };
  const countryRules = rules.some(({ rule, mode }) => geography.includes(rule) && mode === 'enforce');
  return scoreOf({ countryRules, doings }, labels);
}
