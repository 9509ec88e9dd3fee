// What is left of a record that was not handled: a letter with its origin.
import type { BusRecord, ReceivedRecord } from './bus.js';

/** The topic's record of a record that was not handled, with its origin; the personal part stays behind. */
export function deadLetter(
  record: ReceivedRecord,
  origin: { readonly topic: string; readonly consumer: string; readonly reason: string },
): BusRecord {
  const { ce_personal: _personal, ...headers } = record.headers;
  return {
    topic: origin.topic,
    key: record.key,
    headers: {
      ...headers,
      dl_consumer: origin.consumer,
      dl_topic: record.topic,
      dl_partition: String(record.partition),
      dl_offset: record.offset,
      dl_reason: origin.reason,
    },
    value: record.value,
  };
}
