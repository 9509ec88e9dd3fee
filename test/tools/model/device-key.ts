// A device's key and the proofs it signs, fast enough for a million of them.
import { createHash, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** What a proof says; absent members are left out. */
export interface ProofSaid {
  readonly nonce?: string;
  readonly htm?: string;
  readonly htu?: string;
  readonly jti?: string;
  /** The token it names in `ath`. */
  readonly token?: string;
  readonly attempt?: string;
}

export class DeviceKey {
  readonly thumbprint: string;
  private readonly header: string;

  constructor(
    private readonly url: string,
    private readonly privateKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ) {
    const { crv, kty, x, y } = createPublicKey(privateKey).export({ format: 'jwk' });
    this.header = encode({ typ: 'dpop+jwt', alg: 'ES256', jwk: { crv, kty, x, y } });
    const canonical = JSON.stringify({ crv, kty, x, y });
    this.thumbprint = createHash('sha256').update(canonical).digest('base64url');
  }

  /** A DPoP proof (RFC 9449 section 4.2) for this device's URL. */
  proof(said: ProofSaid): string {
    const claims = {
      jti: said.jti ?? randomBytes(12).toString('base64url'),
      htm: said.htm ?? 'POST',
      htu: said.htu ?? this.url,
      iat: 1_760_000_000,
      nonce: said.nonce,
      ath: said.token === undefined ? undefined : createHash('sha256').update(said.token).digest('base64url'),
      attempt: said.attempt,
    };
    const signed = `${this.header}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), {
      key: this.privateKey,
      dsaEncoding: 'ieee-p1363',
    });
    return `${signed}.${signature.toString('base64url')}`;
  }
}

/** A value for the `attempt` claim: one per presented token. */
export function newAttempt(): string {
  return randomBytes(16).toString('base64url');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
