// A whole ledger, read beside the service: whether it is sound, and what each generation of tokens is.
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import { carriedSession, streamProblems } from '@sallyport/core-session';
import type { Feed, RecordedEvent } from '@sallyport/engine';

const pageSize = 5_000;
const sessionPrefix = 'session-';
const makesGeneration = new Set(['session.started', 'session.refresh-rotated']);

export class LedgerImage {
  private readonly streams = new Map<string, RecordedEvent[]>();
  private readonly byPosition = new Map<string, RecordedEvent>();
  private readonly fingerprints = new Map<string, string>();
  private readonly doubled: string[] = [];

  static async read(file: string): Promise<LedgerImage> {
    const feed = SqliteFeed.openReadOnly(file);
    return LedgerImage.of(feed).finally(() => feed.close());
  }

  static async of(feed: Pick<Feed, 'read'>): Promise<LedgerImage> {
    const image = new LedgerImage();
    let page = await feed.read(null, pageSize);
    while (page.length > 0) {
      for (const event of page) image.add(event);
      page = await feed.read(page.at(-1)?.position ?? null, pageSize);
    }
    return image;
  }

  get events(): number {
    return this.byPosition.size;
  }

  /** All of them, in the order of the store. */
  get log(): readonly RecordedEvent[] {
    return [...this.byPosition.values()];
  }

  /** Fingerprint of a session's token of one generation, if that was ever made. */
  fingerprintOf(sessionId: string, generation: number): string | undefined {
    return this.fingerprints.get(`${sessionId}/${generation}`);
  }

  eventAt(position: string): RecordedEvent | undefined {
    return this.byPosition.get(position);
  }

  /** Carried state that is not the folded one, broken chains, generations made twice. */
  problems(): string[] {
    const unsound = [...this.streams].flatMap(([stream, events]) => streamProblems(stream, events));
    return [...unsound, ...this.doubled];
  }

  private add(event: RecordedEvent): void {
    const { stream, position, type } = event;
    this.byPosition.set(position, event);
    const events = this.streams.get(stream);
    if (events === undefined) this.streams.set(stream, [event]);
    else events.push(event);
    const state = makesGeneration.has(type) ? carriedSession(event) : undefined;
    if (state === undefined) return;
    const at = `${stream.slice(sessionPrefix.length)}/${state.generation}`;
    if (this.fingerprints.has(at)) this.doubled.push(`generation ${at} was made twice`);
    this.fingerprints.set(at, state.fingerprint);
  }
}
