// The port to wrapped secrets: the key ring and the accounts' personal keys. What is stored is ciphertext
// already.

export abstract class SecretStore {
  /** Stores the bytes unless the name is taken in its kind; resolves with what is stored then, once it is
   * durable. */
  abstract putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array>;

  /** Replaces (or creates) the entry; resolves once it is durable. */
  abstract put(kind: string, name: string, wrapped: Uint8Array): Promise<void>;

  /** The bytes, or undefined. */
  abstract get(kind: string, name: string): Promise<Uint8Array | undefined>;

  /** All entries of a kind, ordered by name. */
  abstract list(kind: string): Promise<{ readonly name: string; readonly wrapped: Uint8Array }[]>;

  /**
   * Deletes the entry so that its bytes are in no table and no file of the store afterwards; absent is fine.
   * What a database server logs and copies of its own accord is outside (ADR 18).
   */
  abstract delete(kind: string, name: string): Promise<void>;
}
