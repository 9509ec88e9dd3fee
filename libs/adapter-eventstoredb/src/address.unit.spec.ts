// Addresses of stores: what is read out of them, and what is refused because the client would ignore it.
import { parseAddress } from './address.js';

const refused = (url: string): { code?: string; message?: string } => {
  try {
    parseAddress(url);
  } catch (error) {
    return error as { code?: string; message?: string };
  }
  return {};
};

describe('the address of an event store', () => {
  it('names one host, or several that are asked for the leader, with a port of their own or 2113', () => {
    expect(parseAddress('esdb://writer:secret@store:1113')).toMatchObject({
      hosts: [{ address: 'store', port: 1113 }],
      discover: false,
      tls: true,
    });
    const cluster = parseAddress('kurrentdb+discover://w:p@a,b:99,[::1]:7/?tls=true');
    expect(cluster.hosts).toEqual([
      { address: 'a', port: 2113 },
      { address: 'b', port: 99 },
      { address: '[::1]', port: 7 },
    ]);
    expect(cluster.discover).toBe(true);
    expect(parseAddress('esdb://w:p@a,b').discover).toBe(true);
  });

  it('names who calls, percent-encoded: a password may hold anything', () => {
    const { credentials } = parseAddress('esdb://writer:p%40ss%3Aw%2Frd%25@store');
    expect(credentials).toEqual({ username: 'writer', password: 'p@ss:w/rd%' });
    expect(parseAddress('esdb://w:a:b@store').credentials?.password).toBe('a:b');
  });

  it('takes the options of the client, in any case, as numbers where they are', () => {
    const url = 'esdb://store?TLS=false&keepAliveInterval=20000&gossip_timeout=3&connectionName=api';
    const address = parseAddress(url);
    const expected = { keepAliveIntervalMs: 20_000, gossipTimeoutSeconds: 3, connectionName: 'api' };
    expect(address).toMatchObject(expected);
    expect(refused('esdb://store?tls=false&gossipTimeout=soon').code).toBe('url_invalid');
  });

  it('is refused with credentials that the client would not send, and without any that it needs', () => {
    expect(refused('esdb://writer:secret@store?tls=false').code).toBe('credentials_in_clear');
    expect(refused('esdb://store').code).toBe('credentials_missing');
    expect(refused('esdb://store?tls=false')).toEqual({});
  });

  it.each([
    ['tlsVerifyCert=false', /tlsCAFile/],
    ['throwOnAppendFailure=false', /wrong revisions/],
    ['nodePreference=follower', /leader alone/],
    ['defaultDeadline=5', /unknown option: defaultdeadline/],
    ['colour=red', /unknown option: colour/],
  ])('is refused with %s', (option, message) => {
    const error = refused(`esdb://store?tls=false&${option}`);
    expect(error.code).toBe('option_unsupported');
    expect(error.message).toMatch(message);
  });

  it.each(['', 'http://store', 'esdb://', 'esdb://w@s', 'esdb://w:%zz@s', 'esdb://a b', 'esdb://s:99999'])(
    'is refused when it reads %p, without saying what it holds',
    (url) => {
      const error = refused(url.replace('w:', 'w:hidden'));
      expect(error.code).toBe('url_invalid');
      expect(error.message).not.toMatch(/hidden|zz/);
    },
  );

  it('names files that can be read', () => {
    const error = refused('esdb://w:hidden@store?tlsCAFile=/no/such/file');
    expect(error.code).toBe('file_unreadable');
    expect(error.message).toMatch(/tlsCAFile cannot be read: \/no\/such\/file/);
    expect(refused('esdb://store?userCertFile=/a').code).toBe('url_invalid');
  });
});
