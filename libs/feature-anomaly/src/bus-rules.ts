// The rules where events come by a bus: two consumers, of accounts and of what is across them, and what
// carries their decisions out, in any number of processes.
import { stateKeysOf } from '@sallyport/core-anomaly';
import type { CountryPlaces } from '@sallyport/core-anomaly';
import { ConsumerRunner, isEngineError } from '@sallyport/engine';
import type {
  Bus,
  Clock,
  ConsumerCheckpoints,
  ConsumerObserver,
  ConsumerPorts,
  EventStore,
  Feed,
  Position,
  RecordedEvent,
  ViewStore,
} from '@sallyport/engine';
import { AccountRules } from './account-rules.js';
import { CrowdRules } from './crowd-rules.js';
import type { DecisionSender } from './decision-sender.js';
import { digestOf } from './digests.js';
import type { Enforcement } from './enforcement.js';
import type { AnomalyMetrics } from './metrics.js';
import type { RuleActivation } from './rule-activation.js';
import { rulesProjection } from './rule-rows.js';
import type { OutboxItem } from './rule-rows.js';
import type { RulesWatch } from './rules-stream.js';

export interface BusRulesPorts {
  readonly bus: Bus;
  readonly checkpoints: ConsumerCheckpoints;
  /** The store that the checkpoints are in. */
  readonly views: ViewStore;
  readonly feed: Feed;
  readonly store: EventStore;
  readonly clock: Clock;
  readonly countryPlaces: CountryPlaces;
}

/** What carries out what is decided. */
export interface BusRulesServices {
  readonly sender: DecisionSender;
  readonly enforcement: Enforcement;
  readonly activation: RuleActivation;
  readonly watch: RulesWatch;
  readonly metrics: AnomalyMetrics;
}

export interface BusRulesSettings {
  readonly topics: { readonly events: string; readonly network: string; readonly deadLetters: string };
  /** Names of both groups begin so. */
  readonly groups: string;
  readonly observers: { readonly accounts: ConsumerObserver; readonly crowds: ConsumerObserver };
  failed(error: unknown): void;
  /** A note about the account that could not be judged. */
  fault(accountId: string, position: Position, error: unknown): void;
}

export interface BusRulesParts {
  readonly ports: BusRulesPorts;
  readonly services: BusRulesServices;
  readonly settings: BusRulesSettings;
}

const { generation } = rulesProjection;
const history = 'rules-history';
const lookEveryMs = 1_000;

export class BusRules {
  private readonly accounts: AccountRules;
  private readonly crowds: CrowdRules;
  private readonly sending = new Set<Promise<void>>();
  private signal = new AbortController().signal;

  private readonly ports: BusRulesPorts;
  private readonly services: BusRulesServices;
  private readonly settings: BusRulesSettings;

  private constructor(
    { ports, services, settings }: BusRulesParts,
    places: { readonly crowdPartitions: number; readonly historyUntil: Position },
  ) {
    this.ports = ports;
    this.services = services;
    this.settings = settings;
    const { views, feed, countryPlaces, clock } = ports;
    const { watch, metrics } = services;
    const { historyUntil } = places;
    this.accounts = new AccountRules({
      ...places,
      views,
      feed,
      countryPlaces,
      outbox: (partition, items) => this.send(items, { of: this.accounts, partition }),
    });
    this.crowds = new CrowdRules({
      views,
      countryPlaces,
      watch,
      clock,
      historyUntil,
      outbox: (partition, items) => this.send(items, { of: this.crowds, partition }),
      fault: (accountId, position, error) => {
        metrics.faults.inc();
        settings.fault(accountId, position, error);
      },
    });
  }

  /** Activates what the configuration says. Rejects with `EngineError` while something is away. */
  static async open(parts: BusRulesParts): Promise<BusRules> {
    const { ports, services, settings } = parts;
    await services.activation.activate();
    await services.enforcement.look();
    const crowdPartitions = await ports.bus.partitions(settings.topics.network);
    const historyUntil = await historyEnd(ports);
    return new BusRules(parts, { crowdPartitions, historyUntil });
  }

  /** Follows both topics until the signal aborts; what is not sent then is sent by whoever goes on. */
  async run(signal: AbortSignal): Promise<void> {
    this.signal = signal;
    const { topics, groups, observers, failed } = this.settings;
    const { ports, accounts, crowds } = this;
    const runner = (of: {
      readonly work: AccountRules | CrowdRules;
      readonly topic: string;
      readonly observer: ConsumerObserver;
      keysOf(event: RecordedEvent): string;
    }): Promise<void> => {
      const { work, topic, observer } = of;
      const settings = { topic, group: `${groups}-${work.name}`, deadLetters: topics.deadLetters, failed };
      const head = (): Promise<Position | null> => ports.feed.head();
      const holds = holdsIn(ports.store, of.keysOf);
      return new ConsumerRunner({ work, ports: { ...ports, head, holds }, settings, observer }).run(signal);
    };
    const look = setInterval(() => {
      this.services.enforcement.look().catch(failed);
    }, lookEveryMs);
    const keyOfAccount = (event: RecordedEvent): string => event.partitionKey;
    const keyOfNetwork = (event: RecordedEvent): string => {
      return stateKeysOf(event).network?.slice('network:'.length) ?? '';
    };
    const { accounts: ofAccounts, crowds: ofCrowds } = observers;
    await Promise.all([
      runner({ work: accounts, topic: topics.events, observer: ofAccounts, keysOf: keyOfAccount }),
      runner({ work: crowds, topic: topics.network, observer: ofCrowds, keysOf: keyOfNetwork }),
    ]);
    clearInterval(look);
    await Promise.all(this.sending);
  }

  private send(
    items: readonly OutboxItem[],
    { of, partition }: { readonly of: AccountRules | CrowdRules; readonly partition: number },
  ): void {
    const replies = {
      sent: (keys: readonly string[]) => of.sent(partition, keys),
      rebuild: (accountId: string) => {
        if (of === this.accounts) this.accounts.rebuild(partition, accountId);
      },
    };
    const sent = this.services.sender.send(items, replies, this.signal);
    this.sending.add(sent);
    void sent.finally(() => this.sending.delete(sent));
  }
}

/** Whether the store holds the event that a record says it is, under the key that it came with. */
function holdsIn(
  store: EventStore,
  keyOf: (event: RecordedEvent) => string,
): NonNullable<ConsumerPorts['holds']> {
  return async ({ key, headers }, event) => {
    const stream = event?.stream ?? headers['ce_subject'] ?? '';
    const revision = event?.revision ?? Number(headers['ce_revision']);
    if (stream === '' || !Number.isSafeInteger(revision) || revision < 0) return false;
    const [found] = await store.read(stream, revision, 1);
    if (found === undefined || keyOf(found) !== key) return false;
    if (event === undefined) return true;
    return found.id === event.id && found.position === event.position && digestOf(found) === digestOf(event);
  };
}

/** Where the store stood when rules looked first: told once, to all that come later. */
async function historyEnd({ views, feed }: Pick<BusRulesPorts, 'views' | 'feed'>): Promise<Position> {
  for (;;) {
    const known = await views.checkpoint(history, generation);
    if (known !== null) return known;
    const to = (await feed.head()) ?? '0';
    try {
      await views.commit({ projection: history, generation, from: null, to, changes: [] });
    } catch (error) {
      if (!isEngineError(error, 'checkpoint_moved')) throw error;
    }
  }
}
