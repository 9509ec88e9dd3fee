// Reads where streams stand; those who ask for one stream while it is being read share the next read.

interface Lane {
  readonly running: Promise<number>;
  next: Promise<number> | undefined;
}

/**
 * Each answer comes from a read that began after its question. Under load that is one read of `cutoffs` for
 * all the appends that were acknowledged meanwhile, instead of one each.
 */
export class HeadReads {
  private readonly lanes = new Map<string, Lane>();

  /** `readHead` resolves with the revision of the stream's last event, -1 without events. */
  constructor(private readonly readHead: (stream: string) => Promise<number>) {}

  of(stream: string): Promise<number> {
    const lane = this.lanes.get(stream);
    if (lane === undefined) return this.start(stream);
    const begin = () => this.start(stream);
    lane.next ??= lane.running.then(begin, begin);
    return lane.next;
  }

  private start(stream: string): Promise<number> {
    const running = this.readHead(stream).finally(() => {
      if (lane.next === undefined) this.lanes.delete(stream);
    });
    const lane: Lane = { running, next: undefined };
    this.lanes.set(stream, lane);
    return running;
  }
}
