// A real PostgreSQL for tests and tools: a new cluster in the temporary directory, on a free loopback port.
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { installedPrograms, serverUser } from './postgres-programs.js';
import { freePort } from './processes.js';

const run = promisify(execFile);

export interface PostgresOptions {
  /** A free one by default. */
  readonly port?: number;
  /** Server settings, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** PEM files of the server; without them it speaks no TLS. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/** How to stop: `fast` ends sessions and syncs, `immediate` is a crash that the next start recovers from. */
export type StopMode = 'fast' | 'immediate';

const appRole = 'sallyport';
const adminRole = 'postgres';
/** In the server's directory: what another process needs to find it again. */
const noteName = 'server.json';

interface Note {
  readonly port: number;
  readonly passwords: Readonly<Record<typeof appRole | typeof adminRole, string>>;
}

export class PostgresServer {
  readonly port: number;
  private readonly programs = installedPrograms();

  private constructor(
    readonly directory: string,
    private readonly note: Note,
  ) {
    this.port = note.port;
  }

  /**
   * Makes a cluster and starts it. Its text sorts by language, as most clusters' does, so that what relies on
   * the order of bytes without saying so is found.
   */
  static async start({ port, settings = {}, tls }: PostgresOptions = {}): Promise<PostgresServer> {
    const directory = mkdtempSync(join(tmpdir(), 'sallyport-postgres-'));
    const passwords = { [appRole]: newPassword(), [adminRole]: newPassword() };
    const note: Note = { port: port ?? (await freePort()), passwords };
    const server = new PostgresServer(directory, note);
    writeFileSync(join(directory, noteName), JSON.stringify(note), { mode: 0o600 });
    try {
      await server.initialise();
      if (tls !== undefined) server.addCertificate(tls);
      server.configure({ ...settings, ssl: tls === undefined ? 'off' : 'on' });
      await server.resume();
      await server.addRole();
      return server;
    } catch (error) {
      await server.dispose();
      throw error;
    }
  }

  /** The server that another process started in the directory, running or not. Throws where there is none. */
  static in(directory: string): PostgresServer {
    return new PostgresServer(directory, JSON.parse(readFileSync(join(directory, noteName), 'utf8')) as Note);
  }

  /** For the role of the service: no superuser, but it may create databases. */
  url(database = 'postgres'): string {
    return this.urlOf(appRole, database);
  }

  /** For the superuser. */
  adminUrl(database = 'postgres'): string {
    return this.urlOf(adminRole, database);
  }

  /** An empty database of the service's role; resolves with its URL. */
  async createDatabase(): Promise<string> {
    const name = `db_${randomBytes(8).toString('hex')}`;
    await this.asAdmin((admin) => admin.query(`CREATE DATABASE ${name} OWNER ${appRole}`));
    return this.url(name);
  }

  /** Runs work as the superuser on a connection of its own. */
  async asAdmin<T>(work: (admin: Client) => Promise<T>, database = 'postgres'): Promise<T> {
    const admin = new Client({ connectionString: this.adminUrl(database) });
    // A server stopped meanwhile fails the query; without a listener it would end the process as well.
    admin.on('error', () => undefined);
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.end();
    }
  }

  /** Starts the cluster again, on the same port and data. */
  async resume(): Promise<void> {
    const log = join(this.directory, 'server.log');
    await this.control('start', '-w', '-t', '60', '-l', log);
  }

  /** Stops the server; its data stay. One that is stopped already is fine. */
  async stop(mode: StopMode = 'fast'): Promise<void> {
    if (this.pid() === undefined) return;
    await this.control('stop', '-w', '-t', '60', '-m', mode);
  }

  /** SIGKILL to every process of the server; its data stay. */
  crash(): void {
    const pid = this.freeze();
    if (pid === undefined) return;
    signal('SIGKILL', [...childrenOf(pid), pid]);
    // Of a process that nobody has waited for yet, the next start would think that it runs.
    rmSync(join(this.data, 'postmaster.pid'), { force: true });
  }

  /** SIGSTOP to every process of the server: connections stay, nothing answers. */
  freeze(): number | undefined {
    const pid = this.pid();
    if (pid === undefined) return undefined;
    // The first process first: it would start new ones.
    signal('SIGSTOP', [pid]);
    signal('SIGSTOP', childrenOf(pid));
    return pid;
  }

  thaw(): void {
    const pid = this.pid();
    if (pid !== undefined) signal('SIGCONT', [...childrenOf(pid), pid]);
  }

  /** Whether the cluster takes no writes from its next start on, as one that follows another. */
  standBy(isStandby: boolean): void {
    const file = join(this.data, 'standby.signal');
    rmSync(file, { force: true });
    if (!isStandby) return;
    writeFileSync(file, '');
    const user = serverUser();
    if (user !== undefined) chownSync(file, user.uid, user.gid);
  }

  /** Stops the server at once and deletes its data. */
  async dispose(): Promise<void> {
    await this.stop('immediate');
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** Of the server's first process, where it runs. */
  pid(): number | undefined {
    try {
      const pid = Number.parseInt(readFileSync(join(this.data, 'postmaster.pid'), 'utf8'), 10);
      process.kill(pid, 0);
      return pid;
    } catch {
      return undefined;
    }
  }

  private get data(): string {
    return join(this.directory, 'data');
  }

  private async initialise(): Promise<void> {
    const user = serverUser();
    if (user !== undefined) chownSync(this.directory, user.uid, user.gid);
    const file = join(this.directory, 'password');
    writeFileSync(file, this.note.passwords[adminRole], { mode: 0o600 });
    if (user !== undefined) chownSync(file, user.uid, user.gid);
    const access = ['-U', adminRole, '--pwfile', file, '--auth', 'scram-sha-256'];
    const text = ['--encoding=UTF8', '--locale=C.UTF-8', '--locale-provider=icu', '--icu-locale=en-US'];
    await this.program('initdb', ['-D', this.data, '--no-sync', ...access, ...text]);
    rmSync(file);
  }

  private addCertificate({ certificate, key }: { certificate: string; key: string }): void {
    const user = serverUser();
    for (const [from, name] of [[certificate, 'server.crt'], [key, 'server.key']] as const) {
      const to = join(this.data, name);
      cpSync(from, to);
      // The server refuses a key that others can read.
      writeFileSync(to, readFileSync(from), { mode: 0o600 });
      if (user !== undefined) chownSync(to, user.uid, user.gid);
    }
  }

  private configure(settings: Readonly<Record<string, string>>): void {
    const fixed = { listen_addresses: '127.0.0.1', port: String(this.port), unix_socket_directories: '' };
    const lines = Object.entries({ ...fixed, max_connections: '60', ...settings }).map(
      ([name, value]) => `${name} = '${value}'\n`,
    );
    writeFileSync(join(this.data, 'postgresql.auto.conf'), lines.join(''));
  }

  private async addRole(): Promise<void> {
    const password = this.note.passwords[appRole];
    await this.asAdmin((admin) =>
      admin.query(`CREATE ROLE ${appRole} LOGIN CREATEDB PASSWORD '${password}'`),
    );
  }

  private urlOf(role: typeof appRole | typeof adminRole, database: string): string {
    return `postgres://${role}:${this.note.passwords[role]}@127.0.0.1:${this.port}/${database}`;
  }

  private control(...args: string[]): Promise<unknown> {
    return this.program('pg_ctl', ['-D', this.data, '-s', ...args]);
  }

  private async program(name: string, args: readonly string[]): Promise<void> {
    // Its working directory is one that its user can enter; the log of a failed start says why.
    const options = { ...serverUser(), cwd: this.directory, env: { PATH: process.env['PATH'], LC_ALL: 'C' } };
    await run(join(this.programs, name), args, options);
  }
}

/** Processes that another one started (Linux). */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter((part) => part !== '').map(Number);
}

/** Processes that end meanwhile are left out. */
function signal(name: NodeJS.Signals, pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

function newPassword(): string {
  return randomBytes(16).toString('hex');
}
