// The drill as people run it: against a service of its own, every scenario, one document on standard output.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../tools/repository.js';
import type { ReportDocument } from '../tools/report.js';

const run = promisify(execFile);
const main = join(repositoryRoot(), 'dist', 'test', 'tools', 'drill', 'main.js');
const drillMs = 120_000;

it(
  'holds in every scenario, none skipped, and says so in one JSON document',
  async () => {
    const { stdout, stderr } = await run(process.execPath, [main, '--json'], { maxBuffer: 1e7 });
    const { checks, ...counts } = JSON.parse(stdout) as ReportDocument;
    expect(checks.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(counts).toEqual({ tool: 'drill', passed: checks.length, failed: 0, skipped: 0, figures: [] });
    expect(new Set(checks.map(({ group }) => group)).size).toBe(23);
    expect(stderr).toContain('lost-answer: a lost answer signs nobody out');
  },
  drillMs,
);

it('refuses options that do not fit, before it starts anything', async () => {
  for (const wrong of [['--only', 'unknown'], ['--issuer', 'http://127.0.0.1:1'], ['--what']]) {
    await expect(run(process.execPath, [main, ...wrong])).rejects.toMatchObject({ code: 64, stdout: '' });
  }
});
