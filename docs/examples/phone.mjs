// A key-bound client in Node alone: signs in, loses an answer and gets it again, and shows what a thief gets.
// Usage: node docs/examples/phone.mjs ISSUER EMAIL PASSWORD   (an account opened before; the client is demo-phone)
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const [issuer = 'http://127.0.0.1:3000', username = '', password = ''] = process.argv.slice(2);
const client_id = 'demo-phone';
const redirect_uri = 'http://127.0.0.1:49152/callback';
const base64url = (data) => Buffer.from(data).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest('base64url');

/** A device's key: on a real phone it is made in, and never leaves, the phone's secure hardware. */
function newDeviceKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  return { privateKey, jwk: { crv, kty, x, y }, thumbprint: sha256(JSON.stringify({ crv, kty, x, y })) };
}

/** A DPoP proof (RFC 9449 section 4.2). `ath` names the token it is sent with. */
function proof(key, { method, url, nonce, token }) {
  const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: key.jwk };
  const claims = { jti: randomBytes(16).toString('base64url'), htm: method, htu: url, iat: Math.floor(Date.now() / 1000) };
  const more = { ...(nonce ? { nonce } : {}), ...(token ? { ath: sha256(token) } : {}) };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify({ ...claims, ...more }))}`;
  const signature = sign('sha256', Buffer.from(signed), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${base64url(signature)}`;
}

let nonce;
/** POST /token; on the challenge `use_dpop_nonce` signs a new proof with the nonce of the answer. */
async function token(form, key) {
  const url = `${issuer}/token`;
  const body = new URLSearchParams({ client_id, ...form });
  for (let tries = 0; ; tries += 1) {
    const dpop = proof(key, { method: 'POST', url, nonce, token: form.refresh_token });
    const answer = await fetch(url, { method: 'POST', headers: { dpop }, body });
    nonce = answer.headers.get('dpop-nonce') ?? nonce;
    const said = await answer.json();
    if (said.error !== 'use_dpop_nonce' || tries > 0) return said;
  }
}

/** Fills in the sign-in page as a browser would; resolves with the code of the redirect. */
async function signIn(key, verifier) {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id,
    redirect_uri,
    scope: 'offline_access profile',
    state: randomBytes(16).toString('base64url'),
    code_challenge: sha256(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: key.thumbprint,
  });
  const page = await fetch(`${issuer}/authorize?${query}`);
  const cookie = page.headers.getSetCookie().map((line) => line.split(';')[0]).join('; ');
  const [, form] = /name="form" value="([^"]*)"/.exec(await page.text()) ?? [];
  const body = new URLSearchParams({ form: form ?? '', username, password });
  const answer = await fetch(`${issuer}/sign-in`, { method: 'POST', headers: { cookie }, body, redirect: 'manual' });
  const sentTo = new URL(answer.headers.get('location') ?? 'about:blank').searchParams;
  if (sentTo.get('iss') !== issuer) throw new Error(`the sign-in was refused (${answer.status})`);
  if (sentTo.get('state') !== query.get('state')) throw new Error('the answer is to another request');
  return sentTo.get('code');
}

const short = ({ refresh_token: text, error, reason }) => (text ? `...${text.slice(-8)}` : `${error} ${reason ?? ''}`);
const refresh = (refresh_token, key) => token({ grant_type: 'refresh_token', refresh_token }, key);

const key = newDeviceKey();
const code_verifier = randomBytes(32).toString('base64url');
const code = await signIn(key, code_verifier);
const first = await token({ grant_type: 'authorization_code', code, code_verifier, redirect_uri }, key);
console.log('signed in, token 0:           ', short(first));

const second = await refresh(first.refresh_token, key);
console.log('refreshed, token 1:           ', short(second));
console.log('the answer was lost, ask again:', short(await refresh(first.refresh_token, key)));
console.log('a thief with token 1, no key: ', short(await refresh(second.refresh_token, newDeviceKey())));

const third = await refresh(second.refresh_token, key);
console.log('refreshed, token 2:           ', short(third));
console.log('a restored backup, token 0:   ', short(await refresh(first.refresh_token, key)));
console.log('the session goes on, token 3: ', short(await refresh(third.refresh_token, key)));

const url = `${issuer}/v1/devices`;
const dpop = proof(key, { method: 'GET', url, nonce, token: third.access_token });
const devices = await fetch(url, { headers: { authorization: `DPoP ${third.access_token}`, dpop } });
console.log('GET /v1/devices:', JSON.stringify(await devices.json(), null, 2));
