// Holds what the rules say they saw against the store: writing to a bus must not be enough to lock somebody.
import type { EventStore } from '@sallyport/engine';
import { digestOf } from './digests.js';
import type { OutboxItem } from './rule-rows.js';

type Said = Extract<OutboxItem, { kind: 'said' }>;

/**
 * Whether the trigger is in the store as it was observed (id, revision, position, and all that rules read in
 * it), and every event that the findings cite stands where they say. Rejects when the store is away.
 */
export async function isInStore(store: EventStore, { trigger, findings }: Said): Promise<boolean> {
  const [event] = await store.read(trigger.stream, trigger.revision, 1);
  if (event?.id !== trigger.id || event.position !== trigger.position) return false;
  if (digestOf(event) !== trigger.digest) return false;
  const cited = new Map(findings.flatMap(({ cites }) => cites.map((cite) => [cite.position, cite] as const)));
  for (const { stream, revision, position, digest } of cited.values()) {
    const [found] = await store.read(stream, revision, 1);
    if (found?.position !== position) return false;
    if (digest !== undefined && digestOf(found) !== digest) return false;
  }
  return true;
}
