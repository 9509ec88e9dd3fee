// Which key proofs cannot be parsed: RFC 9449 section 4.2, what JOSE forbids, and our own limits.
import { codeOf, newPhoneKey, newProof, TOKEN_URL } from './spec-examples.js';
import { KeyProofs } from './index.js';

const phone = newPhoneKey();
const proofs = new KeyProofs();

describe('a key proof is malformed', () => {
  it.each<[string, Record<string, unknown>]>([
    ['without jti', { jti: undefined }],
    ['with an empty jti', { jti: '' }],
    ['with a jti of 257 characters', { jti: 'j'.repeat(257) }],
    ['with a jti that is a number', { jti: 7 }],
    ['without htm', { htm: undefined }],
    ['without htu', { htu: undefined }],
    ['with htu in a list', { htu: [TOKEN_URL] }],
    ['without iat', { iat: undefined }],
    ['with iat as text', { iat: '1' }],
    ['with a nonce that is a number', { nonce: 5 }],
    ['with a nonce that is null', { nonce: null }],
    ['with an ath that is an object', { ath: {} }],
    ['with an attempt of 15 characters', { attempt: 'a'.repeat(15) }],
    ['with an attempt of 129 characters', { attempt: 'a'.repeat(129) }],
    ['with an attempt outside base64url', { attempt: 'a'.repeat(16) + '+' }],
    ['with an attempt that is a number', { attempt: 1e20 }],
  ])('%s', (_, claims) => {
    expect(codeOf(() => proofs.parse(newProof(phone, { claims })))).toBe('proof_malformed');
  });

  it.each<[string, Record<string, unknown>]>([
    ['of another type', { typ: 'JWT' }],
    ['without a type', { typ: undefined }],
    ['with critical extensions', { crit: ['b64'], b64: false }],
    ['without a key', { jwk: undefined }],
    ['with a key that is text', { jwk: 'key' }],
    ['with a key on another curve', { jwk: { ...phone.jwk, crv: 'P-384' } }],
    ['with a key of another algorithm', { jwk: newPhoneKey('EdDSA').jwk }],
    ['with a coordinate too short', { jwk: { ...phone.jwk, x: 'AAAA' } }],
    [
      'with a coordinate spelled with stray bits',
      { jwk: { ...phone.jwk, x: strayBits(phone.jwk.x as string) } },
    ],
  ])('%s', (_, header) => {
    expect(codeOf(() => proofs.parse(newProof(phone, { header })))).toBe('proof_malformed');
  });

  it.each(['7', '[]', 'null', '"text"', '{', ''])('with %s for its header or its claims', (text) => {
    const bad = Buffer.from(text).toString('base64url');
    const [header, payload, signature] = newProof(phone).split('.');
    expect(codeOf(() => proofs.parse(`${bad}.${payload}.${signature}`))).toBe('proof_malformed');
    expect(codeOf(() => proofs.parse(`${header}.${bad}.${signature}`))).toBe('proof_malformed');
  });

  it('with a signature in DER, or cut short', () => {
    const [header, payload, signature] = newProof(phone).split('.') as [string, string, string];
    for (const end of [signature.slice(0, 84), Buffer.alloc(71, 0x30).toString('base64url')]) {
      expect(codeOf(() => proofs.parse(`${header}.${payload}.${end}`))).toBe('proof_malformed');
    }
  });
});

function strayBits(text: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return text.slice(0, -1) + alphabet[alphabet.indexOf(text.at(-1)!) ^ 1];
}
