// The list of codes against what is really thrown: one way to reach each, and none that is not on the list.
import {
  codeOfAsync,
  ids,
  ISSUER,
  master,
  MemorySecrets,
  newPhoneKey,
  newProof,
  newRing,
  NOON,
  otherMaster,
  segment,
  SESSION_ID,
  signJws,
  TOKEN_URL,
} from './spec-examples.js';
import {
  Credentials,
  fingerprint,
  isTokenError,
  KeyProofs,
  KeyRing,
  MasterKey,
  mintAccessToken,
  mintFirst,
  mintSuccessor,
  parseRefreshToken,
  PersonalKeys,
  ProofNonces,
  Sealer,
  TOKEN_ERROR_CODES,
  TokenError,
  verifyAccessToken,
  type AccessTokenClaims,
  type TokenErrorCode,
} from './index.js';

type Ways = { readonly [code in TokenErrorCode]: () => unknown };

const place = { stream: 's', eventId: 'e' };
const sealed = Buffer.alloc(40).toString('base64url');

/** One way to reach each code. */
async function newWays(): Promise<Ways> {
  const { ring, parts, store } = await newRing();
  const elsewhere = (await newRing()).ring;
  return {
    ...refreshWays(ring, elsewhere),
    ...(await proofWays(ring)),
    ...(await accessWays(ring)),
    ...sealedWays(ring, elsewhere),
    ...(await restWays()),
    master_key_malformed: () => new MasterKey(new Uint8Array(31)),
    master_key_wrong: () => new KeyRing({ ...parts, master: otherMaster }).load(),
    key_ring_damaged: () => {
      const keys = new Map(store.entries).set('key', new Map());
      return new KeyRing({ ...parts, store: Object.assign(new MemorySecrets(), { entries: keys }) }).load();
    },
    key_ring_contended: async () => {
      const lost = (await newRing()).store;
      const other = new KeyRing({ ...parts, store: lost });
      lost.putIfAbsent = async () => new Uint8Array(1);
      return other.rotate('nonce');
    },
    key_not_found: () => ring.markBad('00000000'),
    key_purpose_fixed: () => ring.rotate('index'),
  };
}

function refreshWays(ring: KeyRing, elsewhere: KeyRing) {
  const first = { sessionId: SESSION_ID, keyBound: true, secret: new Uint8Array(32) };
  const text = mintFirst(first, ring.current('refresh'));
  const presented = parseRefreshToken(text, ring);
  return {
    refresh_token_malformed: () => parseRefreshToken('sprt_', ring),
    refresh_key_unknown: () => parseRefreshToken(mintFirst(first, elsewhere.current('refresh')), ring),
    refresh_token_tag_wrong: () => parseRefreshToken(`${text.slice(0, 60)}BBBB${text.slice(64)}`, ring),
    refresh_key_retired: () => mintSuccessor(presented, { ...presented.key, status: 'retired' }),
    refresh_generations_exhausted: () =>
      mintSuccessor({ ...presented, generation: 0xffffffff }, presented.key),
  };
}

async function proofWays(ring: KeyRing) {
  const proofs = new KeyProofs();
  const nonces = new ProofNonces(ring);
  const phone = newPhoneKey();
  const judge = (change: Parameters<typeof newProof>[1], more = {}) =>
    proofs.verify(proofs.parse(newProof(phone, change)), { method: 'POST', url: TOKEN_URL, ...more });
  const notOnCurve = { ...phone.jwk, x: Buffer.alloc(32, 1).toString('base64url') };
  return {
    proof_missing: () => proofs.parse(undefined),
    proof_malformed: () => proofs.parse('a.b.c'),
    proof_alg_unsupported: () => judge({ header: { alg: 'none' } }),
    proof_private_key: () => judge({ header: { jwk: phone.privateJwk } }),
    proof_nonce_missing: () => nonces.check(undefined, NOON),
    proof_nonce_unknown: () => nonces.check('x', NOON),
    proof_nonce_old: () => nonces.check(nonces.mint(NOON), NOON * 2),
    proof_htm_mismatch: () => judge({ claims: { htm: 'GET' } }),
    proof_htu_mismatch: () => judge({ claims: { htu: ISSUER } }),
    proof_missing_ath: () => judge({}, { token: 'a', athRequired: true }),
    proof_ath_mismatch: () => judge({ claims: { ath: fingerprint('b') } }, { token: 'a' }),
    proof_key_invalid: () => judge({ header: { jwk: notOnCurve } }),
    proof_signature_invalid: () => judge({ header: { jwk: newPhoneKey().jwk } }),
  };
}

async function accessWays(ring: KeyRing) {
  const claims = { iss: ISSUER, aud: 'a', exp: NOON / 1_000 } as unknown as AccessTokenClaims;
  const token = await mintAccessToken(claims, ring.current('signing'));
  const judge = (text: string, change = {}) =>
    verifyAccessToken(text, ring, { now: NOON - 1, issuer: ISSUER, audience: 'a', ...change });
  const withHeader = (header: object) => judge(signJws(newPhoneKey(), header, claims));
  return {
    access_token_malformed: () => judge('a.b.c'),
    access_token_typ_mismatch: () => withHeader({ typ: 'JWT' }),
    access_token_alg_unsupported: () => withHeader({ typ: 'at+jwt', alg: 'none' }),
    access_token_key_unknown: () => withHeader({ typ: 'at+jwt', alg: 'ES256', kid: '00000000' }),
    access_token_signature_invalid: () => judge(token.replace(/\..*\./, `.${segment({})}.`)),
    access_token_issuer_mismatch: () => judge(token, { issuer: 'b' }),
    access_token_audience_mismatch: () => judge(token, { audience: 'b' }),
    access_token_expired: () => judge(token, { now: NOON }),
  };
}

function sealedWays(ring: KeyRing, elsewhere: KeyRing) {
  const [here, there] = [new Sealer(ring, ids), new Sealer(elsewhere, ids)];
  const box = (sealer = here) => sealer.seal('code', {}, { now: NOON, ttlMs: 1 });
  return {
    sealed_malformed: () => here.unseal('code', 'x', NOON),
    sealed_key_unknown: () => here.unseal('code', box(there), NOON),
    sealed_altered: () => here.unseal('form', box(), NOON),
    sealed_expired: () => here.unseal('code', box(), NOON + 1),
  };
}

async function restWays() {
  const parts = { store: new MemorySecrets(), master, ids };
  const keys = new PersonalKeys(parts);
  await keys.create('anna');
  const credentials = new Credentials(master, ids);
  return {
    personal_malformed: () => keys.open('anna', place, '='),
    personal_altered: () => keys.open('anna', place, sealed),
    personal_key_damaged: () =>
      new PersonalKeys({ ...parts, master: otherMaster }).open('anna', place, sealed),
    credential_malformed: async () => credentials.open(place, '='),
    credential_altered: async () => credentials.open(place, sealed),
  };
}

describe('the codes', () => {
  it.each(TOKEN_ERROR_CODES)('%s can be reached', async (code) => {
    const ways = await newWays();
    expect(await codeOfAsync((async () => ways[code]())())).toBe(code);
  });

  it('are each on the list once', () => {
    expect(new Set(TOKEN_ERROR_CODES).size).toBe(TOKEN_ERROR_CODES.length);
  });

  it('narrow an error to its class', () => {
    const error: unknown = new TokenError('proof_missing', { hint: 'none sent' });
    expect(isTokenError(error)).toBe(true);
    expect(isTokenError(error, 'proof_missing', 'proof_malformed')).toBe(true);
    expect(isTokenError(error, 'proof_malformed')).toBe(false);
    expect(isTokenError(new Error('proof_missing'))).toBe(false);
    expect(String(error)).toBe('TokenError: proof_missing: none sent');
  });
});
