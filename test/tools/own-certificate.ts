// Certificates that sign themselves, made anew each time: for tests of encrypted connections.
import { generateKeyPairSync } from 'node:crypto';
import { issueCertificate, privateKeyPem } from '../../apps/secrets-init/src/certificate.js';

/** Both in PEM. Whoever trusts the certificate as an authority trusts its holder. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

const day = 86_400_000;

/** Elliptic, as it is quickly made; from yesterday to tomorrow. */
export function loopbackCertificate(nowMs: number): TestCertificate {
  return ownCertificate('127.0.0.1', nowMs);
}

/** The same for another host. */
export function ownCertificate(host: string, nowMs: number): TestCertificate {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const subject = { commonName: 'a server of tests', names: [host], key, isAuthority: true };
  const certificate = issueCertificate({ subject, notBeforeMs: nowMs - day, notAfterMs: nowMs + day });
  return { certificate, key: privateKeyPem(key) };
}
