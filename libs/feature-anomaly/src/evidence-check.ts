// Holds what the rules say they saw against the store: writing to a bus must not be enough to lock somebody.
import type { EventStore, RecordedEvent } from '@sallyport/engine';
import { digestOf } from './digests.js';
import type { OutboxItem } from './rule-rows.js';

type Said = Extract<OutboxItem, { kind: 'said' }>;

/**
 * Whether the trigger is in the store as it was observed (id, revision, position, and all that rules read in
 * it), and every event that the findings cite stands where they say. Rejects when the store is away.
 */
export async function isInStore(store: EventStore, { trigger, findings }: Said): Promise<boolean> {
  const cited = new Map(findings.flatMap(({ cites }) => cites.map((cite) => [cite.position, cite] as const)));
  const cites = [...cited.values()];
  // At once: each read is a way to another machine and back.
  const [[event], ...found] = await Promise.all(
    [trigger, ...cites].map(({ stream, revision }) => store.read(stream, revision, 1)),
  ) as [RecordedEvent[], ...RecordedEvent[][]];
  if (event?.id !== trigger.id || event.position !== trigger.position) return false;
  if (digestOf(event) !== trigger.digest) return false;
  return cites.every(({ position, digest }, index) => {
    const [there] = found[index] ?? [];
    return there?.position === position && (digest === undefined || digestOf(there) === digest);
  });
}
