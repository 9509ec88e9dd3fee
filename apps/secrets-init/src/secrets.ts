// What has to be made once for a deployment: the master key, passwords, certificates; and where it is kept.
import { generateKeyPairSync, randomBytes, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { issueCertificate, privateKeyPem, type Certificate, type Subject } from './certificate.js';

/** Whose passwords; each is somebody else's. */
export const passwordNames = [
  'eventstore-admin',
  'eventstore-ops',
  'eventstore-writer',
  'eventstore-relay',
  'eventstore-auditor',
  'kafka-admin',
  'kafka-relay',
  'kafka-projector',
  'kafka-anomaly',
  'kafka-reader',
  'postgres-superuser',
  'postgres-sallyport',
  'grafana-admin',
] as const;
export type PasswordName = (typeof passwordNames)[number];

/** Servers that prove who they are, by the names under which they are reached. */
export const servers = ['kafka', 'kurrentdb', 'postgres'] as const;
export type ServerName = (typeof servers)[number];

export interface Certificates {
  /** In PEM, for those who connect. Its key is thrown away once it has signed. */
  readonly authority: string;
  readonly servers: Readonly<Record<ServerName, Certificate>>;
}

export interface Secrets {
  /** 32 bytes in hex. */
  readonly masterKey: string;
  /** The operators' credential. */
  readonly operators: string;
  readonly passwords: Readonly<Record<PasswordName, string>>;
  readonly certificates: Certificates;
}

const dayMs = 86_400_000;
/** As long as browsers' makers once allowed; a renewal is one command. */
const validDays = 825;

export function makeSecrets(nowMs: number): Secrets {
  const passwords = passwordNames.map((name) => [name, randomBytes(24).toString('hex')]);
  return {
    masterKey: randomBytes(32).toString('hex'),
    operators: randomBytes(32).toString('base64url'),
    passwords: Object.fromEntries(passwords) as Record<PasswordName, string>,
    certificates: makeCertificates(nowMs),
  };
}

/** A new authority and a certificate of its own for each server. */
export function makeCertificates(nowMs: number): Certificates {
  const valid = { notBeforeMs: nowMs - dayMs, notAfterMs: nowMs + validDays * dayMs };
  const issuer: Subject = { commonName: 'Sallyport authority', names: [], key: newKey(), isAuthority: true };
  const made = servers.map((name) => {
    const names = [name, 'localhost', '127.0.0.1'];
    const subject = { commonName: name, names, key: newKey(), isAuthority: false };
    const certificate = issueCertificate({ subject, issuer, ...valid });
    return [name, { certificate, key: privateKeyPem(subject.key) }];
  });
  return {
    authority: issueCertificate({ subject: issuer, ...valid }),
    servers: Object.fromEntries(made) as Certificates['servers'],
  };
}

/** The secrets in the file; undefined where there is none. Throws where it holds something else. */
export function readSecrets(file: string): Secrets | undefined {
  if (!existsSync(file)) return undefined;
  const secrets = JSON.parse(readFileSync(file, 'utf8')) as Secrets;
  const missing = passwordNames.filter((name) => typeof secrets.passwords?.[name] !== 'string');
  if (missing.length > 0) throw new Error(`${file} lacks the passwords ${missing.join(', ')}`);
  return secrets;
}

/** Writes the file (0600) so that it is there whole or not at all. */
export function keepSecrets(file: string, secrets: Secrets): void {
  writeFileSync(`${file}.new`, `${JSON.stringify(secrets)}\n`, { mode: 0o600, flush: true });
  renameSync(`${file}.new`, file);
}

/** RSA: KurrentDB takes no other. */
function newKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}
