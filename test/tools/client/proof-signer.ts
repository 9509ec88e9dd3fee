// A device that signs proofs for one URL: for runs of a million refreshes, where no library signs.
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { signProof, tokenHash, type DeviceKey } from './device-key.js';

/** What a proof says; absent members are left out. */
export interface ProofSaid {
  readonly nonce?: string;
  readonly htm?: string;
  readonly htu?: string;
  /** The token it names in `ath`. */
  readonly token?: string;
  readonly attempt?: string;
}

export class ProofSigner {
  private readonly key: Pick<DeviceKey, 'privateKey' | 'publicJwk'>;

  constructor(
    private readonly url: string,
    privateKey: KeyObject = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  ) {
    const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    this.key = { privateKey, publicJwk: { crv: 'P-256', kty: 'EC', x, y } };
  }

  /** A DPoP proof (RFC 9449 section 4.2), for a POST to the device's URL unless it says otherwise. */
  proof({ token, ...said }: ProofSaid): string {
    const ath = token === undefined ? undefined : tokenHash(token);
    return signProof(this.key, { htm: 'POST', htu: this.url, ath, ...said });
  }
}
