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

/** The document; event data is described by the schemas in the folder beside it. */
export function asyncApiOf(schemas: SchemaFiles): Json {
  const names = Object.keys(schemas).map((file) => file.replace(/\.json$/, ''));
  const all = Object.fromEntries(names.map((name) => [name, { $ref: `#/components/messages/${name}` }]));
  const eventMessages = Object.fromEntries(names.map((name) => [name, eventMessage(name)]));
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
      deadLetters: channel('sallyport.dead-letters', 'What a consumer could not handle, and whence.', letter),
    },
    operations: {
      readEvents: { action: 'send', channel: { $ref: '#/channels/events' } },
      readNetwork: { action: 'send', channel: { $ref: '#/channels/network' } },
      readDeadLetters: { action: 'send', channel: { $ref: '#/channels/deadLetters' } },
    },
    components: {
      messages: { ...eventMessages, ...letterMessage() },
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
  const [, type, version] = /^(.*)\.v(\d+)$/.exec(name) as unknown as [string, string, string];
  return {
    name: type,
    title: `${type}, version ${version}`,
    headers: { $ref: '#/components/schemas/attributes' },
    payload: { $ref: `./schemas/${name}.json` },
    bindings: { kafka: { key: text, bindingVersion: '0.5.0' } },
  };
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
