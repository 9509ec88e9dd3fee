// Puts a function of ours in the place of one inside the client, where both give the same.
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

/** The function that is a module of the client, `src/...` without its ending. Throws where there is none. */
export function clientPart<F>(name: string): F {
  return load(`kafkajs/src/${name}`) as F;
}

/**
 * To be called before the client is loaded, whose parts are fixed to each other then. `isSame` tries both.
 * Where nothing can be put there, as in another version of the client, all works as before, only slower.
 */
export function replacePart<F>(
  name: string,
  replace: (theirs: F) => F,
  isSame: (ours: F, theirs: F) => boolean,
): void {
  try {
    const theirs = clientPart<F>(name);
    const module = load.cache[load.resolve(`kafkajs/src/${name}`)];
    const ours = replace(theirs);
    if (module !== undefined && isSame(ours, theirs)) module.exports = ours;
  } catch {
    // The client keeps its parts elsewhere.
  }
}
