// Wrapped secrets in memory, for tests of what keeps its keys behind the port.
import { SecretStore } from '@sallyport/engine';

export class MemorySecretStore extends SecretStore {
  private readonly kinds = new Map<string, Map<string, Uint8Array>>();

  async putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array> {
    const stored = this.of(kind).get(name);
    if (stored !== undefined) return stored.slice();
    this.of(kind).set(name, wrapped.slice());
    return wrapped.slice();
  }

  async put(kind: string, name: string, wrapped: Uint8Array): Promise<void> {
    this.of(kind).set(name, wrapped.slice());
  }

  async get(kind: string, name: string): Promise<Uint8Array | undefined> {
    return this.of(kind).get(name)?.slice();
  }

  async list(kind: string): Promise<{ readonly name: string; readonly wrapped: Uint8Array }[]> {
    return [...this.of(kind)]
      .map(([name, wrapped]) => ({ name, wrapped: wrapped.slice() }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async delete(kind: string, name: string): Promise<void> {
    this.of(kind).delete(name);
  }

  private of(kind: string): Map<string, Uint8Array> {
    const entries = this.kinds.get(kind) ?? new Map<string, Uint8Array>();
    this.kinds.set(kind, entries);
    return entries;
  }
}
