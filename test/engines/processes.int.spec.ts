// Ports that are given out: free, and given once.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { freePorts } from './processes.js';

describe('free ports', () => {
  it('are given once, also when they are asked for at the same time', async () => {
    const given = (await Promise.all(Array.from({ length: 20 }, () => freePorts(20)))).flat();
    expect(new Set(given).size).toBe(400);
  });

  it('can be listened on, however late', async () => {
    const [port] = await freePorts(1);
    await freePorts(50);
    const server = createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    await once(server.close(), 'close');
  });
});
