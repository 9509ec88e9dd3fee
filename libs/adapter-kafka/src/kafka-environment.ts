// The settings that say where the cluster is and who connects: name, default in words, meaning; and how they
// are read.
import { readFileSync } from 'node:fs';
import type { KafkaSettings } from './client.js';

export const kafkaEnvironment = [
  ['SALLYPORT_KAFKA_BROKERS', '', 'The Kafka: host:port, several separated by commas.'],
  ['SALLYPORT_KAFKA_USERNAME', '', 'Who connects, where the cluster asks; with a password.'],
  ['SALLYPORT_KAFKA_PASSWORD', '', 'The password of that user.'],
  ['SALLYPORT_KAFKA_SASL_MECHANISM', 'plain', '`plain`, `scram-sha-256` or `scram-sha-512`.'],
  ['SALLYPORT_KAFKA_TLS', 'false', '`true`: TLS with the certificates that Node trusts.'],
  ['SALLYPORT_KAFKA_CA_FILE', '', 'TLS with the certificates in this file.'],
] as const;

export type KafkaSetting = (typeof kafkaEnvironment)[number][0];

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
const brokersShape = /^[^\s,]+:\d+(,[^\s,]+:\d+)*$/;

/** What the settings say, without a client id; or every mistake in them. */
export function readKafkaSettings(textOf: (name: KafkaSetting) => string | undefined): {
  readonly settings?: Omit<KafkaSettings, 'clientId'>;
  readonly mistakes: readonly string[];
} {
  const brokers = textOf('SALLYPORT_KAFKA_BROKERS');
  const username = textOf('SALLYPORT_KAFKA_USERNAME');
  const password = textOf('SALLYPORT_KAFKA_PASSWORD');
  const named = textOf('SALLYPORT_KAFKA_SASL_MECHANISM') ?? 'plain';
  const mechanism = mechanisms.find((name) => name === named);
  const tls = textOf('SALLYPORT_KAFKA_TLS') ?? 'false';
  const { ca, fault } = readCertificates(textOf('SALLYPORT_KAFKA_CA_FILE'));
  const mistakes = [
    ...(brokers !== undefined && brokersShape.test(brokers)
      ? []
      : ['SALLYPORT_KAFKA_BROKERS must be host:port, several separated by commas.']),
    ...((username === undefined) === (password === undefined)
      ? []
      : ['SALLYPORT_KAFKA_USERNAME and SALLYPORT_KAFKA_PASSWORD come together.']),
    ...(mechanism === undefined
      ? [`SALLYPORT_KAFKA_SASL_MECHANISM is none of ${mechanisms.join(', ')}.`]
      : []),
    ...(tls === 'true' || tls === 'false' ? [] : ['SALLYPORT_KAFKA_TLS must be true or false.']),
    ...(fault === undefined ? [] : [fault]),
  ];
  if (mistakes.length > 0 || brokers === undefined) return { mistakes };
  const sasl = username === undefined ? {} : { sasl: { mechanism, username, password: password ?? '' } };
  const ssl = ca === undefined ? (tls === 'true' ? { ssl: true } : {}) : { ssl: { ca: [ca] } };
  return { settings: { brokers, ...sasl, ...ssl }, mistakes };
}

function readCertificates(file: string | undefined): { readonly ca?: string; readonly fault?: string } {
  if (file === undefined) return {};
  try {
    return { ca: readFileSync(file, 'utf8') };
  } catch (error) {
    const { code = 'failed' } = error as NodeJS.ErrnoException;
    return { fault: `SALLYPORT_KAFKA_CA_FILE: ${file} cannot be read (${code}).` };
  }
}
