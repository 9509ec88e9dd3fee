// The writer of the standing: a consumer of the events whose rows and checkpoints are the compacted topic.
import { standingProjection } from '@sallyport/core-views';
import { ConsumerRunner, foldRows, pause, touchedKeys } from '@sallyport/engine';
import type { ConsumerWork, LoadedRows } from '@sallyport/engine';
import type { StandingObserver, StandingPorts, StandingSettings } from './standing-parts.js';
import { StandingTopic } from './standing-topic.js';

const lookMs = 1_000;

export class StandingWriter {
  private readonly topic: StandingTopic;
  private readonly runner: ConsumerRunner;

  constructor(
    ports: StandingPorts,
    private readonly settings: StandingSettings,
    observer: StandingObserver = {},
  ) {
    this.topic = new StandingTopic(ports, settings, observer);
    const { ledger, ...shared } = ports;
    const { topics, group } = settings;
    this.runner = new ConsumerRunner({
      work: standingWork(this.topic),
      ports: { ...shared, checkpoints: this.topic, views: this.topic, head: () => ledger.head() },
      settings: {
        topic: topics.events,
        group,
        deadLetters: topics.deadLetters,
        failed: (error) => settings.failed?.(error),
      },
      observer,
    });
  }

  /** Writes the partitions that the group gives it until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.runner.run(signal), this.looks(signal)]);
    await this.topic.close();
  }

  /** Looks once at how far the ledger is; what follows from it is written with the next beat. */
  async look(): Promise<void> {
    await this.topic.line.look((partition) => this.topic.handled(partition));
    await this.topic.letGoUnused();
  }

  private async looks(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => this.settings.failed?.(error));
      await pause(lookMs, signal);
    }
  }
}

function standingWork(topic: StandingTopic): ConsumerWork {
  const { name, generation } = standingProjection;
  return {
    name,
    generation,
    fold: async (partition, events) => {
      const rows: LoadedRows = new Map();
      for (const [view, keys] of touchedKeys(standingProjection, events)) {
        rows.set(view, new Map([...keys].map((key) => [key, topic.row(partition, view, key)])));
      }
      return foldRows(standingProjection, events, rows);
    },
    idle: (partition) => topic.beat(partition),
  };
}
