// The secrets of a deployment on this machine, and what each process of the compose file is told.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { secretFiles, type SecretFile, type SecretFolder } from '../../apps/secrets-init/src/secret-files.js';
import { makeSecrets, type Secrets } from '../../apps/secrets-init/src/secrets.js';
import { composeFile, mountsOf, settingsFileOf, type Service } from './compose-file.js';

export const mountedAt = '/run/secrets/sallyport';

export class HandedOut {
  readonly secrets: Secrets = makeSecrets(Date.now());
  readonly files: readonly SecretFile[];
  readonly services = composeFile().services;
  readonly directory = mkdtempSync(join(tmpdir(), 'sallyport-handed-out-'));

  constructor() {
    this.files = secretFiles(this.secrets, { mountedAt, issuer: 'http://127.0.0.1:3000' });
    for (const { folder, path, text } of this.files) {
      const file = join(this.directory, folder, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, this.here(folder, text), { mode: 0o600 });
    }
  }

  /** The text with the paths of a process's own folder on this machine. */
  here(folder: SecretFolder, text: string): string {
    return text.replaceAll(mountedAt, join(this.directory, folder));
  }

  folderOf(name: string): SecretFolder {
    const mount = mountsOf(this.service(name)).find(({ to }) => to === mountedAt);
    return mount?.from.replace('secrets-', '') as SecretFolder;
  }

  /** Paths of the files that a folder has. */
  pathsOf(folder: string): string[] {
    return this.files.filter((one) => one.folder === folder).map(({ path }) => path);
  }

  /** What the process has in its environment, with paths of this machine. */
  environmentOf(name: string): Record<string, string> {
    const folder = this.folderOf(name);
    const service = this.service(name);
    const path = settingsFileOf(service);
    const file = this.files.find((one) => one.folder === folder && one.path === path);
    const open = JSON.stringify({ PORT: '3000', ...service.environment });
    const secret = parseEnv(this.here(folder, file?.text ?? ''));
    return { ...secret, ...JSON.parse(this.here(folder, open)) } as Record<string, string>;
  }

  service(name: string): Service {
    const found = this.services[name];
    if (found === undefined) throw new Error(`there is no service ${name}`);
    return found;
  }

  dispose(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
