// What the environment may say, and how all of its mistakes are told at once.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { shippedCountryFile } from '@sallyport/adapter-geoip';
import { readConfig, settingDescriptions } from './config.js';

const production = { SALLYPORT_ISSUER: 'https://login.example.org', SALLYPORT_MASTER_KEY: 'ab'.repeat(32) };
// Not one repeated byte: such a key is refused.
const key = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('hex');
const good = { ...production, SALLYPORT_MASTER_KEY: key };

describe('the configuration', () => {
  it('needs nothing in development, and has sign-up and the demo clients there', () => {
    const { config } = readConfig({});
    expect(config).toMatchObject({
      http: { host: '127.0.0.1', port: 3000, maxInFlight: 256, trustedProxies: [] },
      identity: { issuer: undefined, development: true, signUp: true, freshSeconds: 300 },
      masterKey: undefined,
      logLevel: 'info',
      tests: { clock: false, bus: false, synchronous: 'FULL', commitDelayMs: 0 },
    });
    expect(config?.clients.map(({ clientId, keyBound }) => [clientId, keyBound])).toEqual([
      ['demo-phone', true],
      ['demo-bearer', false],
    ]);
    expect(config?.clients[0]).toMatchObject({
      redirectUris: ['http://127.0.0.1/callback'],
      scopes: ['offline_access', 'profile'],
      graceSeconds: 0,
      accessTokenSeconds: 300,
    });
  });

  it('closes sign-up outside development unless it is asked for', () => {
    expect(readConfig(good).config?.identity).toMatchObject({ development: false, signUp: false });
    expect(readConfig({ ...good, SALLYPORT_SIGN_UP: 'on' }).config?.identity.signUp).toBe(true);
  });

  it('wants a master key of one place outside development', () => {
    expect(readConfig({ SALLYPORT_ISSUER: 'https://login.example.org' }).mistakes).toEqual([
      expect.stringMatching(/^SALLYPORT_MASTER_KEY_FILE is missing: .*openssl rand -hex 32/),
    ]);
    const both = { ...good, SALLYPORT_MASTER_KEY_FILE: '/nowhere' };
    expect(readConfig(both).mistakes).toEqual([expect.stringMatching(/both set/)]);
    expect(readConfig(production).mistakes).toEqual([expect.stringMatching(/every byte is the same/)]);
  });

  it('shows nothing of a master key that it refuses', () => {
    const { mistakes } = readConfig({ SALLYPORT_MASTER_KEY: 'canary-secret' });
    expect(mistakes).toHaveLength(1);
    expect(mistakes?.join()).not.toContain('canary');
  });

  it('tells all mistakes at once', () => {
    const { mistakes } = readConfig({
      PORT: '70000',
      SALLYPORT_ISSUER: 'http://login.example.org',
      SALLYPORT_SIGN_UP: 'yes',
      SALLYPORT_ACCESS_TOKEN_SECONDS: '3601',
      SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8, elsewhere',
      SALLYPORT_CLIENTS_FILE: '/nowhere/clients.json',
      SALLYPORT_MASTER_KEY_FILE: '/nowhere/key',
      SALLYPORT_GEO_CITY_FILE: '/nowhere/city.mmdb',
      SALLYPORT_GEO_TOR_FILE: import.meta.filename,
    });
    expect(mistakes?.map((mistake) => mistake.split(/[ :]/)[0]).toSorted()).toEqual([
      'PORT',
      'SALLYPORT_ACCESS_TOKEN_SECONDS',
      'SALLYPORT_CLIENTS_FILE',
      'SALLYPORT_GEO_CITY_FILE',
      'SALLYPORT_GEO_TOR_FILE',
      'SALLYPORT_ISSUER',
      'SALLYPORT_MASTER_KEY_FILE',
      'SALLYPORT_SIGN_UP',
      'SALLYPORT_TRUSTED_PROXIES',
    ]);
  });

  it('names the nearest setting for one that does not exist', () => {
    expect(readConfig({ SALLYPORT_ISUER: 'https://x.example' }).mistakes).toEqual([
      'SALLYPORT_ISUER is not a setting. Did you mean SALLYPORT_ISSUER? Remove it otherwise.',
    ]);
  });

  it.each([
    'SALLYPORT_TEST_CLOCK=1',
    'SALLYPORT_TEST_BUS=1',
    'SALLYPORT_TEST_SYNCHRONOUS=OFF',
    'SALLYPORT_TEST_COMMIT_DELAY_MS=1',
  ])(
    'refuses %s when the issuer is not loopback',
    (setting) => {
      const [name = '', value] = setting.split('=');
      const { mistakes } = readConfig({ ...good, [name]: value });
      expect(mistakes).toEqual([expect.stringMatching(/SALLYPORT_TEST_\*/)]);
      expect(readConfig({ [name]: value }).mistakes).toBeUndefined();
    },
  );

  it('wants an issuer where it listens beyond this machine', () => {
    const { mistakes } = readConfig({ SALLYPORT_HOST: '0.0.0.0', SALLYPORT_MASTER_KEY: key });
    expect(mistakes).toEqual([expect.stringMatching(/^SALLYPORT_ISSUER is missing/)]);
  });

  it.each([
    'http://login.example.org',
    'https://login.example.org/',
    'https://login.example.org?x=1',
    'https://login.example.org#x',
    'https://user@login.example.org',
    'https://LOGIN.example.org',
    'https://login.example.org:443',
    'login.example.org',
    'ftp://login.example.org',
  ])('refuses the issuer %s', (issuer) => {
    expect(readConfig({ ...good, SALLYPORT_ISSUER: issuer }).mistakes).toContainEqual(
      expect.stringMatching(/^SALLYPORT_ISSUER /),
    );
  });

  it.each(['https://login.example.org', 'https://login.example.org:8443/tenant', 'http://127.0.0.1:3000'])(
    'takes the issuer %s',
    (issuer) => {
      expect(readConfig({ ...good, SALLYPORT_ISSUER: issuer }).config?.identity.issuer).toBe(issuer);
    },
  );

  it('takes network data by path, and refuses a country file that would answer wrongly for IPv6', () => {
    const file = shippedCountryFile();
    expect(readConfig({}).config?.geo).toEqual({});
    expect(readConfig({ SALLYPORT_GEO_COUNTRY_FILE: file }).config?.geo).toEqual({ country: file });
    const forIpv4 = join(dirname(file), 'geo-whois-asn-country-ipv4.mmdb');
    expect(readConfig({ SALLYPORT_GEO_COUNTRY_FILE: forIpv4 }).mistakes).toEqual([
      expect.stringMatching(/^SALLYPORT_GEO_COUNTRY_FILE: .*ipv4\.mmdb knows IPv4 only/),
    ]);
  });

  it('is frozen to its depths', () => {
    const { config } = readConfig({});
    expect(() => Object.assign(config?.http ?? {}, { port: 1 })).toThrow(TypeError);
    expect(Object.isFrozen(config?.clients[0]?.redirectUris)).toBe(true);
  });

  it('describes every setting it reads, and tells mistakes of a clients file by their path', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-config-'));
    const file = join(folder, 'clients.json');
    try {
      writeFileSync(file, '{"clients":[{"clientId":"x"}]}');
      const { mistakes } = readConfig({ SALLYPORT_CLIENTS_FILE: file });
      expect(mistakes).toContainEqual(expect.stringMatching(/clients\[0\]\.keyBound: must be a boolean/));
    } finally {
      rmSync(folder, { recursive: true });
    }
    expect(settingDescriptions.every(({ description }) => description.endsWith('.'))).toBe(true);
  });
});
