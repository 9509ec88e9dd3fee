// Certificates in X.509 version 3 (RFC 5280): an authority, and servers that it vouches for.
import { createHash, createPublicKey, randomBytes, sign, type KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Subject {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly names: readonly string[];
  /** RSA, or an elliptic curve with SHA-256. */
  readonly key: KeyObject;
  /** May vouch for others; whoever trusts it trusts these. */
  readonly isAuthority: boolean;
}

export interface Issuing {
  readonly subject: Subject;
  /** Who vouches for it; itself by default. */
  readonly issuer?: Subject;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const yes = Buffer.from([0x01, 0x01, 0xff]);
const none = Buffer.from([0x05, 0x00]);
const ids = {
  commonName: [85, 4, 3],
  subjectKey: [85, 29, 14],
  keyUsage: [85, 29, 15],
  alternativeNames: [85, 29, 17],
  basicConstraints: [85, 29, 19],
  authorityKey: [85, 29, 35],
  extendedKeyUsage: [85, 29, 37],
  serverAuth: [43, 6, 1, 5, 5, 7, 3, 1],
  clientAuth: [43, 6, 1, 5, 5, 7, 3, 2],
  sha256WithRsa: [42, 134, 72, 134, 247, 13, 1, 1, 11],
  sha256WithEcdsa: [42, 134, 72, 206, 61, 4, 3, 2],
} as const;

/** Usages as bits of the first byte: signatures and keys of connections; signatures and certificates. */
const [ofServer, ofAuthority] = [Buffer.from([0x05, 0xa0]), Buffer.from([0x01, 0x86])];

/** The certificate in PEM, signed by the issuer's key. */
export function issueCertificate({ subject, issuer = subject, ...valid }: Issuing): string {
  const isRsa = issuer.key.asymmetricKeyType === 'rsa';
  const algorithm = isRsa
    ? sequence(objectId(ids.sha256WithRsa), none)
    : sequence(objectId(ids.sha256WithEcdsa));
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    nameOf(issuer),
    sequence(time(valid.notBeforeMs), time(valid.notAfterMs)),
    nameOf(subject),
    publicKeyOf(subject),
    der(0xa3, sequence(...extensions(subject, issuer))),
  );
  const signature = bits(0, sign('sha256', signed, issuer.key));
  const lines = sequence(signed, algorithm, signature).toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** A private key as servers read it: PKCS 8 in PEM, not encrypted. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function extensions(subject: Subject, issuer: Subject): Buffer[] {
  const { isAuthority, names } = subject;
  const [unused = 0, usage = 0] = isAuthority ? ofAuthority : ofServer;
  const always = [
    extension(ids.basicConstraints, { critical: true, value: sequence(...(isAuthority ? [yes] : [])) }),
    extension(ids.keyUsage, { critical: true, value: bits(unused, Buffer.from([usage])) }),
    extension(ids.subjectKey, { value: der(0x04, keyId(subject)) }),
    extension(ids.authorityKey, { value: sequence(der(0x80, keyId(issuer))) }),
  ];
  // KurrentDB's nodes are clients of each other, with the same certificate.
  const purposes = sequence(objectId(ids.serverAuth), objectId(ids.clientAuth));
  const ofServers = isAuthority ? [] : [extension(ids.extendedKeyUsage, { value: purposes })];
  const known = names.length === 0 ? [] : [extension(ids.alternativeNames, { value: allNames(names) })];
  return [...always, ...ofServers, ...known];
}

function allNames(names: readonly string[]): Buffer {
  const encoded = names.map((name) => {
    return isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
  });
  return sequence(...encoded);
}

function extension(id: readonly number[], of: { critical?: boolean; value: Buffer }): Buffer {
  const parts = of.critical === true ? [yes, der(0x04, of.value)] : [der(0x04, of.value)];
  return sequence(objectId(id), ...parts);
}

function nameOf({ commonName }: Subject): Buffer {
  return sequence(der(0x31, sequence(objectId(ids.commonName), der(0x0c, Buffer.from(commonName)))));
}

function publicKeyOf({ key }: Subject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' });
}

function keyId(subject: Subject): Buffer {
  return createHash('sha1').update(publicKeyOf(subject)).digest();
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
}

function bits(unused: number, bytes: Buffer): Buffer {
  return der(0x03, Buffer.concat([Buffer.from([unused]), bytes]));
}

function integer(bytes: Buffer): Buffer {
  return der(0x02, bytes);
}

function objectId(bytes: readonly number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime: YYMMDDHHMMSSZ. */
function time(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14);
  return der(0x17, Buffer.from(`${digits}Z`));
}
