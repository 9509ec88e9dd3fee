// Named examples that the specs of this library share: a clock to move, a store in memory, a ring, a key.
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { SecretStore } from '@sallyport/engine';
import { MovableClock, noon, RandomIds } from '@sallyport/testing';
import { KeyRing, MasterKey, TokenError, type KeyRingParts, type TokenErrorCode } from './index.js';

export const ISSUER = 'https://id.example';
export const TOKEN_URL = `${ISSUER}/token`;
export const NOON = noon;
export const SESSION_ID = 'AAECAwQFBgcICQoLDA0ODw';

/** A secret store in memory; `away` makes it fail, `reads` counts look-ups. */
export class MemorySecrets extends SecretStore {
  readonly entries = new Map<string, Map<string, Uint8Array>>();
  away: Error | undefined;
  reads = 0;

  async putIfAbsent(kind: string, name: string, wrapped: Uint8Array): Promise<Uint8Array> {
    const entries = await this.#kind(kind);
    if (!entries.has(name)) entries.set(name, wrapped);
    return entries.get(name)!;
  }
  async put(kind: string, name: string, wrapped: Uint8Array): Promise<void> {
    (await this.#kind(kind)).set(name, wrapped);
  }
  async get(kind: string, name: string): Promise<Uint8Array | undefined> {
    return (await this.#kind(kind)).get(name);
  }
  async list(kind: string): Promise<{ name: string; wrapped: Uint8Array }[]> {
    this.reads += 1;
    const entries = [...(await this.#kind(kind))];
    return entries
      .map(([name, wrapped]) => ({ name, wrapped }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
  async delete(kind: string, name: string): Promise<void> {
    (await this.#kind(kind)).delete(name);
  }
  async #kind(kind: string): Promise<Map<string, Uint8Array>> {
    await new Promise(setImmediate);
    if (this.away !== undefined) throw this.away;
    if (!this.entries.has(kind)) this.entries.set(kind, new Map());
    return this.entries.get(kind)!;
  }
}

export const master = new MasterKey(createHash('sha256').update('the master key of the examples').digest());
export const otherMaster = new MasterKey(createHash('sha256').update('another master key').digest());
export const ids = new RandomIds();

/** A ring of its own store and clock, loaded. */
export async function newRing(change: Partial<KeyRingParts> = {}) {
  const clock = new MovableClock();
  const store = new MemorySecrets();
  const parts = { store, master, ids, clock, issuer: ISSUER, ...change };
  const ring = new KeyRing(parts);
  const made = await ring.load();
  return { ring, clock, store, made, parts };
}

/** A device key as a phone holds it. */
export interface PhoneKey {
  readonly alg: 'ES256' | 'EdDSA';
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
  readonly privateJwk: Record<string, unknown>;
}

export function newPhoneKey(alg: PhoneKey['alg'] = 'ES256'): PhoneKey {
  const pair =
    alg === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return {
    alg,
    privateKey: pair.privateKey,
    jwk: { ...pair.publicKey.export({ format: 'jwk' }) },
    privateJwk: { ...pair.privateKey.export({ format: 'jwk' }) },
  };
}

/** A proof for the token endpoint, with whatever a test wants different. */
export function newProof(
  key: PhoneKey,
  change: { header?: Record<string, unknown>; claims?: Record<string, unknown> } = {},
): string {
  const claims = {
    jti: ids.id(),
    htm: 'POST',
    htu: TOKEN_URL,
    iat: Math.floor(NOON / 1_000),
    ...change.claims,
  };
  return signJws(key, { typ: 'dpop+jwt', alg: key.alg, jwk: key.jwk, ...change.header }, claims);
}

/** A compact JWS over whatever is given. */
export function signJws(
  key: Pick<PhoneKey, 'alg' | 'privateKey'>,
  header: unknown,
  payload: unknown,
): string {
  const signed = `${segment(header)}.${segment(payload)}`;
  const digest = key.alg === 'ES256' ? 'sha256' : undefined;
  const signature = sign(digest, Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

export function segment(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

/**
 * The text with one character at a time replaced by `count` others of the alphabet (or by a stranger to it).
 */
export function* mutations(text: string, count = 2): Generator<string> {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (let index = 0; index < text.length; index += 1) {
    const place = alphabet.indexOf(text[index]!);
    for (let step = 1; step <= count; step += 1) {
      // One step changes the lowest bit: in a last character, a stray one.
      const other =
        step === 1 && place >= 0 ? alphabet[place ^ 1]! : (alphabet[(place + 7 * step) % 64] ?? 'A');
      yield text.slice(0, index) + other + text.slice(index + 1);
    }
    yield `${text.slice(0, index)}+${text.slice(index + 1)}`;
  }
}

/** The code of the TokenError that the function throws. Throws on anything else, a pass included. */
export function codeOf(run: () => unknown): TokenErrorCode {
  let result: unknown;
  try {
    result = run();
  } catch (error) {
    if (error instanceof TokenError) return error.code;
    throw error;
  }
  throw new Error(`nothing was refused: ${String(result)}`);
}

/** The same of a promise. */
export async function codeOfAsync(promise: Promise<unknown>): Promise<TokenErrorCode> {
  const outcome = await promise.then(
    () => new Error('nothing was refused'),
    (error: unknown) => error,
  );
  return codeOf(() => {
    throw outcome;
  });
}

/**
 * The store answers its next call only once the function returned is called; what it answers it has read
 * before.
 */
export function holdAnswers(store: MemorySecrets, method: 'get' | 'list'): () => void {
  const original = store[method].bind(store) as (...args: string[]) => Promise<never>;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  Object.assign(store, {
    [method]: async (...args: string[]) => {
      Object.assign(store, { [method]: original });
      const answer = await original(...args);
      await released;
      return answer;
    },
  });
  return release;
}

/** Everything that waits for nothing from outside has happened. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
}
