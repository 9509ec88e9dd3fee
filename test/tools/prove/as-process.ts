// A proof as people run it, in a process of its own: the same work takes half the time there as in a spec.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { repositoryRoot } from '../repository.js';
import type { ReportDocument } from '../report.js';

const run = promisify(execFile);
const main = join(repositoryRoot(), 'dist', 'test', 'tools', 'prove', 'main.js');
const maxBuffer = 50_000_000;

/** What `npm run prove -- NAME` reports of so many; one that does not hold rejects, saying what was seen. */
export async function proved(
  name: string,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<ReportDocument> {
  const args = [main, name, '--count', String(count), '--seed', String(seed), '--json'];
  const { stdout } = await run(process.execPath, args, { maxBuffer });
  return JSON.parse(stdout) as ReportDocument;
}
