// What setting up the event store takes from its surroundings: an administrator's address and passwords.
import { storeRoles, type StoreRole } from '@sallyport/adapter-eventstoredb';

export interface Surroundings {
  readonly url: string;
  readonly passwords: Readonly<Record<StoreRole, string>>;
}

const minPasswordLength = 12;

export const variables = {
  url: 'SALLYPORT_EVENTSTORE_ADMIN_URL',
  writer: 'SALLYPORT_EVENTSTORE_WRITER_PASSWORD',
  relay: 'SALLYPORT_EVENTSTORE_RELAY_PASSWORD',
  auditor: 'SALLYPORT_EVENTSTORE_AUDITOR_PASSWORD',
} as const;

/** All that is missing or wrong at once, in words; or the surroundings. */
export function surroundings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Surroundings | string[] {
  const mistakes = Object.values(variables)
    .filter((name) => !environment[name])
    .map((name) => `${name} is not set`);
  const passwords = Object.fromEntries(
    storeRoles.map((role) => [role, environment[variables[role]] ?? '']),
  ) as Record<StoreRole, string>;
  for (const role of storeRoles) {
    const isShort = passwords[role] !== '' && passwords[role].length < minPasswordLength;
    if (isShort) mistakes.push(`${variables[role]} needs ${minPasswordLength} characters at least`);
  }
  const different = new Set(Object.values(passwords)).size === storeRoles.length;
  if (mistakes.length === 0 && !different) mistakes.push('the three passwords must differ');
  return mistakes.length > 0 ? mistakes : { url: environment[variables.url] as string, passwords };
}
