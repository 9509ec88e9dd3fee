// Credentials at rest, and the blind index by which a sign-in name is found without being written anywhere.
import type { Ids, JsonObject } from '@sallyport/engine';
import { decodeCanonical, decrypt, encrypt } from './bytes.js';
import { TokenError } from './errors.js';
import type { KeyRing } from './key-ring.js';
import type { MasterKey } from './master-key.js';
import type { EventPlace } from './personal-data.js';

/**
 * Seals the `credential` part of events (password hashes) under the master key, bound to stream and event.
 */
export class Credentials {
  constructor(
    private readonly master: MasterKey,
    private readonly ids: Ids,
  ) {}

  seal(place: EventPlace, data: JsonObject): string {
    const plain = Buffer.from(JSON.stringify(data));
    const box = encrypt(this.master.credentialKey, { plain, bound: bound(place) }, this.ids);
    return box.toString('base64url');
  }

  /** Throws `credential_malformed`, `credential_altered` (also for one moved to another event). */
  open(place: EventPlace, sealed: string): JsonObject {
    const box = decodeCanonical(sealed);
    if (box === undefined) throw new TokenError('credential_malformed');
    const plain = decrypt(this.master.credentialKey, box, bound(place));
    if (plain === undefined) throw new TokenError('credential_altered');
    return JSON.parse(plain.toString()) as JsonObject;
  }
}

/**
 * 43 characters that stand for a sign-in name, which the caller has normalised. The same after every
 * rotation.
 */
export function nameHash(normalName: string, ring: Pick<KeyRing, 'current'>): string {
  return ring.current('index').key.of(normalName).toString('base64url');
}

function bound({ stream, eventId }: EventPlace): string[] {
  return ['credential', stream, eventId];
}
