// The parts of a running service in the order in which they start, and in the other order in which they stop.
import { join } from 'node:path';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { lockDataDirectory } from '@sallyport/adapter-sqlite';
import { Clock, ViewStore } from '@sallyport/engine';
import { RulesDesk, RuleThread } from '@sallyport/feature-anomaly';
import { AdminModule, newCredential, removeAdminFile, writeAdminFile } from '@sallyport/feature-admin';
import {
  developmentKey,
  HttpMetrics,
  MovableClock,
  openSocket,
  RequestGate,
  startHttpApplication,
  SystemClock,
  SystemIds,
  TrustedProxies,
} from '@sallyport/feature-operations';
import type { HttpApplicationParts, HttpSocket, ServiceLog } from '@sallyport/feature-operations';
import { EventStreams, OperatorHistory, ViewProgress } from '@sallyport/feature-sessions';
import { KeyRing } from '@sallyport/tokens';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { Config } from './config.js';
import { StandaloneModule } from './standalone.module.js';

/** How long a stop waits for requests that were accepted. */
const drainMs = 10_000;
const adminInFlight = 16;

export interface Service {
  /** What a person at a terminal wants to know. */
  readonly banner: string;
  /** Resolves when everything is closed: true if every accepted request was answered. */
  stop(): Promise<boolean>;
}

/**
 * Takes the data directory, then the ports, so that the issuer is known, then starts the two applications.
 * Rejects with `SqliteFileError`, `TokenError`, or what the system said.
 */
export async function startService(config: Config, log: ServiceLog): Promise<Service> {
  const { dataDir, http } = config;
  const lock = lockDataDirectory(dataDir);
  const socket = await openSocket(http);
  const adminSocket = await openSocket({ host: '127.0.0.1', port: 0 });
  const ids = new SystemIds();
  const made = config.masterKey === undefined ? developmentKey(join(dataDir, 'master.key'), ids) : undefined;
  const master = config.masterKey ?? made?.key;
  if (master === undefined) throw new Error('no master key');
  const issuer = config.identity.issuer ?? `http://${hostOf(http.host)}:${socket.port}`;
  const clock = config.tests.clock ? new MovableClock(join(dataDir, 'test-clock.json')) : new SystemClock();
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const main = StandaloneModule.of({ config, issuer, master, clock, ids, registry });
  const app = await startHttpApplication(main, around(socket, { config, issuer, log, registry }));
  const credential = newCredential();
  const admin = await startAdmin(app, { socket: adminSocket, log, credential, tests: config.tests });
  const address = `http://127.0.0.1:${adminSocket.port}`;
  writeAdminFile(dataDir, { pid: process.pid, issuer, address, credential });
  log.log({ msg: 'serving', issuer, dataDir, port: socket.port });
  return {
    banner: banner(config, { issuer, keyFile: made?.file }),
    stop: async () => {
      removeAdminFile(dataDir, process.pid);
      app.get(EventStreams, { strict: false }).stop();
      const [answered] = await Promise.all([socket.stop(drainMs), adminSocket.stop(drainMs)]);
      await admin.close();
      await app.close();
      lock.release();
      return answered;
    },
  };
}

interface Around {
  readonly config: Config;
  readonly issuer: string;
  readonly log: ServiceLog;
  readonly registry: Registry;
}

function around(socket: HttpSocket, { config, issuer, log, registry }: Around): HttpApplicationParts {
  const gate = new RequestGate(config.http.maxInFlight);
  return {
    socket,
    log,
    gate,
    metrics: new HttpMetrics(registry, () => gate.inFlight),
    proxies: new TrustedProxies(config.http.trustedProxies),
    https: issuer.startsWith('https:'),
    stopping: () => socket.stopping,
  };
}

interface AdminAround {
  readonly socket: HttpSocket;
  readonly log: ServiceLog;
  readonly credential: string;
  readonly tests: Config['tests'];
}

/** The operators' listener: the same buses, stores and keys, a credential of this run, counts of its own. */
async function startAdmin(
  app: NestFastifyApplication,
  { socket, log, credential, tests }: AdminAround,
): Promise<NestFastifyApplication> {
  const clock = app.get(Clock);
  const thread = app.get(RuleThread, { strict: false });
  const module = AdminModule.on({
    credential,
    clock,
    commands: app.get(CommandBus),
    queries: app.get(QueryBus),
    views: app.get(ViewStore),
    ring: app.get(KeyRing),
    mover: { advance: (milliseconds) => advance(clock, milliseconds) },
    bus: tests.bus ? { write: (event) => thread.order({ kind: 'inject', event }) } : undefined,
    history: app.get(OperatorHistory, { strict: false }),
    rules: app.get(RulesDesk, { strict: false }),
    shown: app.get(ViewProgress),
  });
  const gate = new RequestGate(adminInFlight);
  return startHttpApplication(module, {
    socket,
    log,
    gate,
    metrics: new HttpMetrics(new Registry(), () => gate.inFlight),
    proxies: new TrustedProxies([]),
    https: false,
    stopping: () => socket.stopping,
  });
}

function advance(clock: Clock, milliseconds: number): number | undefined {
  if (!(clock instanceof MovableClock)) return undefined;
  clock.advance(milliseconds);
  return clock.now();
}

interface BannerFacts {
  readonly issuer: string;
  /** The master key that was made beside the data. */
  readonly keyFile: string | undefined;
}

function banner({ dataDir, identity, tests }: Config, { issuer, keyFile }: BannerFacts): string {
  const inDefault = dataDir === join(process.cwd(), '.sallyport');
  const where = inDefault ? '' : ` --data-dir ${dataDir}`;
  const open = `npm run -s admin -- account open --email you@example.org --password-stdin${where}`;
  const unsafe = tests.synchronous !== 'FULL';
  const lines = [
    `Sallyport serves ${issuer}`,
    `  data        ${dataDir}`,
    ...(keyFile === undefined ? [] : [`  master key  ${keyFile} (made by itself: for development only)`]),
    ...(tests.clock ? ['  clock       can be moved: for tests only'] : []),
    ...(tests.bus ? ['  bus         takes events from the operators: for tests only'] : []),
    ...(unsafe ? [`  WARNING     synchronous=${tests.synchronous}: a power failure loses answers`] : []),
    '',
    'Try next, in another terminal:',
    `  curl ${issuer}/.well-known/oauth-authorization-server`,
    `  echo 'correct horse battery staple' | ${open}`,
    ...(identity.signUp ? [`or open ${issuer}/sign-up in a browser`] : []),
  ];
  return `${lines.join('\n')}\n`;
}

function hostOf(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
