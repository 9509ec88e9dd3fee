// Secrets where they do not belong: in URLs, in headers, in wrong bodies, in requests nobody understands.
import { newId } from '../tools/client/index.js';
import type { Session, Somebody } from './scenario.js';

/** Every way to send the secrets of a session wrongly. None of these requests may succeed. */
export async function misuse(who: Somebody, session: Session): Promise<void> {
  await inUrls(who, session);
  await inBodies(who, session);
  await inHeaders(who, session);
  await wrongMethods(who, session);
  await unreadable(who, session);
}

async function inUrls(
  { wire, email, password }: Somebody,
  { refreshToken, accessToken }: Session,
): Promise<void> {
  const query = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: 'demo-phone',
    access_token: accessToken,
    username: email,
    password,
  });
  for (const path of [
    '/token',
    '/revoke',
    '/authorize',
    '/sign-up',
    '/v1/sessions',
    '/v1/timeline',
    '/v1/events',
    '/nowhere',
    '/metrics',
    '/jwks',
  ]) {
    await wire.send(`${path}?${query}`);
    await wire.send(`${path}?${query}`, { method: 'POST' });
  }
  for (const secret of [refreshToken, accessToken, email, password]) {
    const part = encodeURIComponent(secret);
    await wire.send(`/v1/sessions/${part}`, { method: 'DELETE' });
    await wire.send(`/${part}`);
    await wire.send(`/v1/devices/${part}/lost?after=${part}`, { method: 'POST' });
  }
}

async function inBodies(who: Somebody, { refreshToken, accessToken, clientId }: Session): Promise<void> {
  const { wire, email, password } = who;
  const secrets = { refresh_token: refreshToken, access_token: accessToken, username: email, password };
  for (const path of ['/token', '/revoke', '/authorize', '/sign-up', '/v1/password', '/v1/account/erasure']) {
    await wire.json(path, secrets);
    await wire.json(path, `{"refresh_token":"${refreshToken}","password":${JSON.stringify(password)},`);
    await wire.form(path, { ...secrets, client_id: clientId, grant_type: refreshToken });
    await wire.form(path, { [refreshToken]: accessToken, [email]: password });
    const headers = { 'content-type': `text/plain; boundary=${newId()}` };
    await wire.send(path, { method: 'POST', headers, body: `${refreshToken} ${password}` });
    await wire.send(path, { method: 'POST', headers: { 'content-type': email }, body: password });
    await wire.form(path, { ...secrets, filler: 'x'.repeat(20_000) });
  }
  await wire.form('/token', { grant_type: 'password', ...secrets, client_id: email, scope: password });
  await wire.form('/token', {
    grant_type: 'refresh_token',
    refresh_token: `${refreshToken}x`,
    client_id: clientId,
  });
  await wire.form('/token', {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: 'nobody',
  });
  await wire.form('/token', { grant_type: 'authorization_code', code: refreshToken, client_id: clientId });
  await wire.form('/revoke', { token: `${accessToken}.${password}`, client_id: clientId });
}

async function inHeaders(who: Somebody, session: Session): Promise<void> {
  const { wire, email, password } = who;
  const { refreshToken, accessToken } = session;
  const basic = Buffer.from(`${email}:${password}`).toString('base64');
  const headers: readonly Readonly<Record<string, string>>[] = [
    { authorization: `Basic ${basic}` },
    { authorization: `Bearer ${refreshToken}` },
    { authorization: `Bearer ${accessToken}x` },
    { authorization: `${accessToken}` },
    { authorization: `DPoP ${accessToken}`, dpop: refreshToken },
    { authorization: `DPoP ${accessToken}`, dpop: who.lastProof },
    { 'x-request-id': refreshToken },
    { 'x-request-id': `${email} ${accessToken}` },
    { referer: `http://127.0.0.1/callback?code=${refreshToken}`, cookie: `session=${accessToken}; ${email}` },
    { origin: `http://${email}`, 'accept-language': password, 'app-version': email },
  ];
  for (const set of headers) {
    await wire.send('/v1/sessions', { headers: set });
    await wire.form('/token', { grant_type: 'refresh_token', client_id: session.clientId }, set);
    await wire.send('/nowhere', { headers: set });
  }
  await privateKeyInProof(who, session);
}

/** A proof whose header holds the private key too: the gravest mistake a client can make. */
async function privateKeyInProof(who: Somebody, { refreshToken, clientId }: Session): Promise<void> {
  const key = await who.newKey();
  const jwk = key.privateKey.export({ format: 'jwk' });
  const proof = who.proof(key, { htm: 'POST', htu: `${who.wire.origin}/token` }, { jwk });
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
  await who.wire.form('/token', form, { dpop: proof });
}

async function wrongMethods({ wire, password }: Somebody, { refreshToken }: Session): Promise<void> {
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) {
    const body =
      method === 'HEAD' ? undefined : new URLSearchParams({ refresh_token: refreshToken, password });
    for (const path of ['/token', '/authorize', '/v1/password']) {
      await wire.send(`${path}?refresh_token=${refreshToken}`, { method, body });
    }
  }
}

async function unreadable({ wire, email, password }: Somebody, { refreshToken }: Session): Promise<void> {
  const line = (text: string): string => `GET /${text} HTTP/1.1\r\nHost: x\r\n\r\n`;
  await wire.raw(line(`%zz${refreshToken}`));
  await wire.raw(line(`a b${encodeURIComponent(password)}`));
  await wire.raw(`${refreshToken} ${email}\r\n\r\n`);
  await wire.raw(`POST /token HTTP/1.1\r\nHost: x\r\n${email} ${refreshToken}\r\n\r\n`);
  await wire.raw(`POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: ${refreshToken}\r\n\r\n${password}`);
  await wire.raw(`GET /token HTTP/1.1\r\nHost: x\r\nX-Long: ${refreshToken.repeat(200)}\r\n\r\n`);
}
