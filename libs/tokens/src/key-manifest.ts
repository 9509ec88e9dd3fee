// Which keys the ring has and what they are good for, as plain data and pure functions over it.
import { KEY_PURPOSES, type KeyPurpose, type KeyStatus } from './keys.js';

/**
 * One key as recorded; times in milliseconds. `activatesAt` null: published, to be used after the next
 * rotation.
 */
export interface KeyEntry {
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly createdAt: number;
  readonly activatesAt: number | null;
  readonly retiredAt?: number;
  readonly badAt?: number;
}

/** The whole ring; each change makes the next revision, so two processes cannot overwrite each other's. */
export interface KeyManifest {
  readonly revision: number;
  readonly keys: readonly KeyEntry[];
}

/** A key for `keys list` and for events: no secret in it, times in ISO 8601. */
export type KeyDescription = {
  readonly keyId: string;
  readonly purpose: KeyPurpose;
  readonly status: KeyStatus | 'deleted';
  readonly createdAt: string;
  readonly activatesAt: string | null;
  readonly replacedAt?: string;
  readonly retiredAt?: string;
  readonly badAt?: string;
};

/** A key being made: `newId` gives an id that the ring does not have. */
export interface Making {
  readonly now: number;
  readonly newId: () => string;
}

/**
 * The status of each key at an instant, by id. Of two keys activated at once the one recorded later is
 * current.
 */
export function statuses(keys: readonly KeyEntry[], now: number): Map<string, KeyStatus> {
  const result = new Map<string, KeyStatus>();
  for (const purpose of KEY_PURPOSES) {
    const current = currentKey(keys, purpose, now);
    for (const key of keys) {
      if (key.purpose === purpose) result.set(key.id, statusOf(key, current, now));
    }
  }
  return result;
}

/** When a key stopped being the newest of its purpose, or undefined. */
export function replacedAt(keys: readonly KeyEntry[], key: KeyEntry): number | undefined {
  if (key.activatesAt === null) return undefined;
  const place = keys.indexOf(key);
  const later = keys.filter((other, index) => follows(other, index) && other.activatesAt !== null);
  return later.length === 0 ? undefined : Math.min(...later.map((other) => other.activatesAt!));

  function follows(other: KeyEntry, index: number): boolean {
    if (other.purpose !== key.purpose || other.activatesAt === null) return false;
    return other.activatesAt > key.activatesAt! || (other.activatesAt === key.activatesAt && index > place);
  }
}

/** Every purpose gets a current key, and signing a next one, where they are missing. */
export function completed(keys: readonly KeyEntry[], making: Making): readonly KeyEntry[] {
  let result = keys;
  for (const purpose of KEY_PURPOSES) {
    if (currentKey(result, purpose, making.now) === undefined)
      result = withNextActivated(result, purpose, making);
    if (purpose === 'signing' && nextKey(result, purpose, making.now) === undefined) {
      result = [...result, made(purpose, making, null)];
    }
  }
  return result;
}

/**
 * Signing: the published next key becomes current. Others: a new key, current at `activatesAt` (so that
 * replicas can know it before the first token under it comes to them).
 */
export function rotated(
  keys: readonly KeyEntry[],
  purpose: KeyPurpose,
  at: Making & { activatesAt: number },
) {
  if (purpose === 'signing') return withNextActivated(keys, purpose, at);
  return [...keys, made(purpose, at, at.activatesAt)];
}

/**
 * Without the keys that nothing alive can need any more: replaced, retired or bad for longer than `keepMs`
 * says.
 */
export function pruned(keys: readonly KeyEntry[], now: number, keepMs: (purpose: KeyPurpose) => number) {
  return keys.filter((key) => {
    const since = key.retiredAt ?? key.badAt ?? replacedAt(keys, key);
    return since === undefined || now - since <= keepMs(key.purpose);
  });
}

/** The description of a key; `status` is passed in since it depends on the instant. */
export function describeKey(keys: readonly KeyEntry[], key: KeyEntry, status: KeyDescription['status']) {
  const replaced = replacedAt(keys, key);
  const description: KeyDescription = {
    keyId: key.id,
    purpose: key.purpose,
    status,
    createdAt: iso(key.createdAt),
    activatesAt: key.activatesAt === null ? null : iso(key.activatesAt),
    ...(replaced === undefined ? {} : { replacedAt: iso(replaced) }),
    ...(key.retiredAt === undefined ? {} : { retiredAt: iso(key.retiredAt) }),
    ...(key.badAt === undefined ? {} : { badAt: iso(key.badAt) }),
  };
  return description;
}

function withNextActivated(
  keys: readonly KeyEntry[],
  purpose: KeyPurpose,
  making: Making,
): readonly KeyEntry[] {
  const next = nextKey(keys, purpose, making.now);
  if (next === undefined) return [...keys, made(purpose, making, making.now)];
  // Moved to the end: of two keys activated in one millisecond the one recorded later counts.
  return [...keys.filter((key) => key !== next), { ...next, activatesAt: making.now }];
}

function made(purpose: KeyPurpose, making: Making, activatesAt: number | null): KeyEntry {
  return { id: making.newId(), purpose, createdAt: making.now, activatesAt };
}

function usable(key: KeyEntry, purpose: KeyPurpose): boolean {
  return key.purpose === purpose && key.retiredAt === undefined && key.badAt === undefined;
}

// The newest activated key, unless it is retired or bad: an older one never becomes current again, since what
// was replaced may be pruned.
function currentKey(keys: readonly KeyEntry[], purpose: KeyPurpose, now: number): KeyEntry | undefined {
  let newest: KeyEntry | undefined;
  for (const key of keys) {
    if (key.purpose !== purpose || key.activatesAt === null || key.activatesAt > now) continue;
    if (newest === undefined || key.activatesAt >= newest.activatesAt!) newest = key;
  }
  return newest !== undefined && usable(newest, purpose) ? newest : undefined;
}

function nextKey(keys: readonly KeyEntry[], purpose: KeyPurpose, now: number): KeyEntry | undefined {
  return keys.find((key) => usable(key, purpose) && (key.activatesAt === null || key.activatesAt > now));
}

function statusOf(key: KeyEntry, current: KeyEntry | undefined, now: number): KeyStatus {
  if (key.retiredAt !== undefined) return 'retired';
  if (key.badAt !== undefined) return 'bad';
  if (key === current) return 'current';
  return key.activatesAt === null || key.activatesAt > now ? 'next' : 'previous';
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}
