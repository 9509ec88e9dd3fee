// The life of a service's process: it ends on a signal when all is answered, and at once when it crashed.
import type { ServiceLog } from './logging.js';

/** sysexits.h: the configuration is wrong. */
const exitConfig = 78;
/** Longer than any part of a stop may take; then something hangs. */
const stopMs = 25_000;

/** Tells all mistakes of the configuration in one message and ends the process. */
export function endForMistakes(mistakes: readonly string[]): never {
  const lines = mistakes.map((mistake) => `  - ${mistake}\n`);
  process.stderr.write(`Sallyport cannot start. What is wrong with its configuration:\n${lines.join('')}`);
  process.exit(exitConfig);
}

export class ProcessLife {
  private stopping = false;

  /** Begins to watch: what nobody catches ends the process. */
  constructor(private readonly log: ServiceLog) {
    process.on('unhandledRejection', (error) => {
      this.crash('a promise was rejected and nobody looked', error);
    });
    process.on('uncaughtException', (error) => this.crash('an error was thrown and nobody caught it', error));
  }

  /** The first signal lets accepted requests be answered (`stop` says if all were), the second does not. */
  stopOnSignals(stop: () => Promise<boolean>): void {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (this.stopping) this.end(1, `${signal} again: stopping without waiting`);
      this.stopping = true;
      this.log.log({ msg: 'stopping', signal });
      setTimeout(() => this.end(1, 'the stop took too long'), stopMs).unref();
      stop().then(
        (answered) => this.end(0, answered ? 'stopped' : 'stopped; some requests were cut off'),
        (error: unknown) => this.crash('the stop failed', error),
      );
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  }

  /** A start that failed, with words for whoever asked for it. */
  endForFailedStart(reason: string): never {
    this.log.close();
    process.stderr.write(`Sallyport cannot start: ${reason}\n`);
    process.exit(1);
  }

  private end(code: number, message: string): never {
    this.log.log(message);
    this.log.close();
    process.exit(code);
  }

  /** What the process knows may be wrong now; the store is safe at every instant, so it ends at once. */
  private crash(message: string, error: unknown): never {
    this.log.fatal({ msg: message, error });
    this.log.close();
    process.exit(1);
  }
}
