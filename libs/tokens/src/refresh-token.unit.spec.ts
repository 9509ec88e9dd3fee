// What the refresh token codec promises: exact round trips, one spelling, and no altered token past the tag.
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { codeOf, ISSUER, master, mutations, newRing, SESSION_ID } from './spec-examples.js';
import {
  fingerprint,
  KeyRing,
  mintFirst,
  mintSuccessor,
  parseRefreshToken,
  REFRESH_TOKEN_LENGTH,
} from './index.js';

const secret = new Uint8Array(32).fill(7);
const first = { sessionId: SESSION_ID, keyBound: true, secret };

describe('a refresh token', () => {
  it('comes back from its text as it was minted, under any session id, secret and kind', async () => {
    const { ring } = await newRing();
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(
      fc.property(bytes(16), bytes(32), fc.boolean(), (session, random, keyBound) => {
        const sessionId = Buffer.from(session).toString('base64url');
        const text = mintFirst({ sessionId, keyBound, secret: random }, ring.current('refresh'));
        const parsed = parseRefreshToken(text, ring);
        expect(parsed).toMatchObject({
          sessionId,
          keyBound,
          generation: 0,
          keyId: ring.current('refresh').id,
        });
        expect([...parsed.secret]).toEqual([...random]);
      }),
    );
  });

  it('is 125 characters of a fixed shape', async () => {
    const { ring } = await newRing();
    const text = mintFirst(first, ring.current('refresh'));
    expect(text).toMatch(/^sprt_[A-Za-z0-9_-]{120}$/);
    expect(text).toHaveLength(REFRESH_TOKEN_LENGTH);
  });

  it('is refused with a reason after any change of any character', async () => {
    const { ring } = await newRing();
    const text = mintFirst(first, ring.current('refresh'));
    const reasons = new Set(
      [...mutations(text, 4)].map((altered) => codeOf(() => parseRefreshToken(altered, ring))),
    );
    expect([...reasons].sort()).toEqual([
      'refresh_key_unknown',
      'refresh_token_malformed',
      'refresh_token_tag_wrong',
    ]);
  });

  it.each([
    '',
    'sprt_',
    'x',
    'sprt_'.padEnd(REFRESH_TOKEN_LENGTH, 'A'),
    'sprt_'.padEnd(200, 'A'),
    'é'.repeat(125),
  ])('is malformed as %j', async (text) => {
    const { ring } = await newRing();
    expect(codeOf(() => parseRefreshToken(text, ring))).toBe('refresh_token_malformed');
  });

  it('is malformed in another version or with a flag that has no meaning yet', async () => {
    const { ring } = await newRing();
    const bytes = Buffer.from(mintFirst(first, ring.current('refresh')).slice(5), 'base64url');
    for (const head of [
      [2, 1],
      [0, 1],
      [1, 2],
      [1, 129],
    ]) {
      const altered = `sprt_${Buffer.concat([Buffer.from(head), bytes.subarray(2)]).toString('base64url')}`;
      expect(codeOf(() => parseRefreshToken(altered, ring))).toBe('refresh_token_malformed');
    }
  });

  it('is malformed with padding, a prefix in capitals, or white space', async () => {
    const { ring } = await newRing();
    const text = mintFirst(first, ring.current('refresh'));
    for (const altered of [`${text}=`, ` ${text}`, `${text}\n`, text.replace('sprt_', 'SPRT_')]) {
      expect(codeOf(() => parseRefreshToken(altered, ring))).toBe('refresh_token_malformed');
    }
  });

  it('of another issuer with the same keys does not pass', async () => {
    const { ring, parts } = await newRing();
    const other = new KeyRing({ ...parts, master, issuer: `${ISSUER}/b` });
    await other.load();
    const text = mintFirst(first, other.current('refresh'));
    expect(codeOf(() => parseRefreshToken(text, ring))).toBe('refresh_token_tag_wrong');
  });

  it('still parses under a retired or bad key, and says so', async () => {
    const { ring } = await newRing();
    const text = mintFirst(first, ring.current('refresh'));
    const { key } = parseRefreshToken(text, ring);
    await ring.markBad(key.id);
    expect(parseRefreshToken(text, ring).key.status).toBe('bad');
    await ring.retireRefreshKeys();
    expect(parseRefreshToken(text, ring).key.status).toBe('retired');
  });
});

describe('a successor', () => {
  it('is the same text however often it is derived, whatever key is current by then', async () => {
    const { ring } = await newRing();
    const presented = mintFirst(first, ring.current('refresh'));
    const keyOfSuccessor = ring.current('refresh');
    const successor = mintSuccessor(parseRefreshToken(presented, ring), keyOfSuccessor);
    for (let round = 0; round < 3; round += 1) {
      await ring.rotate('refresh');
      const key = ring.refreshKey(keyOfSuccessor.id)!;
      expect(mintSuccessor(parseRefreshToken(presented, ring), key)).toBe(successor);
    }
  });

  it('keeps session and kind, counts one up and carries the id of its own key', async () => {
    const { ring } = await newRing();
    const presented = mintFirst({ ...first, keyBound: false }, ring.current('refresh'));
    await ring.rotate('refresh');
    const successor = parseRefreshToken(
      mintSuccessor(parseRefreshToken(presented, ring), ring.current('refresh')),
      ring,
    );
    expect(successor).toMatchObject({ sessionId: SESSION_ID, keyBound: false, generation: 1 });
    expect(successor.keyId).toBe(ring.current('refresh').id);
  });

  it('differs with the secret before it, the key, the session and the generation', async () => {
    const { ring } = await newRing();
    const key = ring.current('refresh');
    await ring.rotate('refresh');
    const base = { ...first, keyId: key.id, generation: 3 };
    const secretOf = (parts: typeof base, under = key) =>
      Buffer.from(parseRefreshToken(mintSuccessor(parts, under), ring).secret).toString('hex');
    const secrets = [
      secretOf(base),
      secretOf({ ...base, secret: new Uint8Array(32).fill(8) }),
      secretOf({ ...base, sessionId: 'BAECAwQFBgcICQoLDA0ODw' }),
      secretOf({ ...base, generation: 4 }),
      secretOf(base, ring.current('refresh')),
    ];
    expect(new Set(secrets).size).toBe(secrets.length);
  });

  it('is not minted under a retired key, nor past the last generation', async () => {
    const { ring } = await newRing();
    const key = ring.current('refresh');
    const base = { ...first, keyId: key.id, generation: 0xfffffffe };
    expect(parseRefreshToken(mintSuccessor(base, key), ring).generation).toBe(0xffffffff);
    expect(codeOf(() => mintSuccessor({ ...base, generation: 0xffffffff }, key))).toBe(
      'refresh_generations_exhausted',
    );
    await ring.retireRefreshKeys();
    expect(codeOf(() => mintSuccessor(base, ring.refreshKey(key.id)!))).toBe('refresh_key_retired');
  });
});

it('fingerprints with SHA-256 over the text', () => {
  expect(fingerprint('sprt_x')).toBe(createHash('sha256').update('sprt_x').digest('base64url'));
});
