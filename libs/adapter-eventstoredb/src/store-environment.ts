// The setting that says where the event store is: name, default in words, meaning; and how it is read.
import { parseAddress } from './address.js';
import { EventStoreSettingsError } from './errors.js';

const name = 'SALLYPORT_EVENTSTORE_URL';

export const eventStoreEnvironment = [
  [name, '', 'The EventStoreDB or KurrentDB: `esdb://user:password@host:2113?tlsCAFile=...`.'],
] as const;

export type EventStoreSetting = (typeof eventStoreEnvironment)[number][0];

/** The address as it was given, checked, the files it names read once; or what is wrong with it. */
export function readEventStoreUrl(textOf: (name: EventStoreSetting) => string | undefined): {
  readonly url?: string;
  readonly mistakes: readonly string[];
} {
  const url = textOf(name);
  if (url === undefined) return { mistakes: [`${name} is missing: name the event store that all share.`] };
  try {
    parseAddress(url);
    return { url, mistakes: [] };
  } catch (error) {
    if (!(error instanceof EventStoreSettingsError)) throw error;
    return { mistakes: [`${name}: ${error.message}.`] };
  }
}
