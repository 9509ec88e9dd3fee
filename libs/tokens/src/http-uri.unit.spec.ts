// When two URIs are one resource: RFC 9449 section 4.3 with the normal form of RFC 3986 section 6.2.
import { normalHttpUri, sameHttpUri } from './index.js';

const token = 'https://id.example/oauth/token';

describe('the URI of a proof', () => {
  it.each([
    token,
    `${token}?a=b`,
    `${token}#top`,
    `${token}?#`,
    'HTTPS://ID.example/oauth/token',
    'https://id.example:443/oauth/token',
    'https://id.example/oauth/../oauth/./token',
    'https://id.example/oauth/%74oken',
  ])('is the same as %s', (claimed) => {
    expect(sameHttpUri(claimed, token)).toBe(true);
  });

  it.each([
    'http://id.example/oauth/token',
    'https://id.example:8443/oauth/token',
    'https://id.example/oauth/token/',
    'https://id.example/oauth/Token',
    'https://id.example/oauth%2ftoken',
    'https://id.example.evil.example/oauth/token',
    'https://user@id.example/oauth/token',
    'https:/id.example/oauth/token',
    'https:\\\\id.example\\oauth\\token',
    ' https://id.example/oauth/token',
    'https://id.example/oau\tth/token',
    'ftp://id.example/oauth/token',
    '/oauth/token',
    '',
    'https://',
  ])('is another than %j', (claimed) => {
    expect(sameHttpUri(claimed, token)).toBe(false);
  });

  it('has one normal form for escapes, empty paths and IPv6 hosts', () => {
    expect(normalHttpUri('http://A.example?x')).toBe('http://a.example/');
    expect(normalHttpUri('http://a.example/%e9%7E')).toBe('http://a.example/%E9~');
    expect(normalHttpUri('http://[::1]:80/a')).toBe('http://[::1]/a');
  });
});
