// A limit of time on what the client does: some of its promises never settle while a broker is away.
import { EngineError } from '@sallyport/engine';

/** What the work gives; `bus_unavailable` after the limit, when what the work comes to is dropped. */
export async function within<T>(limitMs: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new EngineError('bus_unavailable', {}, { cause: new Error('no answer') }));
    }, limitMs);
  });
  try {
    return await Promise.race([work(), limit]);
  } finally {
    clearTimeout(timer);
  }
}
