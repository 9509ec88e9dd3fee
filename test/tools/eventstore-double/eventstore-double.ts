// A double of EventStoreDB for tests: speaks its protocol to the real client, over any event store given.
import { setTimeout as sleep } from 'node:timers/promises';
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import type { ServerDuplexStream, ServerReadableStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { EventStore, Feed } from '@sallyport/engine';
import { freePort } from '../../engines/processes.js';
import { append, batchAppend, tombstone } from './append-service.js';
import type { TestCertificate } from '../own-certificate.js';
import { Faults } from './faults.js';
import { gossipOf, serverFeatures, userService, type User } from './other-services.js';
import { read } from './read-service.js';
import { Seen, type Serving } from './serving.js';
import { GossipService, ServerFeaturesService, StreamsService, UsersService } from './stubs.js';
import type { AppendReq, AppendResp, BatchAppendReq, BatchAppendResp } from './stubs.js';
import type { ReadReq, ReadResp, TombstoneReq, TombstoneResp } from './stubs.js';
import { WireLog, type WireEvent, type WireOutcome } from './wire-log.js';

export interface DoubleOptions {
  /** What it keeps its events in. */
  readonly store: EventStore;
  readonly feed: Feed;
  /** Default 0: a free one. Loopback only. */
  readonly port?: number;
  /** Encrypts connections; then credentials reach it. */
  readonly certificate?: TestCertificate;
  /** Who alone is answered, as `user:password`; everybody by default. */
  readonly onlyFor?: string;
}

const host = '127.0.0.1';

/** Not EventStoreDB: no cluster, no scavenging, no users that are checked; everything is the leader's. */
export class EventStoreDouble {
  readonly faults = new Faults();
  readonly seen = new Seen();
  readonly users = new Map<string, User>();
  readonly log: WireLog;
  /** Whom gossip names as the leader; by default itself. */
  leader: { host: string; port: number } | undefined;
  private server = new Server();
  private down: Promise<void> | undefined;
  private stopped = false;

  private constructor(
    private readonly options: DoubleOptions,
    private boundPort: number,
  ) {
    this.log = new WireLog(options.store, options.feed);
  }

  static async start(options: DoubleOptions): Promise<EventStoreDouble> {
    const double = new EventStoreDouble(options, options.port ?? (await freePort()));
    await double.listen();
    return double;
  }

  get port(): number {
    return this.boundPort;
  }

  /** Connections of clients that are open now. */
  get connections(): number {
    // The server keeps them to itself.
    return (this.server as unknown as { readonly sessions: ReadonlyMap<unknown, unknown> }).sessions.size;
  }

  /** For the real client, when connections are not encrypted: without credentials then. */
  get url(): string {
    return `esdb://${host}:${this.boundPort}?tls=false`;
  }

  /** Appends without a call, as if one had come. */
  inject(stream: string, expected: number, events: readonly WireEvent[]): Promise<WireOutcome> {
    return this.log.append(stream, expected, events);
  }

  /** Cuts every call and connection, is away for a while, and comes back at the same address. */
  restart(downMs: number): Promise<void> {
    this.down ??= this.beDown(downMs).finally(() => {
      this.down = undefined;
    });
    return this.down;
  }

  /** Cuts every call and connection for good. The store stays open. */
  async stop(): Promise<void> {
    this.stopped = true;
    this.server.forceShutdown();
    await this.down;
  }

  private async beDown(ms: number): Promise<void> {
    this.server.forceShutdown();
    await sleep(ms);
    if (this.stopped) return;
    this.server = new Server();
    await this.listen();
  }

  private async listen(): Promise<void> {
    const { server, faults, log, seen } = this;
    const restart = (downMs: number) => void this.restart(downMs);
    const { onlyFor } = this.options;
    const serving: Serving = { faults, log, seen, restart, onlyFor };
    server.addService(StreamsService as never, this.streamsService(serving));
    server.addService(ServerFeaturesService as never, serverFeatures());
    server.addService(
      GossipService as never,
      gossipOf(() => this.leader ?? { host, port: this.boundPort }, serving),
    );
    server.addService(UsersService as never, userService(this.users, serving));
    this.boundPort = await bind(server, this.boundPort, this.options.certificate);
  }

  private streamsService(serving: Serving): UntypedServiceImplementation {
    type Removal = ServerUnaryCall<TombstoneReq, TombstoneResp>;
    const remove = (call: Removal, answer: sendUnaryData<TombstoneResp>) => tombstone(call, answer, serving);
    return {
      append: (call: ServerReadableStream<AppendReq, AppendResp>, answer: sendUnaryData<AppendResp>) =>
        append(call, answer, serving),
      batchAppend: (call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>) => batchAppend(call, serving),
      read: (call: ServerWritableStream<ReadReq, ReadResp>) => {
        void this.counted(call, () => read(call, serving));
      },
      delete: remove,
      tombstone: remove,
    };
  }

  private async counted(call: { on(name: string, done: () => void): void }, run: () => Promise<void>) {
    this.seen.open += 1;
    let closed = false;
    const done = () => {
      if (!closed) this.seen.open -= 1;
      closed = true;
    };
    for (const name of ['finish', 'cancelled', 'error', 'close']) call.on(name, done);
    await run();
  }
}

function bind(server: Server, port: number, certificate: TestCertificate | undefined): Promise<number> {
  const credentials =
    certificate === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(certificate.certificate), private_key: Buffer.from(certificate.key) },
        ]);
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, credentials, (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}
