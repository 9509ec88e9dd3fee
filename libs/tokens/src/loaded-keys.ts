// The keys of one manifest, imported and sorted by what they are looked up by.
import { TokenError } from './errors.js';
import { statuses, type KeyManifest } from './key-manifest.js';
import { importKey, KEY_PURPOSES } from './keys.js';
import type { KeyPurpose, KeysByPurpose, PublicJwk, RingKey, SigningKey } from './keys.js';

type KeyMaps = { readonly [P in KeyPurpose]: Map<string, KeysByPurpose[P]> };

/** Looked into on every request; built anew when the manifest changes, keys already imported taken over. */
export class LoadedKeys {
  readonly #maps: KeyMaps = emptyMaps();
  #current: { [P in KeyPurpose]?: KeysByPurpose[P] } = {};
  #headers = new Map<string, SigningKey>();
  #jwks: { keys: PublicJwk[] } = { keys: [] };
  #nextSwitchAt = Infinity;

  constructor(readonly manifest: KeyManifest) {}

  /**
   * The keys of a manifest, to be settled once they are adopted (they share key objects with `known`).
   * `material` reads the material of a key that `known` does not have.
   */
  static async of(
    manifest: KeyManifest,
    from: { known: LoadedKeys; issuer: string; material: (keyId: string) => Promise<Uint8Array> },
  ): Promise<LoadedKeys> {
    const loaded = new LoadedKeys(manifest);
    for (const { id, purpose } of manifest.keys) {
      const known = from.known.get(purpose, id);
      const fresh =
        known ?? importKey(purpose, id, { material: await from.material(id), issuer: from.issuer });
      loaded.#put(purpose, fresh);
    }
    return loaded;
  }

  get<P extends KeyPurpose>(purpose: P, keyId: string): KeysByPurpose[P] | undefined {
    return this.#maps[purpose].get(keyId);
  }

  /** The key of that id, whatever its purpose. */
  find(keyId: string): RingKey | undefined {
    return KEY_PURPOSES.map((purpose) => this.get(purpose, keyId)).find((key) => key !== undefined);
  }

  current<P extends KeyPurpose>(purpose: P): KeysByPurpose[P] {
    const key = this.#current[purpose];
    if (key === undefined)
      throw new TokenError('key_not_found', { hint: `no current ${purpose} key; load() first` });
    return key;
  }

  signingKeyOfHeader(header: string): SigningKey | undefined {
    return this.#headers.get(header);
  }

  get jwks(): { keys: PublicJwk[] } {
    return this.#jwks;
  }

  /** The instant from which another key is current; `settle` has to be called then. */
  get nextSwitchAt(): number {
    return this.#nextSwitchAt;
  }

  /** Works out who is current at `now`. */
  settle(now: number): void {
    const byId = statuses(this.manifest.keys, now);
    const current: { [P in KeyPurpose]?: KeysByPurpose[P] } = {};
    for (const purpose of KEY_PURPOSES) this.#settlePurpose(purpose, byId, current);
    this.#current = current;
    const signing = [...this.#maps.signing.values()].filter(({ status }) => status !== 'bad');
    this.#headers = new Map(signing.map((key) => [key.header, key]));
    this.#jwks = { keys: signing.map(({ jwk }) => jwk) };
    const upcoming = this.manifest.keys.map(({ activatesAt }) => activatesAt ?? 0).filter((at) => at > now);
    this.#nextSwitchAt = Math.min(Infinity, ...upcoming);
  }

  #settlePurpose<P extends KeyPurpose>(
    purpose: P,
    byId: ReadonlyMap<string, RingKey['status']>,
    current: { [K in P]?: KeysByPurpose[K] },
  ): void {
    for (const key of this.#maps[purpose].values()) {
      key.status = byId.get(key.id)!;
      if (key.status === 'current') current[purpose] = key;
    }
  }

  #put<P extends KeyPurpose>(purpose: P, key: KeysByPurpose[P]): void {
    this.#maps[purpose].set(key.id, key);
  }
}

function emptyMaps(): KeyMaps {
  return { refresh: new Map(), signing: new Map(), nonce: new Map(), sealing: new Map(), index: new Map() };
}
