// The process of a worker: listens for those who watch it, waits for what it works on, works until it is told
// to stop.
import { Module, type DynamicModule } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { HttpMetrics } from './http-metrics.js';
import { openSocket, type HttpSocket } from './http-server.js';
import { startHttpApplication } from './http-application.js';
import type { ServiceLog } from './logging.js';
import { OperationsModule } from './operations.module.js';
import { Readiness, type ReadinessCheck } from './readiness.js';
import { RequestGate } from './request-gate.js';
import { TrustedProxies } from './trusted-proxies.js';
import { startingListener, untilReached } from './until-reached.js';
import type { WorkerConfig } from './worker-config.js';

/** What a worker does once all is there that it needs. */
export interface Work {
  readonly checks: readonly ReadinessCheck[];
  /** Until the signal aborts; then it ends what it has in hand. */
  run(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface WorkerParts {
  readonly name: string;
  readonly config: WorkerConfig;
  readonly log: ServiceLog;
  /** Rejects with an `EngineError` while something is away: then nothing is open, and it is tried again. */
  open(registry: Registry): Promise<Work>;
}

const drainMs = 2_000;
const inFlight = 16;

@Module({})
class WorkerModule {}

export class WorkerService {
  private readonly registry = new Registry();
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private lacks = 'starting';

  private constructor(
    private readonly parts: WorkerParts,
    private readonly socket: HttpSocket,
  ) {
    collectDefaultMetrics({ register: this.registry });
    socket.serve(startingListener(() => this.lacks));
  }

  /** Takes the port. Rejects with what the system said. */
  static async listen(parts: WorkerParts): Promise<WorkerService> {
    return new WorkerService(parts, await openSocket(parts.config.http));
  }

  get banner(): string {
    return `Sallyport ${this.parts.name}\n  port        ${this.socket.port}\n`;
  }

  /** Resolves after a stop. Rejects with what no wait would mend. */
  run(): Promise<void> {
    this.running = this.work();
    return this.running;
  }

  /** Ends the work, then what watches it. */
  async stop(): Promise<boolean> {
    this.stopping.abort();
    await this.running.catch(() => undefined);
    return this.socket.stop(drainMs);
  }

  private async work(): Promise<void> {
    const { log, open } = this.parts;
    const { signal } = this.stopping;
    const failed = (error: Error, retryInMs: number): void => {
      this.lacks = `waits: ${error.message}`;
      log.warn({ msg: 'waiting for what is away', error, retryInMs });
    };
    const opened = untilReached(() => open(this.registry), { signal, failed });
    const work = await opened.catch((error: unknown) => {
      if (signal.aborted) return undefined;
      throw error;
    });
    if (work === undefined) return;
    const app = await this.watched(work);
    log.log({ msg: 'working', name: this.parts.name, port: this.socket.port });
    try {
      await work.run(signal);
    } finally {
      await app.close();
      await work.close();
    }
  }

  private watched(work: Work): Promise<NestFastifyApplication> {
    const { registry, socket } = this;
    const providers = [
      { provide: Registry, useFactory: () => registry },
      { provide: Readiness, useFactory: () => new Readiness(work.checks) },
    ];
    const shared: DynamicModule = {
      module: WorkerModule,
      global: true,
      providers,
      exports: providers.map(({ provide }) => provide),
      imports: [OperationsModule],
    };
    const gate = new RequestGate(inFlight);
    return startHttpApplication(shared, {
      socket,
      log: this.parts.log,
      gate,
      metrics: new HttpMetrics(registry, () => gate.inFlight),
      proxies: new TrustedProxies([]),
      https: false,
      stopping: () => socket.stopping,
    });
  }
}
