// What the adapter relies on in the server, asked of it by the driver alone: of the double and of a real one.
import { randomUUID } from 'node:crypto';
import { BACKWARDS, END, EventStoreDBClient, jsonEvent, START, streamNameFilter } from '@eventstore/db-client';
import type { AllStreamResolvedEvent, Credentials, Position, StreamingRead } from '@eventstore/db-client';

export interface ServerUnderTest {
  readonly client: EventStoreDBClient;
  /** Sent with each append, which makes it a classic one. */
  readonly credentials: Credentials;
  close(): Promise<void>;
}

export function describeServer(name: string, open: () => Promise<ServerUnderTest>): void {
  describe(`${name} behaves as the adapter relies on`, () => {
    let server: ServerUnderTest;
    beforeAll(async () => {
      server = await open();
    });
    afterAll(() => server.close());

    const newStream = () => `behaviour.${randomUUID()}`;
    const happened = (id: string = randomUUID(), data = {}) => jsonEvent({ id, type: 'happened', data });
    const append = (stream: string, expectedRevision: bigint | 'any' | 'no_stream', ...ids: string[]) =>
      server.client.appendToStream(
        stream,
        (ids.length > 0 ? ids : [randomUUID()]).map((id) => happened(id)),
        { expectedRevision, credentials: server.credentials, requiresLeader: true },
      );
    const idsOf = async (stream: string) =>
      (await all(server.client.readStream(stream, { maxCount: 100 }))).map(({ event }) => event?.id);

    it('writes the id of the last event of a stream again', async () => {
      const [stream, id] = [newStream(), randomUUID()];
      await append(stream, 'no_stream', id);
      expect(await append(stream, 0n, id)).toMatchObject({ nextExpectedRevision: 1n });
      expect(await idsOf(stream)).toEqual([id, id]);
    });

    it('acknowledges ids that stand right behind the expected revision already, and writes nothing', async () => {
      const [stream, a, b] = [newStream(), randomUUID(), randomUUID()];
      await append(stream, 'no_stream', a, b);
      await append(stream, 1n);
      expect(await append(stream, 'no_stream', a, b)).toMatchObject({ nextExpectedRevision: 1n });
      expect(await idsOf(stream)).toHaveLength(3);
    });

    it('refuses other ids there, and tells where the stream stands', async () => {
      const stream = newStream();
      await append(stream, 'no_stream', randomUUID(), randomUUID());
      const conflict = { type: 'wrong-expected-version', actualVersion: 1n };
      await expect(append(stream, 'no_stream')).rejects.toMatchObject(conflict);
      await expect(append(stream, 0n)).rejects.toMatchObject(conflict);
      await expect(append(stream, 7n)).rejects.toMatchObject(conflict);
      await expect(append(newStream(), 0n)).rejects.toMatchObject({ actualVersion: 'no_stream' });
    });

    it('tells the place in the log of an event that is read by its stream, as of one read from the log', async () => {
      const stream = newStream();
      const { position } = await append(stream, 'no_stream', randomUUID(), randomUUID());
      const read = await all(server.client.readStream(stream, { maxCount: 10 }));
      const places = read.map(({ event }) => event?.position);
      expect(places[1]).toEqual(position);
      const from = places[0] as Position;
      const log = await all(server.client.readAll({ fromPosition: from, maxCount: 50 }));
      const theirs = log.filter(({ event }) => event?.streamId === stream);
      // Forwards, a read of the log begins with the event at the position.
      expect(theirs.map(({ event }) => event?.position)).toEqual(places);
      expect(from.commit).toBe(from.prepare);
    });

    it('reads the log backwards from its end, and a stream backwards from beyond its end', async () => {
      const stream = newStream();
      await append(stream, 'no_stream', randomUUID(), randomUUID());
      const back = { direction: BACKWARDS, maxCount: 200 } as const;
      const log = await all(server.client.readAll({ ...back, fromPosition: END }));
      const places = log.map(({ event }) => event?.position?.commit ?? 0n);
      expect(places).toEqual(places.toSorted((a, b) => (a < b ? 1 : -1)));
      expect(log.some(({ event }) => event?.streamId === stream)).toBe(true);
      const beyond = await all(server.client.readStream(stream, { ...back, maxCount: 1, fromRevision: 1n }));
      expect(beyond.map(({ event }) => event?.revision)).toEqual([1n]);
    });

    it('answers a read of an unknown stream as such, and one from after the end with nothing', async () => {
      const stream = newStream();
      const unknown = all(server.client.readStream(stream, { maxCount: 1 }));
      await expect(unknown).rejects.toMatchObject({ type: 'stream-not-found' });
      await append(stream, 'no_stream');
      expect(await all(server.client.readStream(stream, { maxCount: 5, fromRevision: 3n }))).toEqual([]);
    });

    it('sends a subscription what comes after its position, of the streams it asked for', async () => {
      const stream = newStream();
      const first = await append(stream, 'no_stream');
      const ids = [randomUUID(), randomUUID()];
      const seen: (string | undefined)[] = [];
      const filter = streamNameFilter({ prefixes: [stream] });
      const subscription = server.client.subscribeToAll({ fromPosition: first.position ?? START, filter });
      subscription.on('error', () => undefined);
      subscription.on('data', ({ event }: AllStreamResolvedEvent) => seen.push(event?.id));
      await append(newStream(), 'any');
      await append(stream, 'any', ...ids);
      for (let tries = 0; tries < 200 && seen.length < 2; tries += 1) await pause(20);
      await subscription.unsubscribe();
      expect(seen).toEqual(ids);
    });

    it('never writes a stream again that was deleted for good', async () => {
      const stream = newStream();
      await append(stream, 'no_stream');
      await server.client.tombstoneStream(stream, { credentials: server.credentials });
      await expect(append(stream, 'any')).rejects.toMatchObject({ type: 'stream-deleted' });
      const read = all(server.client.readStream(stream, { maxCount: 1 }));
      await expect(read).rejects.toMatchObject({ type: 'stream-deleted' });
    });
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
