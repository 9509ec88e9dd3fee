// The image: what it copies is there and let through, nothing else is; its user, its folders, its health.
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { secretFolders } from '../../apps/secrets-init/src/secret-files.js';
import { repositoryRoot } from '../tools/repository.js';
import { textOf } from './compose-file.js';

const root = repositoryRoot();

interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

/** One an instruction, lines joined, comments left out. */
function instructions(text: string): Instruction[] {
  const lines = text.replace(/^#.*\n/gm, '').replace(/\\\n/g, ' ').split('\n');
  return lines.filter((line) => line.trim() !== '').map((line) => {
    const [name = '', ...words] = line.trim().split(/\s+/);
    return { name, words };
  });
}

/** By the patterns, in order; the last that fits decides. Those of a folder hold for what is in it. */
function isLetThrough(path: string, patterns: readonly string[]): boolean {
  let passes = true;
  for (const pattern of patterns) {
    const bare = pattern.replace(/^!/, '');
    const text = bare.replace(/[.]/g, '\\.').replace(/\*\*\//g, '(.+/)?').replace(/(?<!\))\*/g, '[^/]*');
    if (new RegExp(`^${text}(/.*)?$`).test(path)) passes = pattern.startsWith('!');
  }
  return passes;
}

const dockerfile = instructions(textOf('Dockerfile'));
const ignored = textOf('.dockerignore').split('\n').filter((line) => line !== '' && !line.startsWith('#'));

function copiedFromHere(all: readonly Instruction[]): string[] {
  const copies = all.filter(({ name, words }) => name === 'COPY' && !words[0]?.startsWith('--from'));
  return copies.flatMap(({ words }) => words.slice(0, -1));
}

describe('the image', () => {
  it('copies what is there, and what .dockerignore lets through', () => {
    const copied = copiedFromHere(dockerfile);
    expect(copied.length).toBeGreaterThan(5);
    expect(copied.filter((path) => !existsSync(join(root, path)))).toEqual([]);
    expect(copied.filter((path) => !isLetThrough(path, ignored))).toEqual([]);
  });

  it.each(['.git/config', '.sallyport/master.key', 'node_modules/x', 'test/a.ts', 'deploy/a/b.sh', '.env'])(
    'never sees %s',
    (path) => expect(isLetThrough(path, ignored)).toBe(false),
  );

  it('is of one Node, by its full version, and runs as nobody of importance', () => {
    const bases = dockerfile.filter(({ name }) => name === 'FROM').map(({ words: [image = ''] }) => image);
    const one = new Set(bases.map((image) => image.replace(/-slim$/, '')));
    expect([...one]).toEqual(['node:24.11.1-bookworm']);
    expect(bases.at(-1)).toMatch(/-slim$/);
    expect(dockerfile.findLast(({ name }) => name === 'USER')?.words).toEqual(['1000:1000']);
  });

  it('has a folder for the secrets of each process', () => {
    const [, listed = ''] = /for folder in ([\w\s-]+); do/.exec(textOf('Dockerfile')) ?? [];
    expect(listed.split(' ')).toEqual(['made', ...secretFolders]);
  });

  it('runs what is in it: the command, and its health', () => {
    const [command, health] = ['CMD', 'HEALTHCHECK'].map((name) => {
      return dockerfile.find((one) => one.name === name)?.words.join(' ') ?? '';
    });
    const [, app] = /"dist\/apps\/([\w-]+)\/src\/main\.js"/.exec(command ?? '') ?? [];
    expect(existsSync(join(root, 'apps', app ?? '-', 'src', 'main.ts'))).toBe(true);
    expect(health).toContain('["node", "deploy/health.mjs"]');
    expect(copiedFromHere(dockerfile)).toContain('deploy/health.mjs');
  });

  it('would be seen to copy what is not there, or what is kept out', () => {
    const wrong = copiedFromHere(instructions('COPY apps gone ./\nCOPY test test\n'));
    expect(wrong.filter((path) => !existsSync(join(root, path)))).toEqual(['gone']);
    expect(wrong.filter((path) => !isLetThrough(path, ignored))).toEqual(['gone', 'test']);
  });
});

describe('the healthcheck', () => {
  const exitCode = (port: number): Promise<number> => {
    return new Promise((resolve) => {
      const options = { env: { ...process.env, NODE_OPTIONS: '', PORT: String(port) } };
      const script = join(root, 'deploy', 'health.mjs');
      const child = execFile(process.execPath, [script], options, () => undefined);
      child.once('exit', (code) => resolve(code ?? -1));
    });
  };

  it.each([
    [200, 0],
    [503, 1],
  ])('of a process that answers %i ends with %i', async (status, code) => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, answer) => {
      asked.push(request.url);
      answer.writeHead(status).end('{}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    expect(await exitCode((server.address() as AddressInfo).port)).toBe(code);
    server.close();
    expect(asked).toEqual(['/health/ready']);
  });

  it('of a process that is not there ends with 1', async () => {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await once(server.close(), 'close');
    expect(await exitCode(port)).toBe(1);
  });
});
