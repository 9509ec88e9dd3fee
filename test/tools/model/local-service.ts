// The service below HTTP, in this process: the real handlers on real stores, with a clock the caller moves.
import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { INestApplicationContext } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Registry } from 'prom-client';
import { GeoFiles } from '@sallyport/adapter-geoip';
import { SqliteEventStore, SqliteSecretStore } from '@sallyport/adapter-sqlite';
import type { Client } from '@sallyport/core-session';
import { AttemptLimits, Clock, EventStore, GeoLookup, Ids } from '@sallyport/engine';
import { MemoryAttemptLimits, PasswordHasher, SecretStore } from '@sallyport/engine';
import {
  AuthorizationCodes,
  ClientRegistry,
  LedgerModule,
  RequestProofs,
  ServiceSettings,
} from '@sallyport/feature-ledger';
import type { RequestOrigin } from '@sallyport/feature-ledger';
import { SystemIds } from '@sallyport/feature-operations';
import { Credentials, DayTags, KeyRing, PersonalKeys } from '@sallyport/tokens';
import { newMasterKeyText, parseMasterKey } from '@sallyport/tokens';

export const issuer = 'http://127.0.0.1:3000';
export const tokenUrl = `${issuer}/token`;

/** The shipped data, read once for all the services of a history. */
const { geo } = GeoFiles.open();

/** A clock that stands still until it is moved. Milliseconds. */
export class MovableClock extends Clock {
  constructor(private nowMs = Date.parse('2026-01-05T08:00:00.000Z')) {
    super();
  }

  now(): number {
    return this.nowMs;
  }

  advance(ms: number): void {
    this.nowMs += ms;
  }
}

/** Stands where hashing would cost the time of thousands of sign-ins: plain text in, plain text out. */
class CheapPasswords extends PasswordHasher {
  async hash(password: string): Promise<string> {
    return `cheap:${password}`;
  }

  async verify(hash: string, password: string): Promise<boolean> {
    await new Promise((resolve) => setImmediate(resolve));
    return hash === `cheap:${password}`;
  }

  verifyAgainstNothing(): Promise<false> {
    return Promise.resolve(false);
  }
}

/** What a service stands on but for its ledger. */
export interface ServiceGround {
  readonly clock: Clock;
  readonly secrets: SecretStore;
  readonly masterKeyText: string;
  readonly clients: readonly Client[];
}

/** What outlives a restart: the files, the clock, the master key. */
export interface Ground extends ServiceGround {
  readonly directory: string;
  readonly clock: MovableClock;
  readonly store: SqliteEventStore;
  readonly secrets: SqliteSecretStore;
}

const day = 86_400;

/** Clients as the development file has them; `change` for what a test is about. */
export function exampleClients(change: Partial<Client> = {}): Client[] {
  const shared: Omit<Client, 'clientId' | 'keyBound'> = {
    name: 'Example',
    redirectUris: ['http://127.0.0.1/callback'],
    scopes: ['offline_access', 'profile'],
    idleSeconds: 30 * day,
    absoluteSeconds: 365 * day,
    graceSeconds: 0,
    accessTokenSeconds: 300,
    wrongKeyEndsSession: false,
    staleTokenEndsSession: false,
    requireDpopJkt: false,
    serverSide: false,
    revocationNeedsProof: false,
    ...change,
  };
  return [
    { ...shared, clientId: 'demo-phone', keyBound: true },
    { ...shared, clientId: 'demo-bearer', keyBound: false },
  ];
}

/** Opens the stores in a directory. `synchronous` OFF where durability is not what is tested. */
export function openGround(
  directory: string,
  options: { readonly synchronous?: 'FULL' | 'OFF'; readonly clients?: readonly Client[] } = {},
): Ground {
  const clock = new MovableClock();
  return {
    directory,
    clock,
    store: SqliteEventStore.open({
      file: join(directory, 'ledger.sqlite'),
      clock,
      synchronous: options.synchronous,
    }),
    secrets: SqliteSecretStore.open(join(directory, 'vault.sqlite')),
    masterKeyText: newMasterKeyText(new SystemIds()),
    clients: options.clients ?? exampleClients(),
  };
}

/** One process of the service: everything in memory goes with it, the ground stays. */
export class LocalService {
  private constructor(
    private readonly app: INestApplicationContext,
    readonly ground: ServiceGround,
    readonly ring: KeyRing,
  ) {}

  /** `store` in place of the ground's own, for doubles that fail; `limits` where processes share them. */
  static start(
    ground: Ground,
    store: EventStore = ground.store,
    limits?: AttemptLimits,
  ): Promise<LocalService> {
    return LocalService.on(ground, store, limits);
  }

  /** On any event store. */
  static async on(
    ground: ServiceGround,
    store: EventStore,
    limits: AttemptLimits = new MemoryAttemptLimits(ground.clock),
  ): Promise<LocalService> {
    const ids = new SystemIds();
    const master = parseMasterKey(ground.masterKeyText);
    const ring = new KeyRing({ store: ground.secrets, master, ids, clock: ground.clock, issuer });
    await ring.load();
    const settings: ServiceSettings = {
      issuer,
      audience: issuer,
      freshSeconds: 300,
      signUpEnabled: true,
      development: true,
    };
    const values: [unknown, unknown][] = [
      [EventStore, store],
      [SecretStore, ground.secrets],
      [Clock, ground.clock],
      [Ids, ids],
      [KeyRing, ring],
      [DayTags, new DayTags({ store: ground.secrets, master, ids, clock: ground.clock })],
      [GeoLookup, geo],
      [PersonalKeys, new PersonalKeys({ store: ground.secrets, master, ids })],
      [Credentials, new Credentials(master, ids)],
      [AttemptLimits, limits],
      [PasswordHasher, new CheapPasswords()],
      [ClientRegistry, new ClientRegistry(ground.clients)],
      [ServiceSettings, settings],
      [Registry, new Registry()],
    ];
    const providers = values.map(([provide, useValue]) => ({ provide: provide as never, useValue }));
    class Ports {}
    Module({})(Ports);
    const ports = {
      module: Ports,
      global: true,
      providers,
      exports: providers.map(({ provide }) => provide),
    };
    const root = { module: class Root {}, imports: [ports, LedgerModule] };
    const app = await NestFactory.createApplicationContext(root, {
      logger: ['error', 'warn'],
      abortOnError: false,
    });
    return new LocalService(app, ground, ring);
  }

  get commands(): CommandBus {
    return this.app.get(CommandBus);
  }

  get queries(): QueryBus {
    return this.app.get(QueryBus);
  }

  get codes(): AuthorizationCodes {
    return this.app.get(AuthorizationCodes);
  }

  /** A nonce as the latest answer carried it. */
  nonce(floorMs?: number): string {
    return this.app.get(RequestProofs).freshNonce(floorMs);
  }

  /** The account's, as it is stored, wrapped. */
  personalKey(accountId: string): Promise<Uint8Array | undefined> {
    return this.ground.secrets.get('personal', accountId);
  }

  /** Moves a clock that stands still on by a millisecond. */
  tick(): void {
    if (this.ground.clock instanceof MovableClock) this.ground.clock.advance(1);
  }

  /** Stops as SIGTERM does. */
  stop(): Promise<void> {
    return this.app.close();
  }
}

export function origin(ip = '127.0.0.1'): RequestOrigin {
  return { ip, userAgent: 'model', correlationId: randomUUID() };
}
