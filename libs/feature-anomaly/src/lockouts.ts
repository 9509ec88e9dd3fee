// Counts how many people rules shut out lately: in one process, or in one table for any number of them.
import { isEngineError } from '@sallyport/engine';
import type { JsonObject, ViewStore } from '@sallyport/engine';
import { rulesProjection } from './rule-rows.js';

/** One lock or forced sign-in. */
export interface Lockout {
  /** Of the decision: delivered again it counts once. */
  readonly id: string;
  readonly ms: number;
  /** Revision of the stream `rules` that was known: before or after enforcement was resumed. */
  readonly seen: number;
}

export interface LockoutLimit {
  readonly perMinute: number;
  /** Revision of the latest resumption, -1 for none: what was counted before it does not count. */
  readonly since: number;
}

export abstract class Lockouts {
  /** Counts it, unless the limit is reached: then false. Rejects with `EngineError` where it cannot tell. */
  abstract take(lockout: Lockout, limit: LockoutLimit): Promise<boolean>;
}

const minuteMs = 60_000;

export class MemoryLockouts extends Lockouts {
  private taken: readonly Lockout[] = [];

  async take(lockout: Lockout, limit: LockoutLimit): Promise<boolean> {
    const taken = withOneMore(this.taken, lockout, limit);
    this.taken = taken ?? this.taken;
    return taken !== undefined;
  }
}

const projection = 'rules-lockouts';
const key = 'taken';
const { generation } = rulesProjection;
const tries = 16;

/** One row, written by compare-and-set: lockouts are few. */
export class SharedLockouts extends Lockouts {
  constructor(private readonly views: Pick<ViewStore, 'checkpoint' | 'load' | 'commit'>) {
    super();
  }

  async take(lockout: Lockout, limit: LockoutLimit): Promise<boolean> {
    for (let tried = 1; ; tried += 1) {
      const from = await this.views.checkpoint(projection, generation);
      const row = (await this.views.load(projection, generation, [key])).get(key);
      const { taken: before = [] } = (row?.body ?? {}) as { readonly taken?: readonly Lockout[] };
      const taken = withOneMore(before, lockout, limit);
      if (taken === undefined) return false;
      const body = { taken } as unknown as JsonObject;
      const changes = [{ view: projection, key, row: { key, owner: key, body } }];
      const to = String(BigInt(from ?? '0') + 1n);
      try {
        await this.views.commit({ projection, generation, from, to, changes });
        return true;
      } catch (error) {
        if (!isEngineError(error, 'checkpoint_moved') || tried === tries) throw error;
      }
    }
  }
}

/** Those of the last minute and this one; undefined when there would be too many. */
function withOneMore(
  before: readonly Lockout[],
  lockout: Lockout,
  { perMinute, since }: LockoutLimit,
): readonly Lockout[] | undefined {
  const recent = before.filter(({ ms, seen }) => lockout.ms - ms < minuteMs && seen >= since);
  if (recent.some(({ id }) => id === lockout.id)) return recent;
  return recent.length < perMinute ? [...recent, lockout] : undefined;
}
