// What the adapter relies on in the server, asked of it by the driver alone: of the double and of a real one.
import { randomUUID } from 'node:crypto';
import { BACKWARDS, END, jsonEvent, START, streamNameFilter } from '@eventstore/db-client';
import type { EventStoreDBClient } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, Credentials, Position, StreamingRead } from '@eventstore/db-client';

export interface ServerUnderTest {
  readonly client: EventStoreDBClient;
  /** Sent with each append, which makes it a classic one. */
  readonly credentials: Credentials;
  close(): Promise<void>;
}

/** A server, once it is open, and how the tests below ask it. */
class Asked {
  private server: ServerUnderTest | undefined;

  async open(open: () => Promise<ServerUnderTest>): Promise<void> {
    this.server = await open();
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  get client(): EventStoreDBClient {
    return (this.server as ServerUnderTest).client;
  }

  get credentials(): Credentials {
    return (this.server as ServerUnderTest).credentials;
  }

  newStream(): string {
    return `behaviour.${randomUUID()}`;
  }

  append(stream: string, expectedRevision: bigint | 'any' | 'no_stream', ...ids: string[]) {
    const events = (ids.length > 0 ? ids : [randomUUID()]).map((id) =>
      jsonEvent({ id, type: 'happened', data: {} }),
    );
    const options = { expectedRevision, credentials: this.credentials, requiresLeader: true };
    return this.client.appendToStream(stream, events, options);
  }

  async idsOf(stream: string): Promise<(string | undefined)[]> {
    return (await all(this.client.readStream(stream, { maxCount: 100 }))).map(({ event }) => event?.id);
  }
}

export function describeServer(name: string, open: () => Promise<ServerUnderTest>): void {
  describe(`${name} behaves as the adapter relies on`, () => {
    const on = new Asked();
    beforeAll(() => on.open(open));
    afterAll(() => on.close());
    describe('in appends', () => describeAppends(on));
    describe('in reads', () => describeReads(on));
  });
}

function describeAppends(on: Asked): void {
  it('writes the id of the last event of a stream again', async () => {
    const [stream, id] = [on.newStream(), randomUUID()];
    await on.append(stream, 'no_stream', id);
    expect(await on.append(stream, 0n, id)).toMatchObject({ nextExpectedRevision: 1n });
    expect(await on.idsOf(stream)).toEqual([id, id]);
  });

  it('acknowledges ids that stand behind the expected revision already, and writes nothing', async () => {
    const [stream, a, b] = [on.newStream(), randomUUID(), randomUUID()];
    await on.append(stream, 'no_stream', a, b);
    await on.append(stream, 1n);
    expect(await on.append(stream, 'no_stream', a, b)).toMatchObject({ nextExpectedRevision: 1n });
    expect(await on.idsOf(stream)).toHaveLength(3);
  });

  it('refuses other ids there, and tells where the stream stands', async () => {
    const stream = on.newStream();
    await on.append(stream, 'no_stream', randomUUID(), randomUUID());
    const conflict = { type: 'wrong-expected-version', actualVersion: 1n };
    await expect(on.append(stream, 'no_stream')).rejects.toMatchObject(conflict);
    await expect(on.append(stream, 0n)).rejects.toMatchObject(conflict);
    await expect(on.append(stream, 7n)).rejects.toMatchObject(conflict);
    await expect(on.append(on.newStream(), 0n)).rejects.toMatchObject({ actualVersion: 'no_stream' });
  });

  it('never writes a stream again that was deleted for good', async () => {
    const stream = on.newStream();
    await on.append(stream, 'no_stream');
    await on.client.tombstoneStream(stream, { credentials: on.credentials });
    await expect(on.append(stream, 'any')).rejects.toMatchObject({ type: 'stream-deleted' });
    const read = all(on.client.readStream(stream, { maxCount: 1 }));
    await expect(read).rejects.toMatchObject({ type: 'stream-deleted' });
  });
}

function describeReads(on: Asked): void {
  it('tells the place in the log of an event that is read by its stream', async () => {
    const stream = on.newStream();
    const { position } = await on.append(stream, 'no_stream', randomUUID(), randomUUID());
    const read = await all(on.client.readStream(stream, { maxCount: 10 }));
    const places = read.map(({ event }) => event?.position);
    expect(places[1]).toEqual(position);
    const from = places[0] as Position;
    const log = await all(on.client.readAll({ fromPosition: from, maxCount: 50 }));
    const theirs = log.filter(({ event }) => event?.streamId === stream);
    // Forwards, a read of the log begins with the event at the position.
    expect(theirs.map(({ event }) => event?.position)).toEqual(places);
    expect(from.commit).toBe(from.prepare);
  });

  it('reads the log backwards from its end, and a stream backwards from a revision', async () => {
    const stream = on.newStream();
    await on.append(stream, 'no_stream', randomUUID(), randomUUID());
    const back = { direction: BACKWARDS, maxCount: 200 } as const;
    const log = await all(on.client.readAll({ ...back, fromPosition: END }));
    const places = log.map(({ event }) => event?.position?.commit ?? 0n);
    expect(places).toEqual(places.toSorted((a, b) => (a < b ? 1 : -1)));
    expect(log.some(({ event }) => event?.streamId === stream)).toBe(true);
    const last = await all(on.client.readStream(stream, { ...back, maxCount: 1, fromRevision: 1n }));
    expect(last.map(({ event }) => event?.revision)).toEqual([1n]);
  });

  it('answers a read of an unknown stream as such, and one from after the end with nothing', async () => {
    const stream = on.newStream();
    const unknown = all(on.client.readStream(stream, { maxCount: 1 }));
    await expect(unknown).rejects.toMatchObject({ type: 'stream-not-found' });
    await on.append(stream, 'no_stream');
    expect(await all(on.client.readStream(stream, { maxCount: 5, fromRevision: 3n }))).toEqual([]);
  });

  it('sends a subscription what comes after its position, of the streams it asked for', async () => {
    const stream = on.newStream();
    const first = await on.append(stream, 'no_stream');
    const ids = [randomUUID(), randomUUID()];
    const seen: (string | undefined)[] = [];
    const filter = streamNameFilter({ prefixes: [stream] });
    const subscription = on.client.subscribeToAll({ fromPosition: first.position ?? START, filter });
    subscription.on('error', () => undefined);
    subscription.on('data', ({ event }: AllStreamResolvedEvent) => seen.push(event?.id));
    await on.append(on.newStream(), 'any');
    await on.append(stream, 'any', ...ids);
    for (let tries = 0; tries < 200 && seen.length < 2; tries += 1) await pause(20);
    await subscription.unsubscribe();
    expect(seen).toEqual(ids);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function all<E>(read: StreamingRead<E>): Promise<E[]> {
  const events: E[] = [];
  return new Promise((resolve, reject) => {
    read.on('data', (event: E) => events.push(event));
    read.once('end', () => resolve(events));
    read.on('error', reject);
  });
}
