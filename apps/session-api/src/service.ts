// One replica from its ports to its stop: listens first, waits for the stores, then serves.
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Clock, ViewStore } from '@sallyport/engine';
import { AdminModule, readOrMakeCredential } from '@sallyport/feature-admin';
import { RulesDesk } from '@sallyport/feature-anomaly';
import {
  HttpMetrics,
  MovableClock,
  openSocket,
  RequestGate,
  startHttpApplication,
  startingListener,
  SystemClock,
  SystemIds,
  TrustedProxies,
  untilReached,
} from '@sallyport/feature-operations';
import type { HttpSocket, ServiceLog } from '@sallyport/feature-operations';
import { EventStreams, OperatorHistory, ViewProgress } from '@sallyport/feature-sessions';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Config } from './config.js';
import { SessionApiModule } from './session-api.module.js';
import { closeShared, keepRingRead, openShared, type SharedParts } from './stores.js';

/** How long a stop waits for requests that were accepted. */
const drainMs = 10_000;
const adminInFlight = 16;

interface Sockets {
  /** Of the operators. */
  readonly credential: string;
  readonly main: HttpSocket;
  readonly admin: HttpSocket;
}

export class SessionApi {
  private readonly clock: Clock;
  private readonly ids = new SystemIds();
  private readonly registry = new Registry();
  private readonly stopping = new AbortController();
  private shared: SharedParts | undefined;
  private apps: NestFastifyApplication[] = [];
  private started: Promise<void> = Promise.resolve();
  private lacks = 'starting';

  private constructor(
    private readonly config: Config,
    private readonly log: ServiceLog,
    private readonly sockets: Sockets,
  ) {
    const { testClockFile: file } = config;
    this.clock = file === undefined ? new SystemClock() : new MovableClock(file, { isShared: true });
    collectDefaultMetrics({ register: this.registry });
    for (const socket of [sockets.main, sockets.admin]) socket.serve(startingListener(() => this.lacks));
  }

  /** Takes the ports and the credential. Rejects with what the system said. */
  static async listen(config: Config, log: ServiceLog): Promise<SessionApi> {
    const { http, admin } = config;
    const credential = readOrMakeCredential(admin.credentialFile);
    const main = await openSocket(http);
    const operators = await openSocket({ host: '127.0.0.1', port: admin.port });
    return new SessionApi(config, log, { main, admin: operators, credential });
  }

  /** What a person at a terminal wants to know. */
  get banner(): string {
    const { main, admin } = this.sockets;
    const lines = [
      `Sallyport session-api for ${this.config.issuer}`,
      `  port        ${main.port}`,
      `  operators   http://127.0.0.1:${admin.port}, credential in ${this.config.admin.credentialFile}`,
    ];
    return `${lines.join('\n')}\n`;
  }

  /** Waits for the stores and serves. Rejects with what no wait would mend. */
  start(): Promise<void> {
    this.started = this.serve();
    return this.started;
  }

  /** Lets accepted requests be answered, and closes everything: true if all of them were. */
  async stop(): Promise<boolean> {
    this.stopping.abort();
    await this.started.catch(() => undefined);
    const [app] = this.apps;
    app?.get(EventStreams, { strict: false }).stop();
    const { main, admin } = this.sockets;
    const [answered] = await Promise.all([main.stop(drainMs), admin.stop(drainMs)]);
    for (const one of this.apps.toReversed()) await one.close();
    if (this.shared !== undefined) await closeShared(this.shared);
    return answered;
  }

  private async serve(): Promise<void> {
    const { config, clock, ids, log, registry } = this;
    const { signal } = this.stopping;
    const failed = (error: Error, retryInMs: number): void => {
      this.lacks = `waits for the stores: ${error.message}`;
      log.warn({ msg: 'waiting for the stores', error, retryInMs });
    };
    const shared = await untilReached(() => openShared({ config, clock, ids }), { signal, failed }).catch(
      (error: unknown) => {
        if (signal.aborted) return undefined;
        throw error;
      },
    );
    if (shared === undefined) return;
    this.shared = shared;
    keepRingRead(shared.ring, { log, registry, signal });
    const main = SessionApiModule.of({ config, shared, clock, ids, registry });
    const app = await startHttpApplication(main, this.around(this.sockets.main));
    this.apps = [app, await this.startAdmin(app, shared)];
    log.log({ msg: 'serving', issuer: config.issuer, port: this.sockets.main.port });
  }

  private around(socket: HttpSocket) {
    const { config, log, registry } = this;
    const gate = new RequestGate(config.http.maxInFlight);
    return {
      socket,
      log,
      gate,
      metrics: new HttpMetrics(registry, () => gate.inFlight),
      proxies: new TrustedProxies(config.http.trustedProxies),
      https: config.issuer.startsWith('https:'),
      stopping: () => socket.stopping,
    };
  }

  /** The operators' listener: the same buses, stores and keys, counts of its own. */
  private startAdmin(app: NestFastifyApplication, { ring }: SharedParts): Promise<NestFastifyApplication> {
    const module = AdminModule.on({
      credential: this.sockets.credential,
      clock: this.clock,
      commands: app.get(CommandBus),
      queries: app.get(QueryBus),
      views: app.get(ViewStore),
      ring,
      mover: { advance: (milliseconds) => advance(this.clock, milliseconds) },
      history: app.get(OperatorHistory, { strict: false }),
      rules: app.get(RulesDesk, { strict: false }),
      shown: app.get(ViewProgress),
      bus: undefined,
    });
    const { admin: socket } = this.sockets;
    const gate = new RequestGate(adminInFlight);
    return startHttpApplication(module, {
      socket,
      log: this.log,
      gate,
      metrics: new HttpMetrics(new Registry(), () => gate.inFlight),
      proxies: new TrustedProxies([]),
      https: false,
      stopping: () => socket.stopping,
    });
  }
}

/** Undefined for a clock that nobody can move. */
function advance(clock: Clock, milliseconds: number): number | undefined {
  if (!(clock instanceof MovableClock)) return undefined;
  clock.advance(milliseconds);
  return clock.now();
}
