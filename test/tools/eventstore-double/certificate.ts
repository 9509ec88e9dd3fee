// A certificate for 127.0.0.1 that signs itself, made anew each time: for tests of encrypted connections.
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** Both in PEM. Whoever trusts the certificate as an authority trusts its holder. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

const day = 86_400_000;

/** X.509 version 3 (RFC 5280), ECDSA with P-256 and SHA-256, from yesterday to tomorrow. */
export function loopbackCertificate(nowMs: number): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectId([42, 134, 72, 206, 61, 4, 3, 2]));
  const commonName = sequence(objectId([85, 4, 3]), der(0x0c, Buffer.from('wire double')));
  const name = sequence(der(0x31, commonName));
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(time(nowMs - day), time(nowMs + day)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(isAuthority, forLoopback)),
  );
  const signature = der(0x03, Buffer.concat([Buffer.from([0]), sign('sha256', signed, privateKey)]));
  const bytes = sequence(signed, algorithm, signature).toString('base64');
  const lines = bytes.replace(/.{64}/g, '$&\n');
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

const yes = Buffer.from([0x01, 0x01, 0xff]);
const isAuthority = sequence(objectId([85, 29, 19]), yes, der(0x04, sequence(yes)));
/** The subject's alternative name. */
const address = der(0x87, Buffer.from([127, 0, 0, 1]));
const forLoopback = sequence(objectId([85, 29, 17]), der(0x04, sequence(address)));

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(parts));
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
