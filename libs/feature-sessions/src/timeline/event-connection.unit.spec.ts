// What a connection promises: no more in memory than the client reads, and an end that says why.
import { Writable } from 'node:stream';
import { commentBlock, EventConnection, eventBlock } from './event-connection.js';

/** A client that reads when it is told to. */
class Client extends Writable {
  readonly read: string[] = [];
  private readonly unread: (() => void)[] = [];
  isReading = true;

  constructor() {
    super({ highWaterMark: 10 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.read.push(chunk.toString());
    if (this.isReading) done();
    else this.unread.push(done);
  }

  readOn(): void {
    this.isReading = true;
    for (const done of this.unread.splice(0)) done();
  }
}

describe('a block', () => {
  it('is an id, a type and one line of JSON', () => {
    const data = { sentence: 'a\nb' };
    expect(eventBlock({ id: '7', type: 'x.y', data })).toBe(
      'id: 7\nevent: x.y\ndata: {"sentence":"a\\nb"}\n\n',
    );
  });

  it('that is a comment is one line, whatever it says', () => {
    expect(commentBlock('a\r\nid: 9\n\nb')).toBe(': a id: 9 b\n\n');
  });
});

describe('a connection', () => {
  it('waits for the client to read before it takes more', async () => {
    const client = new Client();
    client.isReading = false;
    const connection = new EventConnection(client, 10_000);
    const steps: string[] = [];
    const sent = connection.send('more than ten bytes').then(() => steps.push('sent'));
    await new Promise((resolve) => setImmediate(resolve));
    steps.push('read');
    client.readOn();
    await sent;
    expect(steps).toEqual(['read', 'sent']);
  });

  it('gives up on a client that does not read, and still says why', async () => {
    const client = new Client();
    client.isReading = false;
    const connection = new EventConnection(client, 20);
    await expect(connection.send('more than ten bytes')).rejects.toMatchObject({ reason: 'too_slow' });
    connection.close(commentBlock('too_slow'));
    client.readOn();
    await new Promise((resolve) => client.once('close', resolve));
    expect(client.read.at(-1)).toBe(': too_slow\n\n');
  });

  it('cuts off one that does not read the last line either', async () => {
    const client = new Client();
    client.isReading = false;
    const connection = new EventConnection(client, 20);
    await connection.send('more than ten bytes').catch(() => undefined);
    connection.close('end');
    const startedAt = performance.now();
    await new Promise((resolve) => client.once('close', resolve));
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(client.read).not.toContain('end');
  });

  it('takes nothing after the client has left, and tells of it once', async () => {
    const client = new Client();
    const connection = new EventConnection(client, 20);
    let told = 0;
    connection.onClosed(() => (told += 1));
    client.destroy(new Error('reset'));
    await new Promise((resolve) => client.once('close', resolve));
    await expect(connection.send('x')).rejects.toMatchObject({ reason: undefined });
    connection.close('x');
    expect([told, client.read]).toEqual([1, []]);
  });
});
