// Starts the bench's reader in a process of its own, as a consumer of the topic would run.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface ReaderReport {
  readonly seen: number;
  readonly isDone: boolean;
  /** How long ago each event was recorded when it was read; told when it is done. */
  readonly ages: readonly { readonly revision: number; readonly ms: number }[];
  /** Events that were not as they were made. */
  readonly outOfPlace: number;
}

export class ReaderProcess {
  private last: ReaderReport | undefined;
  private readonly done: Promise<ReaderReport>;
  private readonly child;

  constructor(from: { readonly brokers: string; readonly topic: string }) {
    const main = fileURLToPath(new URL('reader.js', import.meta.url));
    this.child = fork(main, [from.brokers, from.topic]);
    this.done = new Promise((resolve, reject) => {
      this.child.on('message', (report: ReaderReport) => {
        this.last = report;
        if (report.isDone) resolve(report);
      });
      this.child.once('exit', (code) => reject(new Error(`the reader ended with ${code}`)));
    });
    // Met by whoever stops it.
    this.done.catch(() => undefined);
  }

  /** Undefined until it reads. */
  get seen(): number | undefined {
    return this.last?.seen;
  }

  async stop(): Promise<ReaderReport> {
    if (this.child.connected) this.child.send('stop');
    const report = await this.done;
    this.child.disconnect();
    return report;
  }
}
