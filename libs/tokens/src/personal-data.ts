// Personal data at rest: each account has a key of its own, and deleting it erases what is sealed under it.
import type { KeyObject } from 'node:crypto';
import { BoundedCache } from '@sallyport/engine';
import type { Ids, JsonObject, SecretStore } from '@sallyport/engine';
import { decodeCanonical, decrypt, encrypt, macKey, subKey } from './bytes.js';
import { TokenError } from './errors.js';
import type { MacKey } from './mac-key.js';
import type { MasterKey } from './master-key.js';

const KIND = 'personal';
const KEY_BYTES = 32;
const DEFAULT_CACHED_KEYS = 50_000;
const NETWORK_TAG_CHARS = 16;
const KNOWN_TAGS = 4;

/** Where a sealed part belongs: it opens nowhere else. */
export interface EventPlace {
  readonly stream: string;
  readonly eventId: string;
}

interface AccountKeys {
  readonly sealing: KeyObject;
  readonly networkTags: MacKey;
  /** Tags of the addresses last seen: a phone refreshes from few. */
  readonly knownTags: BoundedCache<string>;
}

/**
 * The accounts' own keys. Errors of the store pass through; a damaged entry throws `personal_key_damaged`.
 */
export class PersonalKeys {
  readonly #parts: { readonly store: SecretStore; readonly master: MasterKey; readonly ids: Ids };
  readonly #cache: BoundedCache<AccountKeys>;
  // Raised by every erasure, so that a look-up begun before it does not put the key back into the cache.
  #erasures = 0;

  constructor(parts: { store: SecretStore; master: MasterKey; ids: Ids; cachedKeys?: number }) {
    this.#parts = parts;
    this.#cache = new BoundedCache(parts.cachedKeys ?? DEFAULT_CACHED_KEYS);
  }

  /** Makes the account's key, durably, unless it has one: before the first event that needs it. */
  async create(accountId: string): Promise<void> {
    const { store, master, ids } = this.#parts;
    const entry = { kind: KIND, name: accountId };
    await store.putIfAbsent(KIND, accountId, master.wrap(entry, ids.bytes(KEY_BYTES), ids));
  }

  /** The sealed text for an event's `personal` part; undefined when the account has no key (any more). */
  async seal(accountId: string, place: EventPlace, data: JsonObject): Promise<string | undefined> {
    const keys = await this.#keys(accountId);
    if (keys === undefined) return undefined;
    const what = { plain: Buffer.from(JSON.stringify(data)), bound: bound(place) };
    return encrypt(keys.sealing, what, this.#parts.ids).toString('base64url');
  }

  /**
   * What was sealed, or undefined when the account's key is gone: it was erased. Throws `personal_malformed`
   * and `personal_altered` (also for a part moved to another event or account).
   */
  async open(accountId: string, place: EventPlace, sealed: string): Promise<JsonObject | undefined> {
    const keys = await this.#keys(accountId);
    if (keys === undefined) return undefined;
    const box = decodeCanonical(sealed);
    if (box === undefined) throw new TokenError('personal_malformed');
    const plain = decrypt(keys.sealing, box, bound(place));
    if (plain === undefined) throw new TokenError('personal_altered');
    return JSON.parse(plain.toString()) as JsonObject;
  }

  /**
   * 16 characters that stand for a network address in the events of one account and mean nothing in
   * another's; undefined when the account has no key. IPv6 is taken as its /64: a phone changes the rest at
   * will. At once where the account's key is in memory.
   */
  networkTag(accountId: string, address: string): string | Promise<string | undefined> {
    const cached = this.#cache.get(accountId);
    if (cached !== undefined) return tagOf(cached, address);
    return this.#keys(accountId).then((keys) => keys && tagOf(keys, address));
  }

  /** Deletes the key for good; all that was sealed under it stays sealed. Absent is fine. */
  async delete(accountId: string): Promise<void> {
    this.forget(accountId);
    await this.#parts.store.delete(KIND, accountId);
    this.forget(accountId);
  }

  /** Another process erased the account: nothing of its key may stay in memory here. */
  forget(accountId: string): void {
    this.#erasures += 1;
    this.#cache.delete(accountId);
  }

  async #keys(accountId: string): Promise<AccountKeys | undefined> {
    const cached = this.#cache.get(accountId);
    if (cached !== undefined) return cached;
    const before = this.#erasures;
    const wrapped = await this.#parts.store.get(KIND, accountId);
    if (wrapped === undefined) return undefined;
    const plain = this.#parts.master.unwrap({ kind: KIND, name: accountId }, wrapped);
    if (plain === undefined) throw new TokenError('personal_key_damaged');
    const keys = {
      sealing: subKey(plain, 'personal', 'seal'),
      networkTags: macKey(plain, 'personal', 'network-tag'),
      knownTags: new BoundedCache<string>(KNOWN_TAGS),
    };
    if (this.#erasures === before) this.#cache.set(accountId, keys);
    return keys;
  }
}

function tagOf({ knownTags, networkTags }: AccountKeys, address: string): string {
  const known = knownTags.get(address);
  if (known !== undefined) return known;
  const tag = networkTags.of(networkOf(address)).toString('base64url').slice(0, NETWORK_TAG_CHARS);
  knownTags.set(address, tag);
  return tag;
}

/** The part of an address that a network has: IPv4 whole, IPv6 its first 64 bits, v4-mapped as IPv4. */
export function networkOf(address: string): string {
  const bare = address.split('%')[0]!.toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare);
  if (mapped !== null) return mapped[1]!;
  if (!bare.includes(':')) return bare;
  const [head = '', tail] = bare.split('::');
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const zeros = Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0');
  return `${[...left, ...zeros, ...right].slice(0, 4).join(':')}::/64`;
}

// Without leading zeros. A dotted end counts as two groups; which ones does not matter, they are past the 64
// bits.
function groups(text: string): string[] {
  const parts = text === '' ? [] : text.split(':');
  return parts.flatMap((part) => (part.includes('.') ? ['0', '0'] : [part.replace(/^0+(?=.)/, '')]));
}

function bound({ stream, eventId }: EventPlace): string[] {
  return ['personal', stream, eventId];
}
