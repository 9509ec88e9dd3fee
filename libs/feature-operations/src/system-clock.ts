// The clocks and the random source of a running service.
import { randomBytes, randomFillSync, randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { Clock, Ids } from '@sallyport/engine';

/** The machine's clock. */
export class SystemClock extends Clock {
  now(): number {
    return Date.now();
  }
}

/**
 * A clock that can be moved forward, for tests and drills that live through days. How far it was moved is
 * kept in a file, so that a restart does not travel back; of several processes each looks there, if it is
 * told to.
 */
export class MovableClock extends Clock {
  private offsetMs: number;
  private changedMs = 0;

  constructor(
    private readonly file: string,
    private readonly of: { readonly isShared: boolean } = { isShared: false },
  ) {
    super();
    this.offsetMs = storedOffset(file);
  }

  now(): number {
    if (this.of.isShared) this.look();
    return Date.now() + this.offsetMs;
  }

  /**
   * Moves the clock forward by whole milliseconds, durably enough for a restart. Throws RangeError otherwise.
   */
  advance(milliseconds: number): void {
    const offsetMs = this.offsetMs + milliseconds;
    const moves = milliseconds >= 0 && Number.isSafeInteger(offsetMs);
    if (!moves) throw new RangeError('a clock only moves forward');
    writeFileSync(`${this.file}.new`, JSON.stringify({ offsetMs }), { mode: 0o600 });
    renameSync(`${this.file}.new`, this.file);
    this.offsetMs = offsetMs;
  }

  /** Another process may have moved it. */
  private look(): void {
    const changedMs = statSync(this.file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (changedMs === this.changedMs) return;
    this.changedMs = changedMs;
    this.offsetMs = storedOffset(this.file);
  }
}

const poolBytes = 4096;

/** Ids and bytes from the system's cryptographic source; short ones come from a pool, which costs a tenth. */
export class SystemIds extends Ids {
  private readonly pool = Buffer.allocUnsafe(poolBytes);
  private used = poolBytes;

  id(): string {
    return this.take(16).toString('base64url');
  }

  uuid(): string {
    return randomUUID();
  }

  bytes(length: number): Uint8Array {
    return length > 64 ? randomBytes(length) : Buffer.from(this.take(length));
  }

  /** A view of fresh bytes; they are wiped by the next filling at the latest, and handed out once. */
  private take(length: number): Buffer {
    if (this.used + length > poolBytes) {
      randomFillSync(this.pool);
      this.used = 0;
    }
    this.used += length;
    return this.pool.subarray(this.used - length, this.used);
  }
}

function storedOffset(file: string): number {
  try {
    return Number((JSON.parse(readFileSync(file, 'utf8')) as { offsetMs: number }).offsetMs);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
