// How the words of the admin command are read.
import { nouns, parse } from './grammar.js';

const usage = (...args: string[]) => {
  const parsed = parse(args);
  return parsed.kind === 'usage' ? parsed.message : parsed.kind;
};

describe('the admin command', () => {
  it('reads a noun, a verb and options in any order', () => {
    expect(parse(['account', 'lock', '--reason', 'stolen', '--id=abc', '--json'])).toEqual({
      kind: 'run',
      command: 'account lock',
      values: { reason: 'stolen', id: 'abc', json: true },
    });
  });

  it.each([
    ['account', 'lock', '--id', 'x'],
    ['account', 'unlock', '--id', 'x'],
    ['account', 'hold', '--id', 'x'],
    ['account', 'release', '--id', 'x'],
    ['account', 'reauthenticate', '--id', 'x'],
    ['account', 'erase', '--id', 'x'],
    ['account', 'password', '--id', 'x', '--password-stdin'],
    ['session', 'end', '--id', 'x'],
    ['device', 'revoke', '--id', 'x'],
    ['keys', 'rotate'],
    ['store', 'restored'],
  ])('wants a reason for %s %s', (...args) => {
    expect(usage(...args)).toBe('--reason is missing.');
    expect(usage(...args, '--reason', 'because')).toBe('run');
    expect(usage(...args, '--reason', '')).toBe('--reason is empty.');
  });

  it('takes an id that begins with a dash, as one in 64 does', () => {
    expect(parse(['session', 'end', '--id', '-Zs1tVqUq0nB', '--reason', 'asked'])).toMatchObject({
      kind: 'run',
      values: { id: '-Zs1tVqUq0nB', reason: 'asked' },
    });
    expect(usage('session', 'end', '--id', '--json')).toMatch(/^Option '--id' argument is ambiguous/);
  });

  it('wants an account named by e-mail or by id', () => {
    expect(usage('account', 'show')).toBe('--email or --id is missing.');
    expect(usage('session', 'list', '--email', 'a@example.org')).toBe('run');
  });

  it('takes no password as an argument', () => {
    expect(usage('account', 'open', '--email', 'a@example.org', '--password', 'x')).toMatch(/Unknown option/);
    expect(usage('account', 'open', '--email', 'a@example.org')).toBe('--password-stdin is missing.');
  });

  it('refuses what it does not know, and options of other commands', () => {
    expect(usage('acount', 'open')).toBe('There is no command "acount open".');
    expect(usage('account', 'opn')).toBe('There is no command "account opn".');
    expect(usage('keys', 'list', '--reason', 'x')).toMatch(/Unknown option '--reason'/);
    expect(usage('keys', 'list', 'all')).toMatch(/Unexpected argument 'all'/);
  });

  it('helps on every level', () => {
    for (const args of [[], ['--help'], ['account', '--help'], ['account', 'open', '--help']]) {
      expect(parse(args).kind).toBe('help');
    }
    for (const [noun, verbs] of Object.entries(nouns)) {
      for (const verb of Object.keys(verbs)) {
        const text = expect.stringContaining(`${noun} ${verb}`);
        expect(parse([noun, verb, '--help'])).toMatchObject({ kind: 'help', text });
      }
    }
  });
});
