// Reads a stream of server-sent events as the HTML standard has it, as far as tools and specs need.

/** A block of the stream: an event, or what has no data (comments, a place to resume from). */
export interface Block {
  readonly id?: string;
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly comment?: string;
}

export class EventReader {
  readonly blocks: Block[] = [];
  /** Resolves when the stream has ended, whichever end did it. */
  readonly ended: Promise<void>;
  private readonly wakers = new Set<() => void>();
  private isEnded = false;

  private constructor(
    readonly answer: Response,
    private readonly stopping: AbortController,
  ) {
    this.ended = this.read().finally(() => {
      this.isEnded = true;
      this.wake();
    });
  }

  /** Rejects unless the answer is a stream of events. */
  static async open(url: string, headers: Readonly<Record<string, string>>): Promise<EventReader> {
    const stopping = new AbortController();
    const answer = await fetch(url, { headers, signal: stopping.signal });
    const type = answer.headers.get('content-type') ?? '';
    if (answer.ok && type.startsWith('text/event-stream')) return new EventReader(answer, stopping);
    throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  }

  get events(): Block[] {
    return this.blocks.filter(({ data }) => data !== undefined);
  }

  get comments(): string[] {
    return this.blocks.flatMap(({ comment }) => comment ?? []);
  }

  /** What a client that reconnects sends as `Last-Event-ID`. */
  get lastId(): string | undefined {
    return this.blocks.findLast(({ id }) => id !== undefined)?.id;
  }

  /** Resolves when the blocks are as wanted; rejects after the time, or when the stream ended before. */
  async until(isSo: (reader: this) => boolean, withinMs = 10_000): Promise<this> {
    const deadline = Date.now() + withinMs;
    while (!isSo(this)) {
      if (this.isEnded || Date.now() > deadline) {
        const why = this.isEnded ? 'the stream ended' : 'it took too long';
        throw new Error(`${why}: ${JSON.stringify(this.blocks)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.wakers.add(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    return this;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async read(): Promise<void> {
    let text = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of this.answer.body ?? []) {
        const blocks = (text + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n\n');
        text = blocks.pop() ?? '';
        this.blocks.push(...blocks.map(blockOf));
        this.wake();
      }
    } catch {
      // Cut off by either end; what was read stays.
    }
  }

  private wake(): void {
    for (const waker of this.wakers) waker();
    this.wakers.clear();
  }
}

function blockOf(text: string): Block {
  const field = (name: string): string | undefined => {
    const line = text.split('\n').find((one) => one.startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim();
  };
  const data = field('data');
  return {
    id: field('id'),
    event: field('event'),
    comment: field(''),
    ...(data === undefined ? {} : { data: JSON.parse(data) as Record<string, unknown> }),
  };
}
