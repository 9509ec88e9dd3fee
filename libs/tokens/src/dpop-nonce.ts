// DPoP nonces (RFC 9449 section 8): a time under a key all replicas share, not trust in a phone's clock.
import { timingSafeEqual } from 'node:crypto';
import { decodeCanonical } from './bytes.js';
import { TokenError } from './errors.js';
import type { KeyRing } from './key-ring.js';
import type { MacRingKey } from './keys.js';

const VERSION = 1;
const TIME_OFFSET = 5;
const TAG_OFFSET = 11;
const NONCE_BYTES = 27;
const NONCE_CHARS = 36;
const DEFAULT_ACCEPTED_MS = 3_600_000;
// Replicas' clocks differ a little; a nonce from further ahead shows that one of them was moved.
const AHEAD_MS = 60_000;

/** Mints and judges nonces. The time in a nonce is when it was given out, in milliseconds. */
export class ProofNonces {
  #last = { now: -1, nonce: '', keyId: '' };

  /** `acceptedMs`: how long a nonce is good, an hour by default. */
  constructor(
    private readonly ring: Pick<KeyRing, 'current' | 'secretKey'>,
    private readonly acceptedMs = DEFAULT_ACCEPTED_MS,
  ) {}

  /** A nonce for the answer being sent at `now`; all answers of one millisecond share it. */
  mint(now: number): string {
    const key = this.ring.current('nonce');
    if (this.#last.now === now && this.#last.keyId === key.id) return this.#last.nonce;
    const bytes = Buffer.allocUnsafe(NONCE_BYTES);
    bytes[0] = VERSION;
    bytes.set(key.idBytes, 1);
    bytes.writeUIntBE(now, TIME_OFFSET, 6);
    bytes.set(tag(key, bytes), TAG_OFFSET);
    const nonce = bytes.toString('base64url');
    this.#last = { now, nonce, keyId: key.id };
    return nonce;
  }

  /**
   * The time in the nonce. Throws `proof_nonce_missing`, `proof_nonce_unknown` (not made here, or by a clock
   * more than a minute ahead; with `keyId` where the key is not in the ring) or `proof_nonce_old`.
   */
  check(nonce: string | undefined, now: number): number {
    if (nonce === undefined) throw new TokenError('proof_nonce_missing');
    const bytes = nonce.length === NONCE_CHARS ? decodeCanonical(nonce) : undefined;
    if (bytes === undefined || bytes[0] !== VERSION) throw new TokenError('proof_nonce_unknown');
    const keyId = bytes.toString('hex', 1, TIME_OFFSET);
    const key = this.ring.secretKey('nonce', keyId);
    if (key === undefined) throw new TokenError('proof_nonce_unknown', { keyId });
    if (!timingSafeEqual(tag(key, bytes), bytes.subarray(TAG_OFFSET)))
      throw new TokenError('proof_nonce_unknown');
    const time = bytes.readUIntBE(TIME_OFFSET, 6);
    if (time > now + AHEAD_MS) throw new TokenError('proof_nonce_unknown');
    if (time < now - this.acceptedMs) throw new TokenError('proof_nonce_old');
    return time;
  }
}

function tag(key: MacRingKey, bytes: Buffer): Buffer {
  return key.key.of(bytes.subarray(0, TAG_OFFSET)).subarray(0, NONCE_BYTES - TAG_OFFSET);
}
