// Password hashing by argon2id in the thread pool that signing shares: a few at a time, the rest in a queue.
import { hash, verify, type Options } from '@node-rs/argon2';
import { isEngineError, PasswordHasher } from '@sallyport/engine';
import { BoundedQueue } from './bounded-queue.js';

// `Algorithm.Argon2id`: a const enum of the driver has no value at run time.
const ARGON2ID = 2;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

export interface ArgonPasswordsOptions {
  /** KiB. Default 19456, with two passes OWASP's first choice for one lane. */
  readonly memoryKib?: number;
  /** Default 2. */
  readonly passes?: number;
  /** How many are hashed at once; each takes a thread of libuv's pool of four. Default 2. */
  readonly concurrent?: number;
  /** How many may wait. Default 64. */
  readonly waiting?: number;
}

/** For metrics. `done` and `refused` only grow. */
export interface PasswordCounts {
  readonly running: number;
  readonly waiting: number;
  readonly done: number;
  readonly refused: number;
}

export class ArgonPasswords extends PasswordHasher {
  readonly #options: Options;
  readonly #nothing: string;
  readonly #queue: BoundedQueue;
  #done = 0;
  #refused = 0;

  constructor({ memoryKib = 19_456, passes = 2, concurrent = 2, waiting = 64 }: ArgonPasswordsOptions = {}) {
    super();
    this.#options = { algorithm: ARGON2ID, memoryCost: memoryKib, timeCost: passes, parallelism: 1 };
    this.#nothing = hashOfNothing({ memoryKib, passes });
    this.#queue = new BoundedQueue({ running: concurrent, waiting });
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => hash(password, this.#options));
  }

  verify(stored: string, password: string): Promise<boolean> {
    return this.#inTurn(() => verify(stored, password));
  }

  async verifyAgainstNothing(password: string): Promise<false> {
    await this.#inTurn(() => verify(this.#nothing, password));
    return false;
  }

  counts(): PasswordCounts {
    const { running, waiting } = this.#queue;
    return { running, waiting, done: this.#done, refused: this.#refused };
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    try {
      const result = await this.#queue.run(work);
      this.#done += 1;
      return result;
    } catch (error) {
      if (isEngineError(error, 'queue_full')) this.#refused += 1;
      throw error;
    }
  }
}

/** A hash in PHC form with these parameters that was made from no password. */
function hashOfNothing({ memoryKib, passes }: { memoryKib: number; passes: number }): string {
  const text = (length: number) => Buffer.alloc(length, 1).toString('base64').replace(/=+$/, '');
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=1$${text(SALT_BYTES)}$${text(HASH_BYTES)}`;
}
