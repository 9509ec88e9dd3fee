// Makes the secrets of a deployment and hands them out: 0 done, 2 not understood, 3 cannot be written.
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { secretFiles, type SecretFile } from './secret-files.js';
import { keepSecrets, makeCertificates, makeSecrets, readSecrets } from './secrets.js';

const [exitUsage, exitUnavailable] = [2, 3];

const help = `npm run secrets:init -- --dir DIR [options]
  --dir DIR              makes secrets.json there, and a folder for each process
  --mounted-at PATH      where each process finds its own folder (/run/secrets/sallyport)
  --issuer URL           of the deployment (http://127.0.0.1:3000)
  --renew-certificates   a new authority and new certificates; restart everything then
  --help

Makes the master key, passwords and certificates of the containers, each once: run again it hands out the
same. They are in secrets.json, which nobody but this command needs; keep a copy, as without the master key
nothing that is wrapped by it opens. The authority's own key is thrown away once it has signed.
`;

process.exitCode = main();

function main(): number {
  const asked = readOptions();
  if (typeof asked === 'string') return usage(asked);
  if (asked.help) {
    process.stdout.write(help);
    return 0;
  }
  const { dir, issuer, 'mounted-at': mountedAt } = asked;
  if (dir === undefined) return usage('--dir is missing');
  try {
    const outcome = handOut({ dir, issuer, mountedAt, renew: asked['renew-certificates'] });
    process.stdout.write(`${outcome} the secrets in ${dir}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return exitUnavailable;
  }
}

interface Order {
  readonly dir: string;
  readonly issuer: string;
  readonly mountedAt: string;
  readonly renew: boolean;
}

/** `kept`: they were there. Throws what the system said. */
function handOut({ dir, renew, ...layout }: Order): 'made' | 'kept' | 'renewed' {
  const place = join(dir, 'made');
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const file = join(place, 'secrets.json');
  const known = readSecrets(file);
  const nowMs = Date.now();
  const made = known ?? makeSecrets(nowMs);
  const secrets = known && renew ? { ...known, certificates: makeCertificates(nowMs) } : made;
  if (secrets !== known) keepSecrets(file, secrets);
  for (const one of secretFiles(secrets, layout)) write(dir, one);
  if (known === undefined) return 'made';
  return renew ? 'renewed' : 'kept';
}

function write(dir: string, { folder, path, text, forGroup }: SecretFile): void {
  const file = join(dir, folder, path);
  if (!existsSync(dirname(file))) mkdirSync(dirname(file), { recursive: true, mode: 0o750 });
  const mode = forGroup ? 0o640 : 0o600;
  writeFileSync(`${file}.new`, text, { mode, flush: true });
  // Whatever the process's mask says.
  chmodSync(`${file}.new`, mode);
  renameSync(`${file}.new`, file);
}

function usage(mistake: string): number {
  process.stderr.write(`${mistake}\n\n${help}`);
  return exitUsage;
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        dir: { type: 'string' },
        'mounted-at': { type: 'string', default: '/run/secrets/sallyport' },
        issuer: { type: 'string', default: 'http://127.0.0.1:3000' },
        'renew-certificates': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return (error as Error).message;
  }
}
