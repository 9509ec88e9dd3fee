// `npm run prove`: the long runs behind the guarantees, with what they counted.
import { parseArgs } from 'node:util';
import { runTool } from '../command-line.js';
import { Report } from '../report.js';
import { proofs, type Proof } from './proofs.js';
import { savedPieces, savePiece, type ProofPiece } from './results.js';

const help = `npm run prove -- NAME... [options]
  --count N    how much of it: refreshes, kills, seconds (by default what is named below)
  --days N     of the simulator (30)
  --seed N     repeats the random choices of an earlier run
  --save       keep what was counted in docs/proofs; those that have pieces run in them, each saved when it
               is done, and what was saved before counts (delete the file to begin anew)
  --json       one JSON document on standard output (use npm run -s)
  --help

Names (or all):
${proofs.map(({ name, title, count, unit }) => `  ${name} (${count} ${unit})\n      ${title}`).join('\n')}
`;

interface Options {
  readonly chosen: readonly Proof[];
  readonly count: number | undefined;
  readonly seed: number;
  readonly days: number | undefined;
  readonly save: boolean;
  readonly json: boolean;
  readonly help: boolean;
}

await runTool({ help, readOptions, run });

async function run(options: Options): Promise<number> {
  const report = new Report({ tool: 'prove', json: options.json });
  for (const proof of options.chosen) await prove(proof, options, report);
  return report.finish();
}

async function prove(proof: Proof, options: Options, report: Report): Promise<void> {
  const { count = proof.count, save } = options;
  const { of: size, counted } = proof.pieces ?? { of: count, counted: '' };
  let pieces = save && proof.pieces !== undefined ? savedPieces(proof.name) : [];
  const done = (): number => pieces.reduce((sum, piece) => sum + (piece.counted[counted] ?? 0), 0);
  report.group(proof.name, proof.title);
  if (!save || proof.pieces === undefined) {
    const piece = await runOnce(proof, { ...options, count }, report);
    if (save && piece !== undefined) savePiece(proof, [], piece);
    return;
  }
  for (let at = 0; done() < count; at += 1) {
    report.say(`  ${done()} of ${count} ${proof.unit} are done`);
    const seed = options.seed + at;
    const piece = await runOnce(proof, { ...options, seed, count: Math.min(size, count - done()) }, report);
    if (piece === undefined) return;
    pieces = savePiece(proof, pieces, piece);
    if (piece.failed > 0) return;
  }
}

/** One run; undefined where it could not be made, which the report tells. */
async function runOnce(
  proof: Proof,
  { seed, count, days }: Pick<Options, 'seed' | 'days'> & { readonly count: number },
  report: Report,
): Promise<ProofPiece | undefined> {
  report.say(`  seed ${seed}, ${count} ${proof.unit}`);
  const startedAt = Date.now();
  const before = report.document();
  const counted = await proof.run({ seed, count, days, report }).catch((error: unknown) => {
    report.check('runs to its end', false, described(error));
    return undefined;
  });
  if (counted === undefined) return undefined;
  const after = report.document();
  const passed = after.passed - before.passed;
  const failed = after.failed - before.failed;
  return { seed, counted, passed, failed, seconds: Math.round((Date.now() - startedAt) / 1000) };
}

/** The options, or what is wrong with them. */
function readOptions(): Options | string {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: 'string' },
      seed: { type: 'string' },
      days: { type: 'string' },
      save: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const chosen = proofs.filter(({ name }) => positionals.includes(name) || positionals.includes('all'));
  const names = ['all', ...proofs.map(({ name }) => name)];
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) return `There is no proof "${unknown}".`;
  if (chosen.length === 0 && !values.help) return 'Name what to prove.';
  const [count, seed, days] = [values.count, values.seed, values.days].map(wholeNumber);
  if ([count, seed, days].some(Number.isNaN)) return '--count, --seed and --days are whole numbers above 0.';
  return { ...values, chosen, count, days, seed: seed ?? 1 + (Date.now() % 1_000_000_000) };
}

/** Undefined where none is given, NaN for what is no whole number above 0. */
function wholeNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : Number.NaN;
}

/** The error with what caused it: fast-check keeps what the property threw there. */
function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `\ncaused by ${described(error.cause)}`;
  return `${error.stack ?? error.message}${cause}`;
}
