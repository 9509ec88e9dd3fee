// What a clients file may say, and how its mistakes are told.
import { parseClients } from './client-file.js';
import { redirectUriFault } from './redirect-uri.js';

const defaults = { accessTokenSeconds: 300 };
const phone = {
  clientId: 'phone',
  name: 'Phone app',
  redirectUris: ['com.example.app:/callback'],
  scopes: ['offline_access'],
  keyBound: true,
};
const parse = (...clients: unknown[]) => parseClients(JSON.stringify({ clients }), defaults);

describe('a clients file', () => {
  it('gives a client that names only what it must the careful defaults', () => {
    expect(parse(phone).clients).toEqual([
      {
        ...phone,
        idleSeconds: 2_592_000,
        absoluteSeconds: 31_536_000,
        graceSeconds: 0,
        accessTokenSeconds: 300,
        wrongKeyEndsSession: false,
        staleTokenEndsSession: false,
        revocationNeedsProof: false,
        requireDpopJkt: false,
        serverSide: false,
      },
    ]);
  });

  it('keeps what a client says of itself', () => {
    const strict = { ...phone, accessTokenSeconds: 60, wrongKeyEndsSession: true, serverSide: true };
    expect(parse(strict).clients).toMatchObject([strict]);
  });

  it('tells every mistake at once, each with its path', () => {
    const redirectUris = ['http://example.org/', 'x y'];
    const bad = { ...phone, keyBound: 'yes', idleSeconds: 0, redirectUris, serverSide: 1 };
    const { mistakes } = parse(bad, { ...phone, clientId: '', scopes: [] });
    expect(mistakes).toEqual([
      expect.stringMatching(/^clients\[0\]\.redirectUris: "http:\/\/example.org\/" is plain http.*"x y"/),
      'clients[0].keyBound: must be a boolean value',
      'clients[0].idleSeconds: must not be less than 1',
      'clients[0].serverSide: must be a boolean value',
      'clients[1].clientId: must be 1 to 64 letters, digits or . _ ~ -',
      'clients[1].scopes: should not be empty',
    ]);
  });

  it('refuses a member that it does not know, so that a misspelt policy is not one that is off', () => {
    expect(parse({ ...phone, wrongKeyEndSession: true }).mistakes).toEqual([
      'clients[0].wrongKeyEndSession: is not known here',
    ]);
    expect(parseClients(JSON.stringify({ clients: [phone], client: [] }), defaults).mistakes).toEqual([
      'client: is not known here',
    ]);
  });

  it('refuses an id that is used twice, and an idle time longer than the session', () => {
    const { mistakes } = parse(phone, { ...phone, idleSeconds: 10, absoluteSeconds: 5 });
    expect(mistakes).toEqual([
      'clients[1].clientId: "phone" is used twice',
      'clients[1].idleSeconds: must not be longer than absoluteSeconds',
    ]);
  });

  it('refuses a list that names one thing twice', () => {
    expect(parse({ ...phone, scopes: ['profile', 'profile'] }).mistakes).toHaveLength(1);
  });

  it('refuses an access token that would live over an hour', () => {
    expect(parse({ ...phone, accessTokenSeconds: 3601 }).mistakes).toHaveLength(1);
  });

  const shapeless = [
    '', 'null', '[]', '{}', '{"clients":[]}', '{"clients":[null]}', '{"clients":[[]]}', '{"clients":7}',
  ];
  it.each(shapeless)('refuses %j with a sentence, not an exception', (text) => {
    expect(parseClients(text, defaults).mistakes?.length).toBeGreaterThan(0);
  });
});

describe('a redirect URI', () => {
  it.each([
    'https://app.example.org/callback',
    'http://127.0.0.1/callback',
    'http://127.0.0.1:8765/callback',
    'http://[::1]/callback',
    'com.example.app:/callback',
  ])('may be %s', (uri) => {
    expect(redirectUriFault(uri)).toBeUndefined();
  });

  it.each([
    'http://example.org/callback',
    'http://localhost/callback',
    'http://127.0.0.1.example.org/',
    'https://app.example.org/#fragment',
    'https://user@app.example.org/',
    'myapp:/callback',
    'javascript:alert(1)',
    'data:text/html,x',
    '/callback',
    'https://app.example.org/\n',
    'com.example.app:/call back',
    7,
  ])('may not be %j', (uri) => {
    expect(redirectUriFault(uri)).toEqual(expect.any(String));
  });
});
