// How far the views are where other processes write them: by their checkpoints, one for each partition of the
// bus, and by the store's feed for what no checkpoint says.
import { setTimeout as sleep } from 'node:timers/promises';
import { comparePositions, partitionOf } from '@sallyport/engine';
import type { ConsumerCheckpoints, Feed, Position } from '@sallyport/engine';
import { ViewProgress } from './view-progress.js';
import type { ViewLag } from './view-progress.js';

export interface CheckpointProgressParts {
  readonly checkpoints: Pick<ConsumerCheckpoints, 'progress'>;
  /** Whose checkpoints: name and generation. */
  readonly consumer: { readonly name: string; readonly generation: number };
  readonly feed: Pick<Feed, 'read' | 'head'>;
  readonly clock: { now(): number };
  /** Between two looks at the checkpoints while anybody waits; 20 ms by default. */
  readonly pollMs?: number;
}

type Places = readonly (Position | null)[];

/** So old may a look be for who does not wait. */
const goodForMs = 250;
/** A partition where nothing happens stays behind: so many events of others are looked through to see it. */
const maxLookedThrough = 2_000;
const pageSize = 500;

/** System events concern everybody and stand in each partition; the views take them from the first. */
export class CheckpointProgress extends ViewProgress {
  private looked: { readonly atMs: number; readonly places: Promise<Places> } | undefined;

  constructor(private readonly parts: CheckpointProgressParts) {
    super();
  }

  async position(accountId: string): Promise<Position | null> {
    return placeOf(accountId, await this.places(goodForMs));
  }

  async waitFor(position: Position, budgetMs: number, accountId: string): Promise<boolean> {
    const deadline = performance.now() + budgetMs;
    const { pollMs = 20 } = this.parts;
    for (;;) {
      if (await this.shows(position, accountId).catch(() => false)) return true;
      if (performance.now() + pollMs >= deadline) return false;
      await sleep(pollMs);
    }
  }

  /** By the partition that is furthest; one that hangs shows in the figures of the process that has it. */
  async lag(): Promise<ViewLag> {
    const [head, places] = await Promise.all([this.parts.feed.head(), this.places(goodForMs)]);
    const position = places.reduce((most, one) => (comparePositions(one, most) > 0 ? one : most), null);
    if (head === null || comparePositions(position, head) >= 0) return { events: 0, seconds: 0 };
    const [next] = await this.parts.feed.read(position, 1);
    const ageMs = next === undefined ? 0 : this.parts.clock.now() - Date.parse(next.recordedAt);
    return { events: Number(BigInt(head) - BigInt(position ?? '0')), seconds: Math.max(0, ageMs) / 1000 };
  }

  private async shows(position: Position, accountId: string): Promise<boolean> {
    const places = await this.places(this.parts.pollMs ?? 20);
    if (places.length === 0) return false;
    const place = placeOf(accountId, places);
    return comparePositions(place, position) >= 0 || this.nothingBetween(accountId, { place, position });
  }

  /** Whether nothing of the account stands after the one position up to the other. */
  private async nothingBetween(
    accountId: string,
    { place, position }: { readonly place: Position | null; readonly position: Position },
  ): Promise<boolean> {
    let at = place;
    for (let seen = 0; seen < maxLookedThrough; seen += pageSize) {
      const events = await this.parts.feed.read(at, pageSize);
      for (const event of events) {
        if (comparePositions(event.position, position) > 0) return true;
        if (event.partitionKey === accountId) return false;
        at = event.position;
      }
      if (events.length < pageSize) return comparePositions(at, position) >= 0;
    }
    return false;
  }

  private places(goodMs: number): Promise<Places> {
    const now = performance.now();
    if (this.looked !== undefined && now - this.looked.atMs < goodMs) return this.looked.places;
    const { checkpoints, consumer } = this.parts;
    const places = checkpoints.progress(consumer.name, consumer.generation).then((progress) => {
      const count = Math.max(-1, ...progress.keys()) + 1;
      return Array.from({ length: count }, (_, partition) => progress.get(partition)?.lastPosition ?? null);
    });
    this.looked = { atMs: now, places };
    return places;
  }
}

/** The partition count is fixed, and all are assigned as soon as anybody follows the bus. */
function placeOf(accountId: string, places: Places): Position | null {
  return places.length === 0 ? null : (places[partitionOf(accountId, places.length)] ?? null);
}
