// Somebody whose life is full of secrets: signs in, refreshes and calls. Every secret is planted before it is
// sent.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { newDeviceKey, newId, signProof, tokenHash } from '../tools/client/index.js';
import type { DeviceKey } from '../tools/client/index.js';
import type { Canaries } from './canaries.js';
import { Wire } from './wire.js';
import type { Answered } from './wire.js';

const redirectUri = 'http://127.0.0.1:49152/callback';

/** What an app holds of a session. */
export interface Session {
  readonly clientId: string;
  readonly key: DeviceKey | undefined;
  accessToken: string;
  refreshToken: string;
}

/** Somebody with an address, a device and a password, all of them secret. */
export class Somebody {
  readonly email: string;
  password: string;
  readonly wire: Wire;
  /** A proof as it was sent, for who copies it. */
  lastProof = '';

  constructor(
    origin: string,
    readonly name: string,
    private readonly canaries: Canaries,
  ) {
    const mark = randomBytes(6).toString('hex');
    const octet = 1 + ((randomBytes(1)[0] as number) % 250);
    this.email = canaries.plant(`${name}'s e-mail`, `canary-${mark}@mail-${mark}.example.org`);
    this.password = canaries.plant(`${name}'s password`, `canary "password" ${mark} & more`);
    const address = canaries.plant(
      `${name}'s address`,
      `2001:db8:${mark.slice(0, 4)}:${mark.slice(4, 8)}::${octet}`,
    );
    const userAgent = canaries.plant(`${name}'s device`, `CanaryPhone/${mark} (${name}'s own ${mark})`);
    this.wire = new Wire(origin, { address, userAgent });
  }

  secret(what: string): string {
    return this.canaries.plant(`${this.name}'s ${what}`, `canary-${what.replaceAll(' ', '-')}-${newId()}`);
  }

  async signUp(): Promise<void> {
    const { status, text } = await this.wire.submit('/sign-up', {
      username: this.email,
      password: this.password,
    });
    this.plantForm();
    if (status !== 200) throw new Error(`sign-up: ${status} ${text}`);
  }

  /** Signs in by the page and exchanges the code. */
  async signIn(clientId: 'demo-phone' | 'demo-bearer'): Promise<Session> {
    const key = clientId === 'demo-phone' ? await this.newKey() : undefined;
    const { code, verifier } = await this.code(clientId, key);
    const form = { grant_type: 'authorization_code', code, code_verifier: verifier };
    const answer = await this.token({ ...form, redirect_uri: redirectUri, client_id: clientId }, key);
    return this.hold(answer, { clientId, key, accessToken: '', refreshToken: '' });
  }

  async code(
    clientId: string,
    key?: DeviceKey,
  ): Promise<{ readonly code: string; readonly verifier: string }> {
    const verifier = this.canaries.plant(`${this.name}'s verifier`, randomBytes(32).toString('base64url'));
    const url = this.authorizeUrl(clientId, { verifier, jkt: key?.thumbprint });
    const { headers, status } = await this.wire.submit(url, {
      username: this.email,
      password: this.password,
    });
    this.plantForm();
    const location = headers.get('location');
    if (location === null) throw new Error(`sign-in: ${status}`);
    const code = this.canaries.plant(`${this.name}'s code`, new URL(location).searchParams.get('code') ?? '');
    return { code, verifier };
  }

  authorizeUrl(clientId: string, with_: { readonly verifier: string; readonly jkt?: string }): string {
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: clientId,
      redirect_uri: redirectUri,
      scope: 'offline_access profile',
      state: this.secret('state'),
      code_challenge: createHash('sha256').update(with_.verifier).digest('base64url'),
      code_challenge_method: 'S256',
      ...(with_.jkt === undefined ? {} : { dpop_jkt: with_.jkt }),
    });
    return `/authorize?${query}`;
  }

  async refresh(session: Session): Promise<void> {
    const { refreshToken, clientId, key } = session;
    const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: clientId };
    this.hold(await this.token(form, key, { ath: tokenHash(refreshToken) }), session);
  }

  /** A request to the token endpoint; sent again with a nonce when it is asked for one. */
  async token(
    form: Readonly<Record<string, string>>,
    key?: DeviceKey,
    claims: Readonly<Record<string, unknown>> = {},
  ): Promise<Answered> {
    const attempt = key && this.secret('attempt');
    const send = (): Promise<Answered> => {
      const said = { htm: 'POST', htu: `${this.wire.origin}/token`, attempt, ...claims };
      const proof = key && this.proof(key, said);
      return this.wire.form('/token', form, proof === undefined ? {} : { dpop: proof });
    };
    const answer = await send();
    return answer.text.includes('use_dpop_nonce') ? send() : answer;
  }

  /** A request to /v1 with the session's access token. */
  async call(
    session: Session,
    path: string,
    { method = 'GET', body }: { method?: string; body?: object } = {},
  ) {
    const { key, accessToken } = session;
    const htu = `${this.wire.origin}${path.split('?')[0]}`;
    const send = (): Promise<Answered> => {
      const proof = key && this.proof(key, { htm: method, htu, ath: tokenHash(accessToken) });
      const type = body === undefined ? undefined : { 'content-type': 'application/json' };
      const headers = {
        ...type,
        authorization: `${key ? 'DPoP' : 'Bearer'} ${accessToken}`,
        ...(proof && { dpop: proof }),
      };
      return this.wire.send(path, { method, headers, body: body && JSON.stringify(body) });
    };
    const answer = await send();
    return answer.text.includes('use_dpop_nonce') ? send() : answer;
  }

  async newKey(): Promise<DeviceKey> {
    const key = await newDeviceKey();
    const { d = '' } = key.privateKey.export({ format: 'jwk' });
    this.canaries.plant(`${this.name}'s private key`, d);
    this.canaries.plant(`${this.name}'s private key, its bytes`, Buffer.from(d, 'base64url'));
    return key;
  }

  /** A proof is a secret while it can be used, and so is its id, which stands for it. */
  proof(key: DeviceKey, claims: Readonly<Record<string, unknown>>, header = {}): string {
    const jti = this.canaries.plant(`${this.name}'s proof id`, randomUUID());
    this.lastProof = signProof(key, { jti, nonce: this.wire.nonce, ...claims }, header);
    this.canaries.plant(`${this.name}'s proof`, this.lastProof.split('.')[2] ?? '');
    return this.lastProof;
  }

  private hold(answer: Answered, session: Session): Session {
    if (answer.status !== 200) throw new Error(`tokens: ${answer.status} ${answer.text}`);
    const { access_token: access, refresh_token: refresh } = JSON.parse(answer.text) as Record<
      string,
      string
    >;
    session.accessToken = this.canaries.plant(`${this.name}'s access token`, access ?? '');
    this.canaries.plant(
      `${this.name}'s access token, its signature`,
      session.accessToken.split('.')[2] ?? '',
    );
    session.refreshToken = this.canaries.plant(`${this.name}'s refresh token`, refresh ?? '');
    const bytes = Buffer.from(session.refreshToken.slice('sprt_'.length), 'base64url');
    this.canaries.plant(`${this.name}'s refresh token, its secret`, bytes.subarray(26, 58));
    return session;
  }

  /** The cookie and the hidden field that go with a form. */
  private plantForm(): void {
    for (const [name, value] of this.wire.cookies)
      this.canaries.plant(`${this.name}'s cookie ${name}`, value);
  }
}
