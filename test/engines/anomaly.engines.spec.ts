// The rules in processes of their own behind a real Kafka: nothing is lost or done twice whoever dies, and
// who writes to the bus is believed by nobody.
import { setTimeout as sleep } from 'node:timers/promises';
import { countryPlaces } from '@sallyport/adapter-geoip';
import { busTopics } from '@sallyport/adapter-kafka';
import { canonicalRuleSet, defaultRuleSetConfig, RuleMemory } from '@sallyport/core-anomaly';
import { eventRecords, parkedKeys, partitionOf } from '@sallyport/engine';
import type { JsonObject, RecordedEvent } from '@sallyport/engine';
import { hashed, rulesProjection, ruleViews, shortDigest } from '@sallyport/feature-anomaly';
import { HistoryMaker, type MadePerson } from '../tools/history/made-ledger.js';
import { Random } from '../tools/races/random.js';
import { RulesStack } from '../tools/rules-stack.js';

const partitions = 4;
let stack: RulesStack;
let maker: HistoryMaker;

beforeAll(async () => {
  stack = await RulesStack.start({ partitions, anomalies: 2 });
  maker = new HistoryMaker(stack.inTurn, { now: () => Date.now() }, new Random(7));
}, 180_000);

afterAll(() => stack?.dispose(), 60_000);

/** Somebody who has refreshed at home. */
async function person(): Promise<MadePerson> {
  const { person: made, appended } = maker.arrive();
  await Promise.all(appended);
  await maker.refresh(made);
  return made;
}

const ofType = (events: readonly RecordedEvent[], type: string) => events.filter((one) => one.type === type);
const streamOf = (events: readonly RecordedEvent[], stream: string) =>
  events.filter((one) => one.stream === stream);

/** What one process alone finds in the same ledger, from its first event on. */
function foundAlone(ledger: readonly RecordedEvent[]): { findings: string[]; decisions: string[] } {
  const activated = ofType(ledger, 'rules.activated').map(({ data }) => JSON.parse(String(data['config'])));
  const set = hashed((activated[0] as typeof defaultRuleSetConfig | undefined) ?? defaultRuleSetConfig);
  const memory = new RuleMemory({ set, countryPlaces, digest: shortDigest });
  const all = ledger.map((event) => memory.observe(event));
  return {
    findings: all.flatMap(({ findings }) => findings.map(({ id }) => id)).sort(),
    decisions: all.flatMap(({ decisions }) => decisions.map(({ id }) => id)).sort(),
  };
}

/** A record of this event, however it came to be, in the topic of events. */
async function forge(event: RecordedEvent): Promise<void> {
  const target = { topic: busTopics.events, partitions, source: 'urn:forged' };
  await stack.bus.write(eventRecords(event, target));
}

async function decisionsOn({ accountId }: MadePerson): Promise<string[]> {
  const events = await stack.store.read(`anomaly-${accountId}`, 0, 100);
  return ofType(events, 'anomaly.decision-taken').map(({ data }) => `${data['action']} ${data['outcome']}`);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error('it did not come to pass');
    await sleep(100);
  }
}

describe('a rebalance under load', () => {
  it('loses no finding and enforces none twice: all is as one process alone finds it', async () => {
    const people: MadePerson[] = [];
    while (people.length < 240) people.push(...(await Promise.all(Array.from({ length: 20 }, person))));
    const refreshes = async (): Promise<void> => {
      for (const [index, one] of people.entries()) {
        await maker.refresh(one, index % 3 === 0 ? 'SG' : 'CH');
        await sleep(25);
      }
    };
    const load = refreshes();
    await sleep(2_000);
    await stack.anomalies[0]?.kill9();
    const [, third] = await Promise.all([load, stack.startAnomaly()]);
    for (const one of people) await maker.refresh(one, 'CH');
    await stack.untilJudged(120_000);
    const ledger = await stack.ledger();
    const alone = foundAlone(ledger);
    const found = ofType(ledger, 'anomaly.detected').map(({ data }) => String(data['findingId']));
    expect(found.sort()).toEqual(alone.findings);
    const taken = ofType(ledger, 'anomaly.decision-taken');
    expect(taken.map(({ data }) => String(data['decisionId'])).sort()).toEqual(alone.decisions);
    expect(new Set(taken.map(({ data }) => data['outcome']))).toEqual(new Set(['sent']));
    const held = ofType(ledger, 'account.sensitive-actions-held');
    const holders = held.map(({ partitionKey, data }) => partitionKey + JSON.stringify(data['decision']));
    expect(holders.length).toBeGreaterThanOrEqual(80);
    expect(new Set(holders).size).toBe(holders.length);
    expect(third.hasEnded).toBe(false);
  }, 240_000);
});

describe('who can write to the bus', () => {
  it('decides nothing by an event that the store has otherwise, and spares nobody', async () => {
    const victim = await person();
    await stack.untilJudged();
    const before = await stack.metric('sallyport_evidence_alarms_total');
    await stack.stopRelay();
    const { revision } = await maker.refresh(victim, 'CH');
    const [real] = await stack.store.read(`session-${victim.sessionId}`, revision, 1);
    if (real === undefined) throw new Error('nothing to forge');
    const text = JSON.stringify(real.data).replaceAll('"country":"CH"', '"country":"BR"');
    await forge({ ...real, data: JSON.parse(text) as JsonObject });
    await until(async () => (await stack.metric('sallyport_evidence_alarms_total')) > before);
    await stack.startRelay();
    await stack.untilJudged();
    expect(await decisionsOn(victim)).toEqual([]);
    // Made anew from the store: what is true is judged as ever.
    await maker.refresh(victim, 'SG');
    await stack.untilJudged();
    expect(await decisionsOn(victim)).toEqual(['step_up sent']);
  }, 120_000);

  it('sets nobody aside by records that are broken, unknown or beyond the store', async () => {
    const victim = await person();
    await stack.untilJudged();
    const [event] = (await stack.store.readBack(`session-${victim.sessionId}`, 1)) as [RecordedEvent];
    const key = victim.accountId;
    const broken = { topic: busTopics.events, key, headers: { ce_id: 'x' }, value: '{' };
    await stack.bus.write([broken]);
    await forge({ ...event, position: '9000000000000000' });
    await forge({ ...event, position: await ahead(), type: 'session.started', data: {} });
    await maker.refresh(victim, 'SG');
    await stack.untilJudged();
    expect(await decisionsOn(victim)).toEqual(['step_up sent']);
    expect(await parkedKeys(stack.views, rulesProjection)).toEqual([]);
    const letters = async (reason: string) => {
      return stack.metric(`sallyport_dead_letters_total{consumer="rules",reason="${reason}"}`);
    };
    expect(await letters('not_held')).toBeGreaterThanOrEqual(1);
    expect(await letters('beyond_head')).toBe(1);
  }, 120_000);
});

/** Where the store stands, by an event of nobody's account in question. */
async function ahead(): Promise<string> {
  return (await maker.refresh(await person())).position;
}

describe('an event of the store that no rule can judge', () => {
  it('sets its account aside and holds it, and others of its partition go on', async () => {
    const odd = await person();
    const partition = partitionOf(odd.accountId, partitions);
    let other = await person();
    while (partitionOf(other.accountId, partitions) !== partition) other = await person();
    const [last] = (await stack.store.readBack(`session-${odd.sessionId}`, 1)) as [RecordedEvent];
    const { id, hash: _hash, recordedAt: _at, position: _position, revision: _revision, ...draft } = last;
    const events = [{ ...draft, id: `${id.slice(0, 34)}ff`, type: 'session.started', data: {} }];
    await stack.store.append({ stream: 'session-odd', expected: -1, events, guards: [] });
    await until(async () => (await parkedKeys(stack.views, rulesProjection)).length === 1);
    await maker.refresh(other, 'SG');
    await stack.untilJudged();
    expect(await decisionsOn(other)).toEqual(['step_up sent']);
    const account = await stack.store.read(`account-${odd.accountId}`, 0, 10);
    const held = ofType(account, 'account.sensitive-actions-held');
    expect(held.map(({ data }) => (data['decision'] as JsonObject)['rule'])).toEqual(['consumer_parked']);
  }, 120_000);
});

describe('a rule set that becomes active', () => {
  it('reaches every partition, at its place among their events, once', async () => {
    const config = { ...defaultRuleSetConfig, locksPerMinute: 7 };
    const { hash } = hashed(config);
    const someone = await person();
    const [last] = (await stack.store.readBack('rules', 1)) as [RecordedEvent];
    const { id, hash: _hash, recordedAt: _at, position: _position, stream, ...draft } = last;
    const { previousHash: _previous, revision, ...rest } = draft;
    const data = { hash, config: canonicalRuleSet(config), reason: 'test' };
    const next = { ...rest, id: `${id.slice(0, 34)}fe`, data };
    await stack.store.append({ stream, expected: revision, events: [next], guards: [] });
    await maker.refresh(someone, 'SG');
    await stack.untilJudged();
    const keys = Array.from({ length: partitions }, (_, at) => `status-${at}`);
    const rows = await stack.views.load(ruleViews.status, rulesProjection.generation, keys);
    const active = keys.map((key) => (rows.get(key)?.body['ruleSet'] as JsonObject | undefined)?.['hash']);
    expect(active).toEqual(keys.map(() => hash));
    const found = streamOf(await stack.ledger(), `anomaly-${someone.accountId}`);
    const named = ofType(found, 'anomaly.detected').map(({ data: one }) => one['ruleSet']);
    expect(new Set(named)).toEqual(new Set([hash]));
  }, 120_000);
});
