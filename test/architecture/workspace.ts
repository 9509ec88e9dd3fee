// The project's own files for the checks, and throw-away copies of its set-up to plant violations in.
import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';

/** The root of the project, from which every check's paths are counted. */
export const root = join(import.meta.dirname, '..', '..');

const settings = ['package.json', 'tsconfig.json', '.dependency-cruiser.mjs', '.oxlintrc.json'];

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** The `.ts` files below the given folders, by path. A folder that is not there has none. */
export function sourceFiles(...folders: string[]): SourceFile[] {
  const found = folders.filter((folder) => existsSync(join(root, folder))).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return found.sort().map((path) => ({
    path: relative(root, path).split(sep).join('/'),
    text: readFileSync(path, 'utf8'),
  }));
}

/** Creates a project of the given files with our settings and packages; the caller disposes it. */
export function plantedProject(files: Record<string, string>): { readonly path: string; dispose(): void } {
  const path = mkdtempSync(join(tmpdir(), 'sallyport-planted-'));
  for (const name of settings) copyFileSync(join(root, name), join(path, name));
  symlinkSync(join(root, 'node_modules'), join(path, 'node_modules'), 'junction');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return { path, dispose: () => rmSync(path, { recursive: true, force: true }) };
}

/** Runs a package's command line in the folder; resolves with its output, whatever its exit code. */
export function runTool(script: string, args: readonly string[], folder: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const command = [join(root, 'node_modules', script), ...args];
    const options = { cwd: folder, maxBuffer: 64 * 2 ** 20 };
    execFile(process.execPath, command, options, (error, output, errors) => {
      if (output === '') reject(new Error(`${script} printed nothing: ${errors}`, { cause: error }));
      else resolve(output);
    });
  });
}
