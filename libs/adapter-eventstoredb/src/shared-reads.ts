// Reads that many ask for at once: those who ask for a thing while it is being read share the next read.

interface Lane<T> {
  readonly running: Promise<T>;
  next: Promise<T> | undefined;
}

/**
 * Each answer comes from a read that began after its question. Under load that is one read of `cutoffs` for
 * all the appends that were acknowledged meanwhile, instead of one each.
 */
export class SharedReads<T> {
  private readonly lanes = new Map<string, Lane<T>>();

  /** `read` resolves with how the thing of that name stands. */
  constructor(private readonly read: (name: string) => Promise<T>) {}

  of(name: string): Promise<T> {
    const lane = this.lanes.get(name);
    if (lane === undefined) return this.start(name);
    const begin = () => this.start(name);
    lane.next ??= lane.running.then(begin, begin);
    return lane.next;
  }

  private start(name: string): Promise<T> {
    const running = this.read(name).finally(() => {
      if (lane.next === undefined) this.lanes.delete(name);
    });
    const lane: Lane<T> = { running, next: undefined };
    this.lanes.set(name, lane);
    return running;
  }
}
