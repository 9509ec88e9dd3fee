// Tags of networks that are the same in all accounts: each day has a key of its own, destroyed after 90 days.
import { BoundedCache } from '@sallyport/engine';
import type { Clock, Ids, SecretStore } from '@sallyport/engine';
import { macKey } from './bytes.js';
import { TokenError } from './errors.js';
import type { MacKey } from './mac-key.js';
import type { MasterKey } from './master-key.js';
import { networkOf } from './personal-data.js';

const KIND = 'network-day';
const KEY_BYTES = 32;
const DAY_MS = 86_400_000;
const DAYS_KEPT = 90;
const KNOWN_TAGS = 50_000;
/** 66 bits: among ten million networks of a day two share a tag once in a million days. */
const TAG_CHARS = 11;

interface DayKey {
  readonly mac: MacKey;
  readonly known: BoundedCache<string>;
}

export interface DayTagsParts {
  readonly store: SecretStore;
  readonly master: MasterKey;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * Keys of UTC days in the secret store, wrapped by the master key. While a day's key exists, whoever has it
 * and the master key can try addresses against the tags of that day; afterwards nobody can. Errors of the
 * store pass through; a damaged entry throws `personal_key_damaged`.
 */
export class DayTags {
  readonly #parts: DayTagsParts;
  /** By number of the day since the epoch: today's, and the neighbours that clocks of replicas may name. */
  readonly #days = new Map<number, DayKey>();

  constructor(parts: DayTagsParts) {
    this.#parts = parts;
  }

  /**
   * 11 characters that stand for a network address (IPv6: its /64) today, in every account, and mean nothing
   * on another day.
   */
  tag(address: string): string | Promise<string> {
    const day = dayOf(this.#parts.clock.now());
    const key = this.#days.get(day);
    return key === undefined ? this.#load(day).then((made) => tagOf(made, address)) : tagOf(key, address);
  }

  /**
   * Makes the keys of today and tomorrow, so that no request waits at midnight, and destroys those of days 90
   * and more days ago; resolves with the names of those.
   */
  async keep(): Promise<readonly string[]> {
    const { store, clock } = this.#parts;
    const today = dayOf(clock.now());
    await this.#load(today);
    await this.#load(today + 1);
    const oldest = nameOf(today - DAYS_KEPT + 1);
    const entries = await store.list(KIND);
    const ended = entries.map(({ name }) => name).filter((name) => name < oldest);
    for (const name of ended) await store.delete(KIND, name);
    for (const day of this.#days.keys()) if (Math.abs(day - today) > 1) this.#days.delete(day);
    return ended;
  }

  async #load(day: number): Promise<DayKey> {
    const { store, master, ids } = this.#parts;
    const entry = { kind: KIND, name: nameOf(day) };
    // Of two replicas that make a day's key, both get the one that was stored.
    const stored =
      (await store.get(KIND, entry.name)) ??
      (await store.putIfAbsent(KIND, entry.name, master.wrap(entry, ids.bytes(KEY_BYTES), ids)));
    const plain = master.unwrap(entry, stored);
    if (plain === undefined) throw new TokenError('personal_key_damaged', { hint: `of ${entry.name}` });
    const known = this.#days.get(day);
    if (known !== undefined) return known;
    const made = { mac: macKey(plain, 'network', 'day-tag'), known: new BoundedCache<string>(KNOWN_TAGS) };
    this.#days.set(day, made);
    return made;
  }
}

function tagOf({ mac, known }: DayKey, address: string): string {
  const made = known.get(address);
  if (made !== undefined) return made;
  const tag = mac.of(networkOf(address)).toString('base64url').slice(0, TAG_CHARS);
  known.set(address, tag);
  return tag;
}

function dayOf(ms: number): number {
  return Math.floor(ms / DAY_MS);
}

/** Such as `2026-11-02`: these sort as days do. */
function nameOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}
