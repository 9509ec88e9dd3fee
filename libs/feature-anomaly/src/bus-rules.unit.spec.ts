// The rules behind a bus: what they find in partitions is what one process finds in the whole.
import { ConsumerRunner, eventHeaders, eventRecords, everyPartition } from '@sallyport/engine';
import type { BusRecord, Position, RecordedEvent } from '@sallyport/engine';
import { MemoryBus, MemoryConsumerCheckpoints, MemoryViewStore } from '@sallyport/testing';
import { stateKeysOf } from '@sallyport/core-anomaly';
import { AccountRules } from './account-rules.js';
import { CrowdRules } from './crowd-rules.js';
import type { OutboxItem } from './rule-rows.js';
import { RulesProgress } from './rules-progress.js';
import { RulesWatch } from './rules-stream.js';
import { countryPlaces, hour, minute, noon, Street, Watched } from './spec-examples.js';

const partitions = 3;
const [events, network, deadLetters, source] = ['events', 'network', 'letters', 'urn:example'];

/** A bus with what is in the street, and members that judge it. */
class Line {
  readonly views = new MemoryViewStore();
  /** In the order in which it was told, again after each start. */
  readonly told: OutboxItem[] = [];
  readonly progress: RulesProgress;
  private readonly bus = new MemoryBus({
    topics: { [events]: partitions, [network]: partitions, [deadLetters]: 1 },
  });
  private readonly checkpoints = new MemoryConsumerCheckpoints(this.views);
  private published: Position | null = null;

  constructor(
    readonly street: Street,
    private readonly historyUntil: Position = '0',
  ) {
    const { checkpoints, views } = this;
    this.progress = new RulesProgress({ checkpoints, views, feed: street.store.feed });
  }

  /** As the relay does. */
  async publish(): Promise<void> {
    const all = await this.street.store.feed.read(this.published, 10_000);
    this.published = all.at(-1)?.position ?? this.published;
    const target = { topic: events, partitions, source };
    await this.bus.write(all.flatMap((event) => [...eventRecords(event, target), ...networkRecords(event)]));
  }

  /** A process of its own; `sends`: what is to be sent is sent. */
  start({ sends = true } = {}): { stop(): Promise<void> } {
    const { views, checkpoints, bus, historyUntil, street } = this;
    const clock = { now: () => street.nowMs };
    const outbox = (of: () => AccountRules | CrowdRules) => {
      return (partition: number, items: readonly OutboxItem[]) => {
        this.told.push(...items);
        if (sends) of().sent(partition, items.map(({ key }) => key));
      };
    };
    const shared = { views, countryPlaces, historyUntil };
    const accounts: AccountRules = new AccountRules({
      ...shared,
      feed: street.store.feed,
      crowdPartitions: partitions,
      outbox: outbox(() => accounts),
    });
    const crowds: CrowdRules = new CrowdRules({
      ...shared,
      clock,
      watch: new RulesWatch(street.store),
      outbox: outbox(() => crowds),
      fault: () => undefined,
    });
    const stop = new AbortController();
    const ports = { bus, views, checkpoints, clock };
    const run = (work: AccountRules | CrowdRules, topic: string): Promise<void> => {
      const settings = { topic, group: work.name, deadLetters, retryDelaysMs: [0] };
      return new ConsumerRunner({ work, ports, settings, observer: {} }).run(stop.signal);
    };
    const running = Promise.all([run(accounts, events), run(crowds, network)]);
    return {
      stop: async () => {
        stop.abort();
        await running;
      },
    };
  }

  async untilJudged(): Promise<void> {
    const head = (await this.street.store.feed.head()) ?? '0';
    for (let turns = 0; (await this.progress.position()) !== head; turns += 1) {
      if (turns > 2_000) throw new Error(`judged up to ${await this.progress.position()} of ${head}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

function networkRecords(event: RecordedEvent): BusRecord[] {
  const tag = stateKeysOf(event).network?.slice('network:'.length);
  if (tag === undefined) return [];
  const headers = eventHeaders(event, source);
  return [{ topic: network, key: tag, headers, value: JSON.stringify(event.data) }];
}

/** People who travel, one key of many accounts, and a network that tries many names. */
async function busyStreet(): Promise<Street> {
  const street = new Street();
  const people = ['ada', 'bob', 'cyd', 'dan', 'eve', 'fay', 'gus', 'hal'];
  await street.append('keys', 'keys.created', { accountId: everyPartition, data: {} });
  for (const who of people) await street.start(`${who}-s1`, noon);
  for (const who of people) {
    await street.refresh(`${who}-s1`, noon + hour, { country: who < 'e' ? 'CH' : 'BR' });
  }
  for (const [n, who] of people.entries()) {
    const at = noon + 2 * hour + n * minute;
    await street.start(`${who}-s2`, at, { device: 'shared', dayTag: 'cafe' });
  }
  for (let n = 0; n < 12; n += 1) {
    const since = new Date(noon + 3 * hour).toISOString();
    const data = { count: 4, since, network: { country: 'CH', dayTag: 'den' } };
    await street.append(`login-name-${n}`, 'login.failed', { accountId: everyPartition, data });
  }
  await street.start('ada-s3', noon + 3 * hour + minute, { device: 'ada-new', dayTag: 'den' });
  return street;
}

const crowdRules = ['shared_key', 'shared_network', 'failures_address'];

/** What was found, without the name of the trigger where that may be another one. */
function found(items: readonly OutboxItem[]): string[] {
  const findings = items.flatMap((item) => (item.kind === 'said' ? item.findings : []));
  const told = findings.map(({ id, rule, accountId, sessionId }) => {
    return crowdRules.includes(rule) ? `${rule} ${accountId} ${sessionId}` : `${rule} ${id}`;
  });
  return told.sort();
}

describe('rules behind a bus', () => {
  it('find what one process finds in the whole, across accounts too', async () => {
    const street = await busyStreet();
    const watched = new Watched(street, undefined, { historyUntil: '0' });
    await watched.run();
    const line = new Line(street);
    await line.publish();
    const members = [line.start(), line.start()];
    await line.untilJudged();
    await Promise.all(members.map((member) => member.stop()));
    expect(found(line.told)).toEqual(found(watched.outbox));
    expect(found(line.told).join()).toMatch(/failures_address ada.*shared_key/);
  });

  it('go on in another process with what was remembered, and what was not sent is told again', async () => {
    const street = await busyStreet();
    const line = new Line(street);
    await line.publish();
    const first = line.start({ sends: false });
    for (let turns = 0; found(line.told).length < 8 && turns < 1_000; turns += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await first.stop();
    const before = found(line.told);
    line.told.length = 0;
    await street.refresh('ada-s1', noon + 4 * hour, { country: 'ES' });
    await line.publish();
    const second = line.start();
    await line.untilJudged();
    await second.stop();
    const watched = new Watched(street, undefined, { historyUntil: '0' });
    await watched.run();
    expect(before.length).toBeGreaterThan(0);
    expect(found(line.told)).toEqual(found(watched.outbox));
  });

  it('send nothing of what was history when they first looked', async () => {
    const street = await busyStreet();
    const line = new Line(street, (await street.store.feed.head()) ?? '0');
    await line.publish();
    const member = line.start();
    await line.untilJudged();
    expect(line.told).toEqual([]);
    const far = await street.refresh('bob-s1', noon + 4 * hour, { country: 'BR' });
    await line.publish();
    await line.untilJudged();
    await member.stop();
    const triggers = line.told.map((item) => item.kind === 'said' && item.trigger.position);
    expect(new Set(triggers)).toEqual(new Set([far]));
  });

  it('are behind as long as something is not sent', async () => {
    const street = await busyStreet();
    const line = new Line(street);
    await line.publish();
    const member = line.start({ sends: false });
    for (let turns = 0; line.told.length === 0 && turns < 1_000; turns += 1) {
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await member.stop();
    const [first] = line.told.map(({ key }) => BigInt(key.slice(0, 20))).sort((a, b) => Number(a - b));
    const position = await line.progress.position();
    expect(BigInt(position ?? '0')).toBeLessThan(first ?? 0n);
  });
});
