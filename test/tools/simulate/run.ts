// One pass over lines, under the rules with and without those on countries.
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { WriteStream } from 'node:fs';
import { Judge } from './judge.js';
import { labelText, lineText } from './line.js';
import type { Label, Line } from './line.js';
import { simulate } from './population.js';
import type { Scale } from './population.js';
import { Recorder } from './recorder.js';
import { aims, scoreOf } from './score.js';
import type { RunScore } from './score.js';

export interface Result {
  readonly seed?: number;
  readonly accounts: number;
  readonly days?: number;
  readonly countriesOnly?: boolean;
  readonly events: number;
  readonly seconds: number;
  readonly aims: typeof aims;
  /** With the rules on countries, and without. */
  readonly runs: readonly RunScore[];
}

export interface SimulationOptions extends Scale {
  /** Where the events and the labels are kept, if anywhere. */
  readonly out?: string;
  readonly labelsOut?: string;
  readonly progress?: (lines: number) => void;
}

/** Simulates and judges as it goes: no more than one act of each account is in memory. */
export async function runSimulation(options: SimulationOptions): Promise<Result> {
  const { seed, days, countriesOnly = false, out, labelsOut, progress } = options;
  const { lines, labels } = simulate(options);
  const kept = out === undefined ? lines : keeping(lines, createWriteStream(out));
  const result = await judged(kept, labels, progress);
  if (labelsOut !== undefined) await writeLabels(createWriteStream(labelsOut), labels.values());
  return { seed, days, countriesOnly, ...result };
}

/** The scores of the rules over the lines; positions follow the order of the lines. */
export async function judged(
  lines: Iterable<Line> | AsyncIterable<Line>,
  labels: ReadonlyMap<string, Label>,
  progress: (lines: number) => void = () => {},
): Promise<Result> {
  const startedMs = performance.now();
  const recorder = new Recorder();
  const judges = [true, false].map((countryRules) => new Judge(countryRules, (id) => labels.get(id)));
  let count = 0;
  for await (const line of lines) {
    count += 1;
    if (count % 100_000 === 0) progress(count);
    for (const event of recorder.record(line)) for (const judge of judges) judge.observe(event);
  }
  const runs = judges.map((judge) => scoreOf(judge, labels.values()));
  const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
  return { accounts: labels.size, events: count, seconds, aims, runs };
}

async function* keeping(lines: Iterable<Line>, file: WriteStream): AsyncGenerator<Line, void, void> {
  let text: string[] = [];
  for (const line of lines) {
    text.push(lineText(line));
    if (text.length === 1000) {
      await write(file, text);
      text = [];
    }
    yield line;
  }
  await write(file, text);
  file.end();
  await finished(file);
}

async function writeLabels(file: WriteStream, labels: Iterable<Label>): Promise<void> {
  for (const label of labels) await write(file, [labelText(label)]);
  file.end();
  await finished(file);
}

async function write(file: WriteStream, lines: readonly string[]): Promise<void> {
  if (lines.length > 0 && !file.write(`${lines.join('\n')}\n`)) await once(file, 'drain');
}
