// Remembers where recently used streams stand, within a fixed number of entries.

/** Where a stream stands. `hash` of its last event is absent until somebody needed it. */
export interface Head {
  readonly streamId: number;
  readonly revision: number;
  readonly hash: string | undefined;
}

/**
 * Two maps instead of a linked list: what is used moves to the young one; when that is full it becomes the old one
 * and the former old one is dropped. About 250 bytes an entry; holds between half of `capacity` and all of it.
 */
export class HeadCache {
  private young = new Map<string, Head>();
  private old = new Map<string, Head>();

  constructor(private readonly capacity: number) {}

  get(stream: string): Head | undefined {
    const head = this.young.get(stream);
    if (head !== undefined) return head;
    const aged = this.old.get(stream);
    if (aged !== undefined) this.set(stream, aged);
    return aged;
  }

  set(stream: string, head: Head): void {
    if (this.young.size * 2 >= this.capacity && !this.young.has(stream)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(stream, head);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}
