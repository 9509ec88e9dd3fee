// An event as a record on the bus and back: CloudEvents 1.0 in Kafka's binary mode, attributes in headers
// `ce_...`, data as the value.
import type { BusRecord, ReceivedRecord } from './bus.js';
import type { Actor, Json, JsonObject, RecordedEvent } from './event.js';

/** The partition key of system events, which go to every partition. */
export const everyPartition = '*';

/** The `ce_dataschema` of an event type's version: the `$id` of its JSON Schema. */
export function schemaId(type: string, version: number): string {
  return `urn:sallyport:schema:${type}:v${version}`;
}

/** What identifies an event wherever its record is: `stream/revision`. */
export function recordId({ stream, revision }: Pick<RecordedEvent, 'stream' | 'revision'>): string {
  return `${stream}/${revision}`;
}

export interface RecordTarget {
  readonly topic: string;
  /** The topic's number of partitions, fixed at its creation. */
  readonly partitions: number;
  /** `ce_source`: the ledger that the event is in, a URI. */
  readonly source: string;
}

/**
 * The event's record, keyed by its account; of a system event one for each partition, under one id. The
 * personal part goes as the ciphertext it is, the credential not at all.
 */
export function eventRecords(event: RecordedEvent, { topic, partitions, source }: RecordTarget): BusRecord[] {
  const record = {
    topic,
    key: event.partitionKey,
    headers: eventHeaders(event, source),
    value: JSON.stringify(event.data),
  };
  if (event.partitionKey !== everyPartition) return [record];
  return Array.from({ length: partitions }, (_, partition) => ({ ...record, partition }));
}

/** The event's attributes. CloudEvents allows lower-case letters and digits in their names, nothing else. */
export function eventHeaders(event: RecordedEvent, source: string): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    ce_specversion: '1.0',
    ce_id: recordId(event),
    ce_source: source,
    ce_type: event.type,
    ce_time: event.recordedAt,
    ce_subject: event.stream,
    ce_dataschema: schemaId(event.type, event.schemaVersion),
    ce_schemaversion: String(event.schemaVersion),
    ce_revision: String(event.revision),
    ce_position: event.position,
    ce_eventid: event.id,
    ce_partitionkey: event.partitionKey,
    ce_actor: actorText(event.actor),
    ce_correlationid: event.correlationId,
    ce_causationid: event.causationId,
    ce_hash: event.hash,
  };
  if (event.previousHash !== undefined) headers['ce_previoushash'] = event.previousHash;
  if (event.personal !== undefined) headers['ce_personal'] = event.personal;
  return headers;
}

/** The event of a record made by `eventHeaders`. Throws an `Error` for a record that cannot be one. */
export function recordedEvent({ headers, value }: Pick<ReceivedRecord, 'headers' | 'value'>): RecordedEvent {
  const said = (name: string): string => {
    const text = headers[name];
    if (text === undefined) throw new Error(`a record without ${name}`);
    return text;
  };
  const event: RecordedEvent = {
    id: said('ce_eventid'),
    type: said('ce_type'),
    schemaVersion: wholeNumber(said('ce_schemaversion')),
    data: dataOf(value),
    correlationId: said('ce_correlationid'),
    causationId: said('ce_causationid'),
    partitionKey: said('ce_partitionkey'),
    actor: actorOf(said('ce_actor')),
    stream: said('ce_subject'),
    revision: wholeNumber(said('ce_revision')),
    position: positionOf(said('ce_position')),
    recordedAt: said('ce_time'),
    hash: said('ce_hash'),
  };
  if (said('ce_id') !== recordId(event)) throw new Error('a record whose id is not its place');
  const { ce_previoushash: previousHash, ce_personal: personal } = headers;
  return {
    ...event,
    ...(previousHash === undefined ? {} : { previousHash }),
    ...(personal === undefined ? {} : { personal }),
  };
}

const actorKinds: readonly string[] = ['user', 'service', 'operator', 'rule', 'system'];

function actorText({ kind, id }: Actor): string {
  return id === undefined ? kind : `${kind}:${id}`;
}

function actorOf(text: string): Actor {
  const at = text.indexOf(':');
  const kind = at < 0 ? text : text.slice(0, at);
  if (!actorKinds.includes(kind)) throw new Error('a record by nobody known');
  return at < 0 ? { kind: kind as Actor['kind'] } : { kind: kind as Actor['kind'], id: text.slice(at + 1) };
}

function dataOf(value: string | null): JsonObject {
  const data = value === null ? null : (JSON.parse(value) as Json);
  if (data !== null && typeof data === 'object' && !Array.isArray(data)) return data as JsonObject;
  throw new Error('a record without data');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error('a record with a number that is none');
  return Number(text);
}

function positionOf(text: string): string {
  if (!/^\d{1,20}$/.test(text)) throw new Error('a record without a place in the store');
  return text;
}
