// What a proof counted, kept beside the documentation that quotes it: by pieces, so that it can go on later.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '../repository.js';

type Counts = Readonly<Record<string, number>>;

/** One run of a proof. */
export interface ProofPiece {
  readonly seed: number;
  /** What the run counted, by name. */
  readonly counted: Counts;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

/** `docs/proofs/<name>.json`. */
export interface ProofResult {
  readonly proof: string;
  readonly title: string;
  /** Sums of what the pieces counted. */
  readonly counted: Counts;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
  /** Each with the date (UTC), Node's version and the commit it was run on. */
  readonly pieces: readonly ProofPiece[];
}

/** What was saved of a proof before. */
export function savedPieces(proof: string): readonly ProofPiece[] {
  const file = fileOf(proof);
  if (!existsSync(file)) return [];
  return (JSON.parse(readFileSync(file, 'utf8')) as Partial<ProofResult>).pieces ?? [];
}

/** Saves the pieces, and the one that was just run. */
export function savePiece(
  { name, title }: { readonly name: string; readonly title: string },
  before: readonly ProofPiece[],
  piece: ProofPiece,
): readonly ProofPiece[] {
  const date = new Date().toISOString().slice(0, 10);
  const pieces = [...before, { ...piece, date, node: process.version, commit: commitOf(repositoryRoot()) }];
  const sum = (of: (piece: ProofPiece) => number): number => pieces.reduce((all, one) => all + of(one), 0);
  const names = Object.keys(piece.counted);
  const result: ProofResult = {
    proof: name,
    title,
    counted: Object.fromEntries(names.map((counted) => [counted, sum((one) => one.counted[counted] ?? 0)])),
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    seconds: sum(({ seconds }) => seconds),
    pieces,
  };
  writeFileSync(fileOf(name), `${JSON.stringify(result, null, 2)}\n`);
  return pieces;
}

function fileOf(proof: string): string {
  const folder = join(repositoryRoot(), 'docs', 'proofs');
  mkdirSync(folder, { recursive: true });
  return join(folder, `${proof}.json`);
}

function commitOf(root: string): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
}
