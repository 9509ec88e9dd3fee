// Keys and their manifest in the secret store: wrapped by the master key, changed by compare-and-set.
import type { Ids, SecretStore } from '@sallyport/engine';
import { TokenError } from './errors.js';
import type { KeyManifest } from './key-manifest.js';
import type { MasterKey } from './master-key.js';

const KEY_KIND = 'key';
const MANIFEST_KIND = 'key-ring';
// Old manifests are of use only to somebody who looks into an accident.
const MANIFESTS_KEPT = 256;

export interface KeyVaultParts {
  readonly store: SecretStore;
  readonly master: MasterKey;
  readonly ids: Ids;
}

/** Reads and writes what `KeyRing` decides; holds nothing. Errors of the store pass through. */
export class KeyVault {
  readonly #parts: KeyVaultParts;

  constructor(parts: KeyVaultParts) {
    this.#parts = parts;
  }

  /**
   * The newest manifest; revision 0 without keys in an empty store. Throws `master_key_wrong`,
   * `key_ring_damaged`.
   */
  async newest(): Promise<KeyManifest> {
    const { store, master } = this.#parts;
    const entry = (await store.list(MANIFEST_KIND)).at(-1);
    if (entry === undefined) return { revision: 0, keys: [] };
    const plain = master.unwrap({ kind: MANIFEST_KIND, name: entry.name }, entry.wrapped);
    if (plain === undefined) {
      throw new TokenError('master_key_wrong', { hint: 'the key ring was not wrapped by this master key' });
    }
    return { revision: Number(entry.name), keys: JSON.parse(plain.toString()).keys };
  }

  /** Stores a manifest under its revision; false when another process has made that revision. */
  async publish(manifest: KeyManifest): Promise<boolean> {
    const { store, master, ids } = this.#parts;
    const entry = { kind: MANIFEST_KIND, name: manifestName(manifest.revision) };
    const wrapped = master.wrap(entry, Buffer.from(JSON.stringify({ keys: manifest.keys })), ids);
    const stored = await store.putIfAbsent(entry.kind, entry.name, wrapped);
    if (!Buffer.from(stored).equals(wrapped)) return false;
    if (manifest.revision > MANIFESTS_KEPT) {
      await store.delete(MANIFEST_KIND, manifestName(manifest.revision - MANIFESTS_KEPT));
    }
    return true;
  }

  async putMaterial(keyId: string, material: Uint8Array): Promise<void> {
    const { store, master, ids } = this.#parts;
    await store.put(KEY_KIND, keyId, master.wrap({ kind: KEY_KIND, name: keyId }, material, ids));
  }

  /** The material of a key. Throws `key_ring_damaged` where it is missing or altered. */
  async material(keyId: string): Promise<Buffer> {
    const wrapped = await this.#parts.store.get(KEY_KIND, keyId);
    const plain = wrapped && this.#parts.master.unwrap({ kind: KEY_KIND, name: keyId }, wrapped);
    if (plain === undefined) throw new TokenError('key_ring_damaged', { keyId });
    return plain;
  }

  async deleteMaterial(keyId: string): Promise<void> {
    await this.#parts.store.delete(KEY_KIND, keyId);
  }
}

function manifestName(revision: number): string {
  return String(revision).padStart(10, '0');
}
