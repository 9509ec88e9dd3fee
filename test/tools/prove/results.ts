// What a proof counted, kept beside the documentation that quotes it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../repository.js';

export interface ProofResult {
  readonly proof: string;
  readonly title: string;
  readonly seed: number;
  /** What the run counted, by name. */
  readonly counted: Readonly<Record<string, number>>;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

/** Writes `docs/proofs/<name>.json`, with the date (UTC), Node's version and the commit it was run on. */
export function saveResult(result: ProofResult): void {
  const root = repositoryRoot();
  const folder = join(root, 'docs', 'proofs');
  mkdirSync(folder, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const document = { ...result, date, node: process.version, commit: commitOf(root) };
  writeFileSync(join(folder, `${result.proof}.json`), `${JSON.stringify(document, null, 2)}\n`);
}

function commitOf(root: string): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
