// How far the rules are where other processes run them: by the checkpoints of their partitions, by the feed
// for what no checkpoint says, and by what is judged and not yet sent.
import { stateKeysOf } from '@sallyport/core-anomaly';
import { comparePositions, everyPartition, partitionOf } from '@sallyport/engine';
import type { ConsumerCheckpoints, ConsumerName, Feed, Position } from '@sallyport/engine';
import type { RecordedEvent, ViewStore } from '@sallyport/engine';
import { partitionOfCrowd } from './account-rules.js';
import { crowdsConsumer, rulesProjection, ruleViews } from './rule-rows.js';

export interface RulesProgressParts {
  readonly checkpoints: Pick<ConsumerCheckpoints, 'progress'>;
  readonly feed: Pick<Feed, 'read'>;
  readonly views: Pick<ViewStore, 'page'>;
}

type Places = readonly (Position | null)[];

/** Events looked through in one call; the next goes on from there. */
const maxLookedThrough = 2_000;
const pageSize = 500;
const pendingRead = 1_000;

export class RulesProgress {
  /** All up to there was judged when it was looked last; that does not change. */
  private judgedTo: Position | null = null;

  constructor(private readonly parts: RulesProgressParts) {}

  /**
   * Up to where all events are judged and what came of it is sent, as far as that can be told; `null` where
   * no process has followed the bus yet.
   */
  async position(): Promise<Position | null> {
    const [accounts, crowds] = await Promise.all([this.places(rulesProjection), this.places(crowdsConsumer)]);
    if (accounts.length === 0 || crowds.length === 0) return null;
    const least = accounts.reduce((a, b) => (comparePositions(a, b) < 0 ? a : b));
    if (comparePositions(least, this.judgedTo) > 0) await this.lookThrough(least, { accounts, crowds });
    await this.lookThrough(this.judgedTo, { accounts, crowds });
    // In this order: a note that goes meanwhile leaves what is to be sent.
    const notes = await this.firstPending(ruleViews.note);
    const unsent = await this.firstPending(ruleViews.outbox);
    return [notes, unsent].reduce<Position | null>((at, pending) => {
      if (pending === undefined || comparePositions(pending, at) > 0) return at;
      return String(BigInt(pending) - 1n);
    }, this.judgedTo);
  }

  /** Goes on from a position, from event to event, as far as each is judged. */
  private async lookThrough(
    from: Position | null,
    places: { readonly accounts: Places; readonly crowds: Places },
  ): Promise<void> {
    let at = from;
    for (let seen = 0; seen < maxLookedThrough; seen += pageSize) {
      const events = await this.parts.feed.read(at, pageSize);
      const open = events.findIndex((event) => !isJudged(event, places));
      const judged = open < 0 ? events : events.slice(0, open);
      at = judged.at(-1)?.position ?? at;
      if (judged.length < pageSize) break;
    }
    if (comparePositions(at, this.judgedTo) > 0) this.judgedTo = at;
  }

  private async places({ name, generation }: ConsumerName): Promise<Places> {
    const progress = await this.parts.checkpoints.progress(name, generation);
    const count = Math.max(-1, ...progress.keys()) + 1;
    return Array.from({ length: count }, (_, partition) => progress.get(partition)?.lastPosition ?? null);
  }

  /** The position in the least key of the view; undefined where it is empty. */
  private async firstPending(view: string): Promise<Position | undefined> {
    const page = { limit: pendingRead };
    const rows = await this.parts.views.page(view, rulesProjection.generation, page);
    const key = rows.at(-1)?.key;
    return key === undefined ? undefined : String(BigInt(key.slice(0, key.indexOf('-'))));
  }
}

/** Whether every partition that the event concerns has it behind it. */
function isJudged(
  event: RecordedEvent,
  { accounts, crowds }: { readonly accounts: Places; readonly crowds: Places },
): boolean {
  const { partitionKey, position, type } = event;
  const isBehind = (place: Position | null | undefined): boolean => {
    return comparePositions(place ?? null, position) >= 0;
  };
  const network = type === 'login.failed' ? stateKeysOf(event).network : undefined;
  if (network !== undefined && !isBehind(crowds[partitionOfCrowd(network, crowds.length)])) return false;
  if (partitionKey === everyPartition) return accounts.every(isBehind);
  return isBehind(accounts[partitionOf(partitionKey, accounts.length)]);
}
