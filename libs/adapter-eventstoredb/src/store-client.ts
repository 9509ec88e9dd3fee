// One client of the driver, with what it keeps to itself: an end that closes its connection, and users.
import { convertToCommandError, EventStoreDBClient, type BaseOptions } from '@eventstore/db-client';
import usersGrpc from '@eventstore/db-client/generated/users_grpc_pb.js';
import type { UsersClient } from '@eventstore/db-client/generated/users_grpc_pb.js';
import users from '@eventstore/db-client/generated/users_pb.js';
import type { StoreAddress } from './address.js';

/** The driver answers within own deadlines only where a call is given one; this bounds the rest. */
const defaultDeadlineMs = 10_000;
/** The state of a connection that was closed, as gRPC numbers them. */
const shutDown = 4;

/** A user of the store itself; in no group. */
export interface StoreUser {
  readonly name: string;
  readonly fullName: string;
  readonly password: string;
}

export class StoreClient extends EventStoreDBClient {
  private channel: { close(): void } | undefined;
  private closed = false;

  static to(address: StoreAddress): StoreClient {
    const client = StoreClient.make(address);
    client.watchChannel();
    client.guardCalls();
    return client;
  }

  private static make(address: StoreAddress): StoreClient {
    const [first] = address.hosts;
    if (first === undefined) throw new RangeError('an address needs a host');
    const shared = {
      defaultDeadline: defaultDeadlineMs,
      throwOnAppendFailure: true,
      connectionName: address.connectionName ?? 'sallyport',
      ...given('keepAliveInterval', address.keepAliveIntervalMs),
      ...given('keepAliveTimeout', address.keepAliveTimeoutMs),
    };
    const discovery = {
      nodePreference: 'leader' as const,
      ...given('discoveryInterval', address.discoveryIntervalMs),
      ...given('maxDiscoverAttempts', address.maxDiscoverAttempts),
      ...given('gossipTimeout', address.gossipTimeoutSeconds),
    };
    const channel = {
      insecure: !address.tls,
      ...given('rootCertificate', address.rootCertificate),
      ...given('userCertFile', address.userCertificate),
      ...given('userKeyFile', address.userKey),
    };
    if (address.hosts.length > 1) {
      const endpoints = address.hosts.map((host) => ({ ...host }));
      return new StoreClient({ ...shared, ...discovery, endpoints }, channel);
    }
    if (address.discover) return new StoreClient({ ...shared, ...discovery, discover: first }, channel);
    return new StoreClient({ ...shared, endpoint: first }, channel);
  }

  /** Cancels what is under way and closes the connection, which `dispose` of the driver leaves open. */
  async close(): Promise<void> {
    this.closed = true;
    const disposed = this.dispose();
    this.channel?.close();
    await disposed;
  }

  /** Rejects with the driver's `user-conflict` when there is one of that name. */
  createUser(user: StoreUser, options: BaseOptions): Promise<void> {
    const asked = new users.CreateReq.Options()
      .setLoginName(user.name)
      .setFullName(user.fullName)
      .setPassword(user.password)
      .setGroupsList([]);
    const request = new users.CreateReq().setOptions(asked);
    return this.ofUsers((client, answer) => client.create(request, ...this.callArguments(options), answer));
  }

  resetPassword({ name, password }: StoreUser, options: BaseOptions): Promise<void> {
    const asked = new users.ResetPasswordReq.Options().setLoginName(name).setNewPassword(password);
    const request = new users.ResetPasswordReq().setOptions(asked);
    return this.ofUsers((client, answer) =>
      client.resetPassword(request, ...this.callArguments(options), answer),
    );
  }

  private ofUsers(
    call: (client: UsersClient, answer: (error: Error | null) => void) => unknown,
  ): Promise<void> {
    const { UsersClient: Service } = usersGrpc;
    return this.execute(Service, 'users', (client) => {
      return new Promise((resolve, reject) => {
        call(client, (error) => (error === null ? resolve() : reject(convertToCommandError(error))));
      });
    });
  }

  /**
   * When a call breaks, the driver closes the connection under calls that are about to begin; an append would
   * then throw where nobody catches it, and so would its look at a connection that could not be made. Either
   * ends the process.
   */
  private guardCalls(): void {
    const { execute, handleError } = this;
    this.execute = (service, name, action) =>
      execute(service, name, (client) => {
        const isShut = client.getChannel().getConnectivityState(false) === shutDown;
        return isShut ? Promise.reject(new Error('Channel has been shut down')) : action(client);
      });
    this.handleError = (client, error) => handleError(client, error).catch(() => undefined);
  }

  /**
   * The latest connection the driver made; asking the driver for it would make one. When several calls break
   * at once, the driver forgets a connection that it has just made: so the one before is closed here.
   */
  private watchChannel(): void {
    const make = this.getChannel;
    this.getChannel = async () => {
      const channel = await make();
      if (this.channel !== channel) this.channel?.close();
      this.channel = channel;
      if (this.closed) channel.close();
      return channel;
    };
  }
}

function given<K extends string, V>(name: K, value: V | undefined): { [key in K]?: V } {
  return value === undefined ? {} : ({ [name]: value } as { [key in K]: V });
}
