// The ring of keys: loaded once, read again when an unknown key id turns up, changed by rotation or alarm.
import type { Clock, Ids } from '@sallyport/engine';
import { TokenError } from './errors.js';
import {
  badKey,
  checkChangeable,
  differences,
  missing,
  retirement,
  rotation,
  unchanged,
} from './key-changes.js';
import type { KeyEdit } from './key-changes.js';
import { completed, describeKey, statuses } from './key-manifest.js';
import type { KeyDescription, KeyEntry, KeyManifest } from './key-manifest.js';
import { KeyVault, type KeyVaultParts } from './key-vault.js';
import { newMaterial } from './keys.js';
import type { KeyPurpose, KeysByPurpose, PublicJwk, RefreshKey, SigningKey } from './keys.js';
import { LoadedKeys } from './loaded-keys.js';
import { RingReadings } from './ring-readings.js';

const CHANGE_ATTEMPTS = 8;
// Access tokens, nonces, codes and forms live an hour at most.
const KEEP_SHORT_LIVED_MS = 24 * 3_600_000;

export interface KeyRingParts extends KeyVaultParts {
  readonly clock: Clock;
  /** Refresh tokens, nonces and sealed boxes are bound to it. */
  readonly issuer: string;
  /**
   * How long new refresh, nonce and sealing keys are in the store before they are used. With several replicas
   * at least 2,000, above the second between two readings of the ring; 0 (default) for one process.
   */
  readonly publishAheadMs?: number;
  /**
   * How long a replaced refresh key is kept: not below the longest absolute session life. Default: for ever.
   */
  readonly keepRefreshKeysMs?: number;
}

/** The keys in use. Reading them never waits; `load` comes first. Errors of the store pass through. */
export class KeyRing {
  readonly #parts: KeyRingParts;
  readonly #vault: KeyVault;
  #loaded = new LoadedKeys({ revision: 0, keys: [] });
  readonly #readings: RingReadings;
  #changes: Promise<unknown> = Promise.resolve();

  constructor(parts: KeyRingParts) {
    this.#parts = parts;
    this.#vault = new KeyVault(parts);
    this.#readings = new RingReadings(() => this.#read(), parts.clock);
  }

  /**
   * Reads the ring and makes the keys that are missing; resolves with those it made, for the first start's
   * events. Throws `master_key_wrong`, `key_ring_damaged`.
   */
  load(): Promise<KeyDescription[]> {
    return this.#change(unchanged);
  }

  /** Reads the ring again now. */
  reload(): Promise<void> {
    return this.#readings.now();
  }

  /**
   * True when the ring has the key, after another look into the store if need be, at most one a second for
   * all callers; with several replicas one that began after the question, since the key may have been made a
   * moment ago. Rejects as the store did while it cannot be read, so that "away" is never taken for "unknown"
   * (G11).
   */
  async reloadIfUnknown(keyId: string): Promise<boolean> {
    if (this.#loaded.find(keyId) !== undefined) return true;
    const hasReplicas = (this.#parts.publishAheadMs ?? 0) > 0;
    await (hasReplicas ? this.#readings.next() : this.#readings.recent());
    return this.#loaded.find(keyId) !== undefined;
  }

  /** The key that new things are made under. Throws `key_not_found` before `load`. */
  current<P extends KeyPurpose>(purpose: P): KeysByPurpose[P] {
    return this.#now().current(purpose);
  }

  /** The refresh key of that id, whatever its status. */
  refreshKey(keyId: string): RefreshKey | undefined {
    return this.#now().get('refresh', keyId);
  }

  /** A nonce or sealing key that is still accepted. */
  secretKey<P extends 'nonce' | 'sealing'>(purpose: P, keyId: string): KeysByPurpose[P] | undefined {
    const key = this.#now().get(purpose, keyId);
    return key?.status === 'bad' ? undefined : key;
  }

  /** The signing key whose access tokens begin with this encoded header, unless it is bad. */
  signingKeyOfHeader(header: string): SigningKey | undefined {
    return this.#loaded.signingKeyOfHeader(header);
  }

  /** RFC 7517: the public keys that access tokens are or will be signed under, the next one included. */
  jwks(): { keys: PublicJwk[] } {
    return this.#loaded.jwks;
  }

  /** All keys, without secrets. */
  describe(): KeyDescription[] {
    const { keys } = this.#loaded.manifest;
    const byId = statuses(keys, this.#parts.clock.now());
    return keys.map((key) => describeKey(keys, key, byId.get(key.id)!));
  }

  /**
   * Makes the next key current, or a new one, and drops keys that nothing alive can need. Resolves with every
   * key that changed. `index` throws `key_purpose_fixed`. Signing: not twice within the time verifiers cache
   * the JWKS.
   */
  async rotate(purpose: KeyPurpose): Promise<KeyDescription[]> {
    checkChangeable(purpose);
    const { publishAheadMs = 0, keepRefreshKeysMs = Infinity } = this.#parts;
    const keepMs = (of: KeyPurpose) => (of === 'refresh' ? keepRefreshKeysMs : KEEP_SHORT_LIVED_MS);
    return this.#change(rotation(purpose, { publishAheadMs, keepMs }));
  }

  /**
   * After a restore: no refresh token that is out is good any more (row 4); new ones are minted under a new
   * key.
   */
  retireRefreshKeys(): Promise<KeyDescription[]> {
    return this.#change(retirement);
  }

  /** A key has leaked: it makes nothing new from now on. Throws `key_not_found`, `key_purpose_fixed`. */
  markBad(keyId: string): Promise<KeyDescription[]> {
    return this.#change(badKey(keyId));
  }

  /** One change at a time in this process; against other processes, decided again on what they made. */
  #change(edit: KeyEdit): Promise<KeyDescription[]> {
    const result = this.#changes.then(() => this.#decide(edit));
    this.#changes = result.catch(() => undefined);
    return result;
  }

  /** Throws `key_ring_contended` after losing to other processes a bounded number of times. */
  async #decide(edit: KeyEdit): Promise<KeyDescription[]> {
    for (let attempt = 0; attempt < CHANGE_ATTEMPTS; attempt += 1) {
      await this.reload();
      const before = this.#loaded.manifest;
      const making = { now: this.#parts.clock.now(), newId: () => newKeyId(this.#parts.ids, before) };
      const keys = completed(edit(before.keys, making), making);
      if (differences(before.keys, keys, making.now).length === 0) return [];
      if (await this.#publish(before, keys)) return differences(before.keys, keys, making.now);
    }
    throw new TokenError('key_ring_contended');
  }

  /** New keys are stored before the manifest that names them, dropped ones deleted after it. */
  async #publish(before: KeyManifest, keys: readonly KeyEntry[]): Promise<boolean> {
    const made = missing(keys, before.keys);
    for (const { id, purpose } of made)
      await this.#vault.putMaterial(id, newMaterial(purpose, this.#parts.ids));
    const published = await this.#vault.publish({ revision: before.revision + 1, keys });
    for (const { id } of published ? missing(before.keys, keys) : made) await this.#vault.deleteMaterial(id);
    if (published) await this.reload();
    return published;
  }

  async #read(): Promise<void> {
    const manifest = await this.#vault.newest();
    const read = async (one: KeyManifest) => this.#adopt(await this.#import(one));
    try {
      await read(manifest);
    } catch (error) {
      // A key may have been dropped by another process between the two readings; then there is a newer
      // manifest.
      const newer = await this.#vault.newest();
      if (newer.revision === manifest.revision) throw error;
      await read(newer);
    }
  }

  #import(manifest: KeyManifest): Promise<LoadedKeys> {
    const material = (keyId: string) => this.#vault.material(keyId);
    return LoadedKeys.of(manifest, { known: this.#loaded, issuer: this.#parts.issuer, material });
  }

  // Readings may end in another order than they began.
  #adopt(loaded: LoadedKeys): void {
    if (loaded.manifest.revision < this.#loaded.manifest.revision) return;
    loaded.settle(this.#parts.clock.now());
    this.#loaded = loaded;
  }

  #now(): LoadedKeys {
    const now = this.#parts.clock.now();
    if (this.#loaded.nextSwitchAt <= now) this.#loaded.settle(now);
    return this.#loaded;
  }
}

/** 8 hex digits that no key of the ring has. */
function newKeyId(ids: Ids, manifest: KeyManifest): string {
  for (;;) {
    const id = Buffer.from(ids.bytes(4)).toString('hex');
    if (manifest.keys.every((key) => key.id !== id)) return id;
  }
}
