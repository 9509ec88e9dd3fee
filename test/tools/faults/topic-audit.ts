// Whether what foreign readers find in the topics is the ledger: each event once, in order, as published.
import { eventHeaders, everyPartition, partitionOf, recordId } from '@sallyport/engine';
import type { RecordedEvent } from '@sallyport/engine';
import { dayTagOf } from '@sallyport/feature-relay';
import type { ForeignRecord } from '../../engines/foreign-reader.js';

export interface TopicAudit {
  readonly events: readonly RecordedEvent[];
  readonly partitions: number;
  /** `ce_source` of the records. */
  readonly source: string;
  /** The relay is at work: what the ledger ends with may not be there yet. */
  readonly isLive?: boolean;
  /** Says what is wrong with an event's data; nothing is looked at where absent. */
  readonly validate?: (schemaId: string, data: unknown) => readonly string[];
}

const maxProblems = 5;

/** What is missing, twice, out of order or otherwise than in the ledger; five of it at most. */
export function topicProblems(audit: TopicAudit, records: readonly ForeignRecord[]): string[] {
  const problems: string[] = [];
  for (let partition = 0; partition < audit.partitions; partition += 1) {
    const here = records.filter((record) => record.partition === partition);
    problems.push(...partitionProblems(audit, partition, here));
  }
  // A system event stands in every partition under one id: by it, readers count it once.
  const ids = new Set(records.map(({ headers }) => headers['ce_id']));
  const isWhole = audit.isLive === true || ids.size === audit.events.length;
  if (!isWhole) problems.push(`${ids.size} ids for ${audit.events.length} events`);
  return problems.slice(0, maxProblems);
}

/** The same of the topic of networks, which is in another order. */
export function networkProblems({ events }: TopicAudit, records: readonly ForeignRecord[]): string[] {
  const counts = new Map<string, number>();
  const add = (place: string, count: number): void => {
    counts.set(place, (counts.get(place) ?? 0) + count);
  };
  for (const event of events) {
    const tag = dayTagOf(event);
    if (tag !== undefined) add(`${tag} ${recordId(event)} ${JSON.stringify(event.data)}`, 1);
  }
  for (const { key, headers, value } of records) add(`${key} ${headers['ce_id']} ${value}`, -1);
  const wrong = [...counts].filter(([, count]) => count !== 0);
  return wrong.map(([place, count]) => `${place}: ${-count} too many`).slice(0, maxProblems);
}

/** How many records there are when all is published. */
export function recordCount({ events, partitions }: TopicAudit): number {
  const system = events.filter(({ partitionKey }) => partitionKey === everyPartition).length;
  return events.length + system * (partitions - 1);
}

function partitionProblems(
  { events, partitions, source, isLive, validate }: TopicAudit,
  partition: number,
  records: readonly ForeignRecord[],
): string[] {
  const expected = events.filter(({ partitionKey }) => {
    return partitionKey === everyPartition || partitionOf(partitionKey, partitions) === partition;
  });
  const problems: string[] = [];
  const end = isLive === true ? records.length : Math.max(expected.length, records.length);
  for (let at = 0; at < end; at += 1) {
    const [event, record] = [expected[at], records[at]];
    const [should, is] = [event && recordId(event), record?.headers['ce_id']];
    if (event === undefined || record === undefined || is !== should) {
      const place = `partition ${partition}, record ${at}`;
      return [...problems, `${place} is ${is ?? 'missing'}, the ledger has ${should ?? 'nothing more'}`];
    }
    if (!isSame(record, event, source)) problems.push(`${should} is otherwise than in the ledger`);
    const schema = record.headers['ce_dataschema'] ?? '';
    problems.push(...(validate?.(schema, JSON.parse(record.value)) ?? []));
  }
  return problems;
}

function isSame({ key, headers, value }: ForeignRecord, event: RecordedEvent, source: string): boolean {
  const expected = eventHeaders(event, source);
  const names = new Set([...Object.keys(expected), ...Object.keys(headers)]);
  const isOther = [...names].some((name) => headers[name] !== expected[name]);
  return !isOther && key === event.partitionKey && value === JSON.stringify(event.data);
}
