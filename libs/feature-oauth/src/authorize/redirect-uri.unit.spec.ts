// Redirect URIs: the same string or a loopback port, nothing else; what is added; where forms may end.
import { formActionSource, isRegistered, withParameters } from './redirect-uri.js';

const registered = [
  'http://127.0.0.1/callback',
  'http://[::1]:8080/cb?app=1',
  'https://app.example/cb',
  'com.example.app:/oauth',
];

describe('a redirect URI', () => {
  it.each([
    'http://127.0.0.1/callback',
    'http://127.0.0.1:1/callback',
    'http://127.0.0.1:65535/callback',
    'http://[::1]/cb?app=1',
    'http://[::1]:49152/cb?app=1',
    'https://app.example/cb',
    'com.example.app:/oauth',
  ])('%s is a registered one', (uri) => {
    expect(isRegistered(uri, registered)).toBe(true);
  });

  it.each([
    ['of another path', 'http://127.0.0.1:49152/callback/'],
    ['with a query', 'http://127.0.0.1:49152/callback?x=1'],
    ['without its query', 'http://[::1]:49152/cb'],
    ['with a fragment', 'http://127.0.0.1:49152/callback#x'],
    ['with another scheme', 'https://127.0.0.1/callback'],
    ['with the scheme in capitals', 'HTTP://127.0.0.1/callback'],
    ['by name', 'http://localhost:49152/callback'],
    ['by another loopback address', 'http://127.0.0.2/callback'],
    ['by the other loopback address', 'http://[::1]:49152/callback'],
    ['by the address in another form', 'http://127.1/callback'],
    ['with a user', 'http://a@127.0.0.1/callback'],
    ['with an address in the user part', 'http://127.0.0.1:80@evil.example/callback'],
    ['with a longer host', 'http://127.0.0.1.evil.example/callback'],
    ['with port 0', 'http://127.0.0.1:0/callback'],
    ['with a port out of range', 'http://127.0.0.1:65536/callback'],
    ['with a padded port', 'http://127.0.0.1:08080/callback'],
    ['with an empty port', 'http://127.0.0.1:/callback'],
    ['with a port where it is no loopback', 'https://app.example:8443/cb'],
    ['below the registered one', 'https://app.example/cb/../x'],
    ['in another case', 'https://app.example/CB'],
    ['with a line break', 'http://127.0.0.1:49152/callback\n'],
    ['empty', ''],
  ])('%s is refused', (_case, uri) => {
    expect(isRegistered(uri, registered)).toBe(false);
  });

  it('keeps its own query when an answer is added', () => {
    expect(withParameters('https://a.example/cb?x=1', { code: 'c&d', state: undefined })).toBe(
      'https://a.example/cb?x=1&code=c%26d',
    );
    expect(withParameters('com.example.app:/cb', { state: 'ü ' })).toBe('com.example.app:/cb?state=%C3%BC+');
  });

  it('is admitted by its origin, or by its scheme where the policy has no words for the origin', () => {
    expect(formActionSource('http://127.0.0.1:49152/callback')).toBe('http://127.0.0.1:49152');
    expect(formActionSource('https://app.example/cb')).toBe('https://app.example');
    expect(formActionSource('http://[::1]:49152/cb')).toBe('http:');
    expect(formActionSource('com.example.app:/oauth')).toBe('com.example.app:');
  });
});
