// From an event to the view that shows it and to the decision that it led to, at a steady rate on two cores.
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../repository.js';
import type { Report } from '../report.js';
import { atShare, rounded, takesTaskset } from './figures.js';

/** Latencies in milliseconds. */
export interface PipelineResult {
  readonly events: number;
  /** What was reached of the rate that was asked for. */
  readonly perSecond: number;
  /** From before an event was handed to the store until a reader who waits for it is shown it. */
  readonly views: readonly number[];
  /** From when its trigger was stored until what was decided on it was stored, as the ledger tells. */
  readonly decisions: readonly number[];
}

const script = join(repositoryRoot(), 'dist', 'test', 'tools', 'bench', 'pipeline.js');
const perSecond = 2000;
const aims = { view: 50, decision: 100 };
const maxOutput = 64 * 1024 * 1024;

export async function pipelineFigures(report: Report, seconds: number): Promise<void> {
  report.group('pipeline', `${perSecond} events a second for ${seconds} s, on two cores`);
  const command = [process.execPath, script, String(perSecond), String(seconds)];
  const isPinned = availableParallelism() > 2 && takesTaskset();
  const [file = '', ...words] = isPinned ? ['taskset', '-c', '0,1', ...command] : command;
  const { stdout } = await promisify(execFile)(file, words, { maxBuffer: maxOutput });
  const result = JSON.parse(stdout) as PipelineResult;
  const reached = Math.round(result.perSecond);
  const holds = reached >= perSecond * 0.98;
  report.figure({ name: 'events', value: reached, unit: '1/s', aim: `${perSecond}`, holds });
  tell(report, { name: 'event to view', latencies: result.views, aim: aims.view });
  tell(report, { name: 'event to decision', latencies: result.decisions, aim: aims.decision });
}

function tell(
  report: Report,
  of: { readonly name: string; readonly latencies: readonly number[]; readonly aim: number },
): void {
  const sorted = of.latencies.toSorted((a, b) => a - b);
  const [p50, p99] = [rounded(atShare(sorted, 0.5)), rounded(atShare(sorted, 0.99))];
  report.figure({ name: `${of.name} p50`, value: p50, unit: 'ms', aim: 'noted', holds: true });
  const holds = sorted.length > 0 && p99 <= of.aim;
  report.figure({ name: `${of.name} p99`, value: p99, unit: 'ms', aim: `<= ${of.aim}`, holds });
  report.say(`  of ${sorted.length}`);
}
