// The hashes of the streams' last events that this process has seen, within a fixed number of entries.

export interface KnownHead {
  readonly revision: number;
  readonly hash: string;
}

/**
 * What an append at that revision is chained to, so that it need not be read first. Never taken for where a
 * stream stands: others write too. Two maps instead of a list of use: a full young one becomes the old one.
 */
export class KnownHeads {
  private young = new Map<string, KnownHead>();
  private old = new Map<string, KnownHead>();

  /** Holds between half of `capacity` and all of it, about 200 bytes an entry. */
  constructor(private readonly capacity: number) {}

  /** The hash of the stream's event at the revision, if that is the last one known. */
  hashAt(stream: string, revision: number): string | undefined {
    const known = this.young.get(stream) ?? this.old.get(stream);
    return known?.revision === revision ? known.hash : undefined;
  }

  set(stream: string, head: KnownHead): void {
    if (this.young.size * 2 >= this.capacity && !this.young.has(stream)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(stream, head);
  }
}
