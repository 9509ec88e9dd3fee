// Reads a topic with programs of others, as Debian packages them: kcat, and a few lines on python3-kafka.
import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { repositoryRoot } from '../tools/repository.js';
import type { ForeignRecord } from './foreign-reader.js';

/** A program by which a topic is read from its beginning to its end, what is committed alone. */
export interface ForeignProgram {
  readonly name: string;
  isInstalled(): boolean;
  /**
   * Rejects with what it wrote when it fails. Where records keep coming, a program may find no end: `enough`
   * of them are one.
   */
  read(brokers: string, topic: string, enough?: number): Promise<ForeignRecord[]>;
}

/** Debian's own interpreter: what its packages install is unknown to others. */
const python = '/usr/bin/python3';

export const foreignPrograms: readonly ForeignProgram[] = [
  {
    name: 'kcat',
    isInstalled: () => succeeds('kcat', ['-V']),
    read: async (brokers, topic, enough) => {
      const words = ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-J'];
      if (enough !== undefined) words.push('-c', String(enough));
      const records: ForeignRecord[] = [];
      await linesOf('kcat', [...words, '-X', 'isolation.level=read_committed'], (line) => {
        const { partition, key, headers, payload } = JSON.parse(line) as KcatRecord;
        const named: Record<string, string> = {};
        for (let at = 0; at < headers.length; at += 2) named[headers[at] ?? ''] = headers[at + 1] ?? '';
        records.push({ partition, key: String(key), headers: named, value: String(payload) });
      });
      return records;
    },
  },
  {
    name: 'python3-kafka',
    isInstalled: () => succeeds(python, ['-c', 'import kafka']),
    read: async (brokers, topic) => {
      const script = join(repositoryRoot(), 'test', 'engines', 'read_committed.py');
      const records: ForeignRecord[] = [];
      await linesOf(python, [script, brokers, topic], (line) => {
        records.push(JSON.parse(line) as ForeignRecord);
      });
      return records;
    },
  },
];

interface KcatRecord {
  readonly partition: number;
  readonly key: string | null;
  /** Names and values by turns. */
  readonly headers: readonly string[];
  readonly payload: string | null;
}

const limitMs = 120_000;

/** Tells each line that the program writes; rejects when it fails or takes too long. */
async function linesOf(
  program: string,
  words: readonly string[],
  tell: (line: string) => void,
): Promise<void> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  for await (const line of createInterface({ input: child.stdout })) tell(line);
  const code = await ended;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${complaint}`);
}

function succeeds(program: string, words: readonly string[]): boolean {
  try {
    execFileSync(program, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
