// What setting up the cluster takes from its surroundings: its address, an administrator, certificates.
import { readFileSync } from 'node:fs';
import type { KafkaSettings } from '@sallyport/adapter-kafka';

export const variables = {
  brokers: 'SALLYPORT_KAFKA_BROKERS',
  username: 'SALLYPORT_KAFKA_USERNAME',
  password: 'SALLYPORT_KAFKA_PASSWORD',
  mechanism: 'SALLYPORT_KAFKA_SASL_MECHANISM',
  caFile: 'SALLYPORT_KAFKA_CA_FILE',
  tls: 'SALLYPORT_KAFKA_TLS',
} as const;

const mechanisms = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;

/** All that is missing or wrong at once, in words; or the settings. */
export function surroundings(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): KafkaSettings | string[] {
  const of = (name: keyof typeof variables): string => environment[variables[name]] ?? '';
  const [brokers, username, password] = [of('brokers'), of('username'), of('password')];
  const mechanism = mechanisms.find((name) => name === (of('mechanism') || 'plain'));
  const mistakes: string[] = [];
  if (!/^[^\s,]+:\d+(,[^\s,]+:\d+)*$/.test(brokers)) {
    mistakes.push(`${variables.brokers} is not host:port, several separated by commas`);
  }
  if ((username === '') !== (password === '')) {
    mistakes.push(`${variables.username} and ${variables.password} come together`);
  }
  if (mechanism === undefined) mistakes.push(`${variables.mechanism} is none of ${mechanisms.join(', ')}`);
  if (!['', 'true', 'false'].includes(of('tls'))) mistakes.push(`${variables.tls} is neither true nor false`);
  const ca = of('caFile') === '' ? undefined : readOrSay(of('caFile'), mistakes);
  if (mistakes.length > 0) return mistakes;
  const tls = ca === undefined ? (of('tls') === 'true' ? { ssl: true } : {}) : { ssl: { ca: [ca] } };
  const sasl = username === '' ? {} : { sasl: { username, password, ...(mechanism && { mechanism }) } };
  return { brokers, clientId: 'sallyport-kafka-init', ...sasl, ...tls };
}

function readOrSay(file: string, mistakes: string[]): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    mistakes.push(`${variables.caFile} cannot be read`);
    return undefined;
  }
}
