// Which failures of a start are waited for, and which end it.
import { EngineError } from '@sallyport/engine';
import { untilReached } from './until-reached.js';

const { signal } = new AbortController();

describe('a start', () => {
  it('is tried again while a store is away, and told of each time', async () => {
    const told: string[] = [];
    let tries = 0;
    const open = () => {
      tries += 1;
      return tries < 3 ? Promise.reject(new EngineError('store_unavailable')) : Promise.resolve('open');
    };
    const failed = (error: Error) => void told.push(error.message);
    expect(await untilReached(open, { signal, failed })).toBe('open');
    expect(told).toHaveLength(2);
  });

  it('ends with what no wait would mend', async () => {
    const failed = () => undefined;
    for (const error of [new Error('wrong key'), new EngineError('store_damaged')]) {
      await expect(untilReached(() => Promise.reject(error), { signal, failed })).rejects.toBe(error);
    }
  });

  it('ends when it is told to stop', async () => {
    const stop = new AbortController();
    const away = new EngineError('store_unavailable');
    const waiting = untilReached(() => Promise.reject(away), {
      signal: stop.signal,
      failed: () => stop.abort(),
    });
    await expect(waiting).rejects.toBe(away);
  });
});
