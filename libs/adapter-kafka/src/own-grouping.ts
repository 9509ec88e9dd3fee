// Messages grouped by partition in one pass; the client copies a partition's list for each message in it.
import { replacePart } from './replace-part.js';

interface Grouped {
  readonly topic: string;
  readonly partitionMetadata: readonly object[];
  readonly messages: readonly object[];
  readonly partitioner: (of: {
    readonly topic: string;
    readonly partitionMetadata: readonly object[];
    readonly message: object;
  }) => number;
}
type Groups = Record<number, object[]>;

/** The messages of each partition that has some, in their order. */
export function groupByPartition({ topic, partitionMetadata, messages, partitioner }: Grouped): Groups {
  const groups: Groups = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    (groups[partition] ??= []).push(message);
  }
  return groups;
}

/** Before the client is loaded. */
export function useOwnGrouping(): void {
  const messages = [2, 0, 2].map((partition) => ({ partition }));
  const partitioner = ({ message }: { readonly message: object }) =>
    (message as { partition: number }).partition;
  const sample = { topic: 't', partitionMetadata: [{}, {}, {}], messages, partitioner };
  replacePart<typeof groupByPartition>(
    'producer/groupMessagesPerPartition',
    () => groupByPartition,
    (ours, theirs) => JSON.stringify(ours(sample)) === JSON.stringify(theirs(sample)),
  );
}
