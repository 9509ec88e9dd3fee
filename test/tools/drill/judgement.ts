// What the rules made of what happened: waits until they are done, and reads what they found and held.
import { setTimeout as sleep } from 'node:timers/promises';
import type { App } from '../client/index.js';
import type { Account, Stage } from './stage.js';

/** Addresses by where they are, as the country data that comes with the service has it. */
export const addresses = {
  zurich: '195.176.3.4',
  basel: '131.152.1.1',
  brussels: '193.190.0.1',
  singapore: '8.128.1.2',
} as const;

/** What of a stage is needed here. */
type On = Pick<Stage, 'target'>;

const settleMs = 20_000;
const quietMs = 200;

/** Resolves when all events are judged and what the rules decided on them is done. */
export async function judged({ target }: On): Promise<void> {
  const deadline = Date.now() + settleMs;
  for (let before = ''; ; ) {
    const head = await target.ledger.head();
    const { position } = await target.operator.rules();
    const isJudged = position !== null && BigInt(String(position)) >= BigInt(head);
    if (isJudged && head === before) return;
    if (Date.now() > deadline) throw new Error(`judged up to ${String(position)} of ${head}`);
    before = isJudged ? head : '';
    await sleep(isJudged ? quietMs : 20);
  }
}

/** Waits until it is so, or for long enough: whether it is, is for a check to say. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + settleMs;
  while (Date.now() < deadline && !(await isSo())) await sleep(50);
}

/** The rules that found something in the account, once each, in order of name. */
export async function rulesThatFired({ target }: On, { accountId }: Account): Promise<string[]> {
  const findings = await target.operator.findings(accountId);
  return [...new Set(findings.map(({ rule }) => String(rule)))].toSorted();
}

/** Each decision on the account with what became of it, oldest first: `step_up sent`. */
export async function decisionsOn({ target }: On, { accountId }: Account): Promise<string[]> {
  const events = await target.ledger.events(`anomaly-${accountId}`);
  const taken = events.filter(({ type }) => type === 'anomaly.decision-taken');
  return taken.map(({ data }) => `${String(data['action'])} ${String(data['outcome'])}`);
}

/** What is held of the session that asks, as its own list shows it: `session`, `account`. */
export async function holdsOf(stage: On, app: App): Promise<string[]> {
  const after = await stage.target.ledger.head();
  const { status, body } = await app.call('GET', `/v1/sessions?after=${after}`);
  if (status !== 200) throw new Error(`sessions: ${status} ${JSON.stringify(body)}`);
  const sessions = body['sessions'] as readonly { current: boolean; holds: { scope: string }[] }[];
  return sessions.find(({ current }) => current)?.holds.map(({ scope }) => scope) ?? [];
}

/** A number of the service's metrics, by name and labels, of all its processes; 0 for one not counted yet. */
export async function metricOf({ target }: On, name: string): Promise<number> {
  const numbers = await Promise.all(
    target.metricsUrls.map(async (url) => {
      const metrics = await (await fetch(url)).text();
      const line = metrics.split('\n').find((one) => one.startsWith(`${name} `));
      return Number(line?.slice(name.length) ?? 0);
    }),
  );
  return numbers.reduce((sum, one) => sum + one, 0);
}

/** Whether the service believes where this machine says that requests come from. */
export async function hasPlaces(stage: Stage): Promise<boolean> {
  const person = await stage.person(addresses.zurich);
  await stage.phone(person);
  const events = await stage.target.ledger.events(`login-${person.accountId}`);
  const network = events.at(-1)?.data['network'] as { readonly country?: string } | undefined;
  return network?.country === 'CH';
}

/** Plays under these rules; those of before are active again afterwards. */
export async function underRules(stage: On, rules: string, play: () => Promise<void>): Promise<void> {
  const { operator, ledger } = stage.target;
  const told = (await ledger.events('rules')).filter(({ type }) => type === 'rules.activated');
  await operator.activateRules(rules);
  await judged(stage);
  try {
    await play();
  } finally {
    await operator.activateRules(String(told.at(-1)?.data['config'] ?? 'version: 1'));
    await judged(stage);
  }
}
