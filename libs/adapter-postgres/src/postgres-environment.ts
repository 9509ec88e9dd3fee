// The setting that says where the database is: name, default in words, meaning; and how it is read.
import { parsePostgresUrl, type PostgresSettings } from './postgres-url.js';

const name = 'SALLYPORT_POSTGRES_URL';

export const postgresEnvironment = [
  [name, '', 'The PostgreSQL: `postgres://user:password@host:5432/database?sslmode=verify-full`.'],
] as const;

export type PostgresSetting = (typeof postgresEnvironment)[number][0];

/** What the setting says, or every mistake in it. It must be there. */
export function readPostgresSettings(textOf: (name: PostgresSetting) => string | undefined): {
  readonly settings?: PostgresSettings;
  readonly mistakes: readonly string[];
} {
  const text = textOf(name);
  if (text === undefined) return { mistakes: [`${name} is missing: name the PostgreSQL that all share.`] };
  const { settings, mistakes = [] } = parsePostgresUrl(text);
  return { settings, mistakes: mistakes.map((mistake) => `${name}: ${mistake}.`) };
}
