// Databases for specs: on the server that `SALLYPORT_TEST_POSTGRES_URL` names, else on one started for them.
import { randomBytes } from 'node:crypto';
import { parsePostgresUrl, type PostgresSettings } from '@sallyport/adapter-postgres';
import { Client } from 'pg';
import { PostgresServer } from './postgres.js';

/** Makes empty databases, and drops them or their whole server at the end. */
export class PostgresDatabases {
  private readonly made: string[] = [];

  private constructor(
    private readonly base: string,
    private readonly server: PostgresServer | undefined,
  ) {}

  static async start(): Promise<PostgresDatabases> {
    const given = process.env['SALLYPORT_TEST_POSTGRES_URL'];
    if (given !== undefined) return new PostgresDatabases(given, undefined);
    const server = await PostgresServer.start();
    return new PostgresDatabases(server.url(), server);
  }

  /** An empty database; the URL's role must be allowed to create one. Resolves with its URL. */
  async create(): Promise<string> {
    const name = `sallyport_test_${randomBytes(8).toString('hex')}`;
    await this.run(`CREATE DATABASE ${name}`);
    this.made.push(name);
    const url = new URL(this.base);
    url.pathname = `/${name}`;
    return url.href;
  }

  async close(): Promise<void> {
    if (this.server !== undefined) return this.server.dispose();
    for (const name of this.made) await this.run(`DROP DATABASE ${name} WITH (FORCE)`);
  }

  private async run(sql: string): Promise<void> {
    const client = new Client({ connectionString: this.base });
    await client.connect();
    try {
      await client.query(sql);
    } finally {
      await client.end();
    }
  }
}

/** The settings of a URL that tests made. */
export function settingsOf(url: string, changes: Partial<PostgresSettings> = {}): PostgresSettings {
  const { settings, mistakes } = parsePostgresUrl(url);
  if (settings === undefined) throw new Error(mistakes.join('; '));
  return { ...settings, ...changes };
}
