// Where Debian keeps the server programs of PostgreSQL, how they are installed, and as whom they run.
import { execFileSync, type ExecFileSyncOptions } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const versionsDirectory = '/usr/lib/postgresql';
const clusterSettings = '/etc/postgresql-common/createcluster.conf';

/** The directory of `initdb` and `pg_ctl` of the newest version that is installed; undefined without one. */
export function programsDirectory(): string | undefined {
  if (!existsSync(versionsDirectory)) return undefined;
  const versions = readdirSync(versionsDirectory).map(Number).filter(Number.isInteger);
  const directories = versions.sort((a, b) => b - a).map((version) => `${versionsDirectory}/${version}/bin`);
  return directories.find((directory) => existsSync(join(directory, 'initdb')));
}

/**
 * The same, installed by apt first where it is absent, which only root can do. Debian's package would make a
 * cluster of its own and start it on port 5432: it is told not to. Throws where there is none to have.
 */
export function installedPrograms(): string {
  const found = programsDirectory();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0) {
    throw new Error('PostgreSQL is not installed; as root: apt-get install -y postgresql');
  }
  if (!existsSync(clusterSettings)) {
    mkdirSync(dirname(clusterSettings), { recursive: true });
    writeFileSync(clusterSettings, 'create_main_cluster = false\n');
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  // What apt says goes to the error output: a tool's own output stays readable by programs.
  const options: ExecFileSyncOptions = { env, stdio: ['ignore', 2, 2] };
  execFileSync('apt-get', ['update', '-qq'], options);
  // Our settings of clusters are there already, and dpkg would ask which to keep.
  const keep = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...keep, 'postgresql'];
  execFileSync('apt-get', install, options);
  const installed = programsDirectory();
  if (installed === undefined) throw new Error(`apt installed no PostgreSQL below ${versionsDirectory}`);
  return installed;
}

/** The server refuses to run as root: then it runs as the user that Debian's package made for it. */
export function serverUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string): number =>
    Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }).trim());
  return { uid: id('-u'), gid: id('-g') };
}
