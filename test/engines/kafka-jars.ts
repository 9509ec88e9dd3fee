// Kafka's own jars, fetched once by Maven into a cache outside the tree.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '../tools/repository.js';
import { run } from './processes.js';

/** The folder of the jars; resolves when they are all there. Rejects without Maven or network. */
export async function kafkaJars(): Promise<string> {
  const project = join(repositoryRoot(), 'test', 'engines', 'pom.xml');
  const version = createHash('sha256').update(readFileSync(project)).digest('hex').slice(0, 12);
  const cache = process.env['SALLYPORT_TEST_CACHE'] ?? join(homedir(), '.cache', 'sallyport');
  const jars = join(cache, `kafka-${version}`);
  if (existsSync(jars)) return jars;
  mkdirSync(cache, { recursive: true });
  const copying = mkdtempSync(join(cache, 'copying-'));
  const copy = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${copying}`];
  await run('mvn', ['-q', '-B', '-f', project, ...copy]);
  // Somebody else may have copied them meanwhile.
  try {
    renameSync(copying, jars);
  } catch (error) {
    rmSync(copying, { recursive: true, force: true });
    if (!existsSync(jars)) throw error;
  }
  return jars;
}
