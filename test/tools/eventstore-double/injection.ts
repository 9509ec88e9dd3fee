// Appends past the wire, into a double in this process: the bytes that our adapter sends, and none of the
// work of its client. For loads that another process is to bear, not the one who makes them.
import { createHash } from 'node:crypto';
import { EventStore } from '@sallyport/engine';
import type { Append, Appended } from '@sallyport/engine';
import type { EventStoreDouble } from './eventstore-double.js';

/** Takes appends at a revision, without guards; nothing can be read by it. */
export class Injection extends EventStore {
  /** Of the last event of each stream. */
  private readonly hashes = new Map<string, string>();

  /** The prefix is that of the streams' names in the store. */
  constructor(
    private readonly double: EventStoreDouble,
    private readonly prefix: string,
  ) {
    super();
  }

  async append({ stream, expected, events }: Append): Promise<Appended> {
    if (expected === 'any') throw new Error('an injected event has its place');
    let revision = expected;
    const sent = events.map(({ type, ...draft }) => {
      const previousHash = this.hashes.get(stream);
      const body = JSON.stringify({ ...draft, previousHash });
      revision += 1;
      const hashed = createHash('sha256').update(`${stream}\n${revision}\n\n${type}\n${body}`);
      this.hashes.set(stream, hashed.digest('base64url'));
      const data = Buffer.from(body);
      return { id: draft.id, type, isJson: false, data, metadata: Buffer.from('{}') };
    });
    const outcome = await this.double.inject(this.prefix + stream, expected, sent);
    if (outcome.kind !== 'written') throw new Error(`${stream} stands at ${outcome.current}`);
    return { revision, position: String(outcome.position), recordedAt: '' };
  }

  read(): never {
    throw new Error('nothing is read by an injection');
  }

  readBack(): never {
    return this.read();
  }

  heads(): never {
    return this.read();
  }
}
