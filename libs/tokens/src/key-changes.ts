// The changes a ring can go through, as pure edits of its entries, and what each of them changed.
import { TokenError } from './errors.js';
import { describeKey, pruned, rotated, statuses } from './key-manifest.js';
import type { KeyDescription, KeyEntry, Making } from './key-manifest.js';
import type { KeyPurpose } from './keys.js';

/**
 * From the entries to the entries after. May throw `TokenError`; gaps are filled by `completed` afterwards.
 */
export type KeyEdit = (keys: readonly KeyEntry[], making: Making) => readonly KeyEntry[];

/** No change but what is missing. */
export const unchanged: KeyEdit = (keys) => keys;

/** A new current key; keys that nothing alive can need are dropped. */
export function rotation(
  purpose: KeyPurpose,
  policy: { readonly publishAheadMs: number; readonly keepMs: (purpose: KeyPurpose) => number },
): KeyEdit {
  return (keys, making) => {
    const activatesAt = making.now + policy.publishAheadMs;
    return pruned(rotated(keys, purpose, { ...making, activatesAt }), making.now, policy.keepMs);
  };
}

/** All refresh keys there are become `retired`. */
export const retirement: KeyEdit = (keys, { now }) =>
  keys.map((key) =>
    key.purpose === 'refresh' && key.retiredAt === undefined ? { ...key, retiredAt: now } : key,
  );

/** One key becomes `bad`. */
export function badKey(keyId: string): KeyEdit {
  return (keys, { now }) => {
    const key = keys.find(({ id }) => id === keyId);
    if (key === undefined) throw new TokenError('key_not_found', { keyId });
    checkChangeable(key.purpose);
    return keys.map((other) => (other === key ? { ...key, badAt: key.badAt ?? now } : other));
  };
}

/** Throws `key_purpose_fixed` for the index key: names hashed under it could not be found again. */
export function checkChangeable(purpose: KeyPurpose): void {
  if (purpose === 'index') throw new TokenError('key_purpose_fixed', { hint: purpose });
}

/** Every key that is new, whose status or time of activation changed, or that is gone. */
export function differences(
  before: readonly KeyEntry[],
  after: readonly KeyEntry[],
  now: number,
): KeyDescription[] {
  const old = statuses(before, now);
  const fresh = statuses(after, now);
  const times = new Map(before.map((key) => [key.id, key.activatesAt]));
  const changed = after.filter(({ id, activatesAt }) => {
    return old.get(id) !== fresh.get(id) || times.get(id) !== activatesAt;
  });
  return [
    ...changed.map((key) => describeKey(after, key, fresh.get(key.id)!)),
    ...missing(before, after).map((key) => describeKey(before, key, 'deleted')),
  ];
}

/** The entries of the first list whose keys are not in the second. */
export function missing(from: readonly KeyEntry[], list: readonly KeyEntry[]): KeyEntry[] {
  const ids = new Set(list.map(({ id }) => id));
  return from.filter(({ id }) => !ids.has(id));
}
