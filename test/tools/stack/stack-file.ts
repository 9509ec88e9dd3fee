// What the stack is made of, written down so that another call can find it and end it, by process id.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface StackProcess {
  readonly name: string;
  readonly pid: number;
  /** A word of its command line: a process id may have become somebody else's. */
  readonly word: string;
  /** Of its health and metrics. */
  readonly url?: string;
}

export interface StackState {
  readonly issuer?: string;
  readonly adminUrl?: string;
  readonly credentialFile?: string;
  readonly eventStoreUrl?: string;
  readonly postgresUrl?: string;
  readonly kafkaBrokers?: string;
  /** The directory of the PostgreSQL server. */
  readonly postgres?: string;
  /** In the order in which they were started. */
  readonly processes: readonly StackProcess[];
}

export class StackFile {
  private readonly file: string;

  constructor(readonly directory: string) {
    this.file = join(directory, 'stack.json');
  }

  get exists(): boolean {
    return existsSync(this.file);
  }

  read(): StackState {
    if (!this.exists) return { processes: [] };
    return JSON.parse(readFileSync(this.file, 'utf8')) as StackState;
  }

  /** Adds what is known now, so that even a start that is cut short can be ended. */
  add(more: Partial<StackState>): void {
    const before = this.read();
    const processes = [...before.processes, ...(more.processes ?? [])];
    writeFileSync(`${this.file}.new`, `${JSON.stringify({ ...before, ...more, processes }, null, 2)}\n`, {
      mode: 0o600,
    });
    renameSync(`${this.file}.new`, this.file);
  }
}

/** Whether the process is there and is the one that was started. */
export function isRunning({ pid, word }: StackProcess): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
  } catch {
    // Not Linux: its id is all there is.
    return !existsSync('/proc/self');
  }
}
