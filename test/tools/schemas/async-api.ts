// The AsyncAPI 3 document of the topics: who reads them needs no other description.
import type { SchemaFiles } from './event-schemas.js';

type Json = Readonly<Record<string, unknown>>;

const text = { type: 'string' };
const number = { type: 'string', pattern: '^[0-9]+$' };

/** The attributes of an event, as CloudEvents 1.0 puts them into headers of Kafka. */
const attributes: Json = {
  'content-type': { const: 'application/json' },
  ce_specversion: { const: '1.0' },
  ce_id: { ...text, description: 'stream/revision, the same in every partition: count events by it.' },
  ce_source: { ...text, format: 'uri', description: 'The ledger.' },
  ce_type: text,
  ce_time: { ...text, format: 'date-time', description: 'When it was recorded; never goes back.' },
  ce_subject: { ...text, description: 'The stream.' },
  ce_dataschema: { ...text, format: 'uri', description: "The $id of the data's JSON Schema." },
  ce_schemaversion: number,
  ce_revision: { ...number, description: 'Place in the stream, from 0, no gaps.' },
  ce_position: { ...number, description: 'Place in the whole ledger; compare as an integer.' },
  ce_eventid: { ...text, format: 'uuid' },
  ce_partitionkey: { ...text, description: 'The account, or * for events of the system.' },
  ce_actor: { ...text, description: 'kind, or kind:id: user, service, operator, rule, system.' },
  ce_correlationid: text,
  ce_causationid: text,
  ce_hash: { ...text, description: 'SHA-256 (base64url) of the bytes in the ledger.' },
};
const optional: Json = {
  ce_previoushash: { ...text, description: 'Of the event before in the stream.' },
  ce_personal: { ...text, description: "Personal data, sealed under the account's own key." },
};
const origin: Json = {
  dl_consumer: text,
  dl_topic: text,
  dl_partition: number,
  dl_offset: number,
  dl_reason: { type: 'string', enum: ['unreadable', 'not_handled', 'beyond_head'] },
};

const standingTopic =
  'Compacted: the latest value of each key; partitioned by account, cutoffs in every partition. A reader ' +
  'denies until it has read each partition to its end, and while asOf of its feed is too old.';

/** What the keys of the records look like; standings have no other attributes than the content type. */
const standingKeys: Readonly<Record<string, string>> = {
  'standing.session': '^session:',
  'standing.account': '^account:',
  'standing.cutoff': '^cutoff:\\*$',
  'standing.feed': '^feed:[0-9]+$',
};

/** The document; event data is described by the schemas in the folder beside it. */
export function asyncApiOf(schemas: SchemaFiles): Json {
  const names = Object.keys(schemas).map((file) => file.replace(/\.json$/, ''));
  const isStanding = (name: string): boolean => name.startsWith('standing.');
  const [events, standings] = [names.filter((name) => !isStanding(name)), names.filter(isStanding)];
  const refs = (of: readonly string[]): Json => {
    return Object.fromEntries(of.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  };
  const all = refs(events);
  const eventMessages = Object.fromEntries(events.map((name) => [name, eventMessage(name)]));
  const standingMessages = Object.fromEntries(standings.map((name) => [name, standingMessage(name)]));
  const letter = { letter: { $ref: '#/components/messages/dead-letter' } };
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Sallyport events',
      version: '1.0.0',
      description:
        'What happened to accounts and sessions, in order per account, each event once. Read committed. ' +
        'Events of the system are in every partition under one ce_id.',
    },
    defaultContentType: 'application/json',
    channels: {
      events: channel('sallyport.events', 'Keyed by account (murmur2); kept for good.', all),
      network: channel('sallyport.network', 'The events that say a network, keyed by its day tag.', all),
      standing: channel('sallyport.standing', standingTopic, refs(standings)),
      deadLetters: channel('sallyport.dead-letters', 'What a consumer could not handle, and whence.', letter),
    },
    operations: {
      readEvents: { action: 'send', channel: { $ref: '#/channels/events' } },
      readNetwork: { action: 'send', channel: { $ref: '#/channels/network' } },
      readStanding: { action: 'send', channel: { $ref: '#/channels/standing' } },
      readDeadLetters: { action: 'send', channel: { $ref: '#/channels/deadLetters' } },
    },
    components: {
      messages: { ...eventMessages, ...standingMessages, ...letterMessage() },
      schemas: { attributes: headers(attributes, optional), origin: headers(origin) },
    },
  };
}

function headers(required: Json, others: Json = {}): Json {
  return { type: 'object', properties: { ...required, ...others }, required: Object.keys(required) };
}

function channel(address: string, description: string, messages: Json): Json {
  return { address, description, messages, bindings: { kafka: { topic: address, bindingVersion: '0.5.0' } } };
}

function eventMessage(name: string): Json {
  const { type, version } = partsOf(name);
  return {
    name: type,
    title: `${type}, version ${version}`,
    headers: { $ref: '#/components/schemas/attributes' },
    payload: { $ref: `./schemas/${name}.json` },
    bindings: { kafka: { key: text, bindingVersion: '0.5.0' } },
  };
}

function standingMessage(name: string): Json {
  const { type, version } = partsOf(name);
  return {
    name: type,
    title: `${type}, version ${version}`,
    contentType: 'application/json',
    payload: { $ref: `./schemas/${name}.json` },
    bindings: { kafka: { key: { type: 'string', pattern: standingKeys[type] }, bindingVersion: '0.5.0' } },
  };
}

function partsOf(name: string): { readonly type: string; readonly version: string } {
  const [, type = '', version = ''] = /^(.*)\.v(\d+)$/.exec(name) ?? [];
  return { type, version };
}

function letterMessage(): Json {
  return {
    'dead-letter': {
      name: 'dead-letter',
      headers: { $ref: '#/components/schemas/origin' },
      payload: { description: 'The value of the record as it was.' },
      bindings: { kafka: { key: text, bindingVersion: '0.5.0' } },
    },
  };
}
