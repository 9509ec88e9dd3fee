// Makes the secrets from the build, and builds first where there is none or the sources are newer.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const built = join(root, 'dist', 'apps', 'secrets-init', 'src', 'main.js');

if (!existsSync(built) || newest(join(root, 'apps', 'secrets-init', 'src')) > statSync(built).mtimeMs) {
  // Standard output belongs to the answer.
  const options = { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' };
  const { status } = spawnSync('npm', ['run', '-s', 'build'], options);
  if (status !== 0) process.exit(3);
}
await import(pathToFileURL(built).href);

function newest(folder) {
  return Math.max(...readdirSync(folder).map((name) => statSync(join(folder, name)).mtimeMs));
}
