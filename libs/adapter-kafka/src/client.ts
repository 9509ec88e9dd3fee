// How clients of the cluster are made, and how their logs are passed on.
import { connect, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Kafka, logLevel } from 'kafkajs';
import type { ISocketFactory, KafkaConfig, LogEntry, logCreator } from 'kafkajs';

export interface KafkaSettings {
  /** `host:port`, several separated by commas. */
  readonly brokers: string;
  /** Shown in the broker's logs. */
  readonly clientId: string;
  /** SASL user and password, PLAIN unless said otherwise. */
  readonly sasl?: {
    readonly mechanism?: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** TLS: true, or what `node:tls` takes. */
  readonly ssl?: KafkaConfig['ssl'];
  /** Told what the client has to say. */
  readonly log?: ClientLog;
}

export type ClientLogLevel = 'error' | 'warn' | 'info' | 'debug';
export type ClientLog = (level: ClientLogLevel, message: string, about: Record<string, unknown>) => void;

/**
 * For a producer of transactions. The next transaction meets CONCURRENT_TRANSACTIONS for some milliseconds
 * after each commit; with the client's own pause of 300 ms a transaction would take 170 ms.
 */
export const transactionRetry = {
  initialRetryTime: 2,
  factor: 0.2,
  multiplier: 1.2,
  maxRetryTime: 1_000,
  retries: 200,
};
export const patientRetry = {
  initialRetryTime: 100,
  factor: 0.2,
  multiplier: 2,
  maxRetryTime: 2_000,
  retries: 5,
};

/** A client of the cluster, with every time-out set. */
export function makeClient(settings: KafkaSettings, retry: KafkaConfig['retry']): Kafka {
  const { brokers, clientId, sasl, ssl } = settings;
  return new Kafka({
    clientId,
    brokers: brokers.split(',').map((broker) => broker.trim()),
    connectionTimeout: 10_000,
    authenticationTimeout: 10_000,
    requestTimeout: 15_000,
    enforceRequestTimeout: true,
    retry,
    socketFactory: openSocket,
    logLevel: logLevel.INFO,
    logCreator: logsTo(settings.log),
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl: saslOf(sasl) }),
  });
}

const keepAliveMs = 60_000;

/**
 * As the client opens them, but what is written leaves at once. The client leaves the end of a large request
 * waiting for the broker's acknowledgement of its beginning (Nagle), and the broker's system waits 40 ms with
 * that for something to send it with.
 */
const openSocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const name = isIP(host) === 0 ? { servername: host } : {};
  // Not undefined but null or false without TLS, whatever its type says.
  const socket = ssl
    ? connectTls({ host, port, ...name, ...ssl }, onConnect)
    : connect({ host, port }, onConnect);
  return socket.setKeepAlive(true, keepAliveMs).setNoDelay(true);
};

function saslOf({ mechanism = 'plain', username, password }: NonNullable<KafkaSettings['sasl']>) {
  return { mechanism, username, password } as NonNullable<KafkaConfig['sasl']>;
}

/** What each commit is followed by, which the client calls an error. */
const expected = /concurrent operation on the same transaction|CONCURRENT_TRANSACTIONS/i;

/** A log creator for the client: passes on texts only, and what is expected as `debug`. */
export function logsTo(log: ClientLog = () => undefined): logCreator {
  return () =>
    ({ level, namespace, log: entry }: LogEntry) => {
      const { message, timestamp: _timestamp, logger: _logger, ...rest } = entry;
      const said = { ...rest, namespace };
      const isExpected = expected.test(message) || expected.test(String(rest['error']));
      log(isExpected ? 'debug' : levelName(level), message, said);
    };
}

function levelName(level: number): ClientLogLevel {
  if (level >= logLevel.DEBUG) return 'debug';
  if (level >= logLevel.INFO) return 'info';
  return level >= logLevel.WARN ? 'warn' : 'error';
}
