// The words of the admin command: nouns, verbs, options, and the help made from them.
import { parseArgs } from 'node:util';
import { joinedValues } from '@sallyport/command-line';

export const options = {
  'data-dir': { type: 'string', value: 'DIR', help: 'data directory of the running service (./.sallyport)' },
  json: { type: 'boolean', help: 'one JSON document on standard output' },
  operator: { type: 'string', value: 'NAME', help: 'who acts, for the record (your user name)' },
  help: { type: 'boolean', help: 'this text' },
  reason: { type: 'string', value: 'TEXT', help: 'why, for the record' },
  email: { type: 'string', value: 'ADDRESS', help: 'the account, by its sign-in name' },
  id: { type: 'string', value: 'ID', help: 'the account, session or device, by its id' },
  session: { type: 'string', value: 'ID', help: 'the session, where --email or --id names its account' },
  hold: { type: 'string', value: 'ID', help: 'the hold (account show lists them); all of them without it' },
  seen: {
    type: 'string',
    value: 'POSITION',
    help: 'clear also what the rules decide on events up to here',
  },
  device: { type: 'string', value: 'ID', help: 'the device, where --email or --id names its account' },
  'password-stdin': { type: 'boolean', help: 'read the password from standard input' },
  purpose: {
    type: 'string',
    value: 'PURPOSE',
    help: 'refresh, signing, nonce or sealing (default: the first two)',
  },
  file: { type: 'string', value: 'FILE', help: 'a YAML file of rules; - reads standard input' },
  finding: { type: 'string', value: 'ID', help: 'the finding (finding list shows them)' },
  seconds: { type: 'string', value: 'N', help: 'how far the clock moves forward' },
  before: { type: 'string', value: 'POSITION', help: 'what happened before it: "next" of the page before' },
  limit: { type: 'string', value: 'N', help: 'how many to show at most (50)' },
} as const satisfies Readonly<Record<string, { type: 'string' | 'boolean'; value?: string; help: string }>>;

export type OptionName = keyof typeof options;
type ValueOf<T> = T extends { readonly type: 'string' } ? string : boolean;
export type Values = { readonly [name in OptionName]?: ValueOf<(typeof options)[name]> };

const everywhere: readonly OptionName[] = ['data-dir', 'json', 'operator', 'help'];

export interface Verb {
  readonly summary: string;
  readonly options: readonly OptionName[];
  /** Options without which the command makes no sense; of an inner list one is enough. */
  readonly needs: readonly (OptionName | readonly OptionName[])[];
}

const account: readonly OptionName[] = ['email', 'id'];
const onAccount = (summary: string, ...more: OptionName[]): Verb => {
  return { summary, options: [...account, ...more], needs: [account, ...more] };
};

/** Every command there is. */
export const nouns = {
  account: {
    open: {
      summary: 'Opens an account.',
      options: ['email', 'password-stdin', 'reason'],
      needs: ['email', 'password-stdin'],
    },
    show: onAccount('Shows an account.'),
    timeline: {
      summary: 'Tells what happened to an account, newest first.',
      options: [...account, 'before', 'limit'],
      needs: [account],
    },
    lock: onAccount('Locks an account and ends all of its sessions.', 'reason'),
    unlock: {
      summary: 'Unlocks an account; ended sessions stay ended.',
      options: [...account, 'reason', 'seen'],
      needs: [account, 'reason'],
    },
    hold: {
      summary: 'Holds sensitive actions of an account, or of a --session until its device signs in anew.',
      options: [...account, 'session', 'reason'],
      needs: [account, 'reason'],
    },
    release: {
      summary: 'Releases what is held of an account, or one --hold.',
      options: [...account, 'hold', 'reason', 'seen'],
      needs: [account, 'reason'],
    },
    reauthenticate: onAccount('Ends all sessions of an account: everybody signs in again.', 'reason'),
    password: onAccount('Sets a new password and ends all sessions.', 'password-stdin', 'reason'),
    erase: onAccount('Erases an account for good.', 'reason'),
  },
  session: {
    list: onAccount('Lists the sessions of an account.'),
    end: {
      summary: 'Ends one session (--id SESSION).',
      options: ['id', 'email', 'session', 'reason'],
      needs: [['id', 'session'], 'reason'],
    },
  },
  device: {
    list: onAccount('Lists the devices of an account.'),
    revoke: {
      summary: 'Ends every session of a device (--id DEVICE).',
      options: ['id', 'email', 'device', 'reason'],
      needs: [['id', 'device'], 'reason'],
    },
  },
  keys: {
    list: { summary: 'Lists the keys, without secrets.', options: [], needs: [] },
    rotate: { summary: 'Makes new keys current.', options: ['purpose', 'reason'], needs: ['reason'] },
  },
  store: {
    restored: {
      summary: 'After an older store was restored: everybody signs in again.',
      options: ['reason'],
      needs: ['reason'],
    },
  },
  rules: {
    show: { summary: 'Shows the active rules, and whether they are enforced.', options: [], needs: [] },
    activate: {
      summary: 'Makes the rules of a file the active ones, without a restart.',
      options: ['file', 'reason'],
      needs: ['file', 'reason'],
    },
  },
  finding: {
    list: {
      summary: 'Lists what the rules found of an account, or the latest of all.',
      options: account,
      needs: [],
    },
    dismiss: onAccount('Says that a finding is harmless.', 'finding', 'reason'),
  },
  parked: {
    list: { summary: 'Lists accounts whose events could not be judged.', options: [], needs: [] },
    retry: onAccount('Judges what was set aside of an account.'),
  },
  enforcement: {
    pause: {
      summary: 'Rules go on, their decisions are recorded and not carried out.',
      options: ['reason'],
      needs: ['reason'],
    },
    resume: { summary: 'Decisions are carried out again.', options: ['reason'], needs: ['reason'] },
  },
  clock: {
    advance: {
      summary: 'Moves the clock of a service that was started with SALLYPORT_TEST_CLOCK=1.',
      options: ['seconds'],
      needs: ['seconds'],
    },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, Verb>>>>;

type Nouns = typeof nouns;
/** `account open`, `session list`, ... */
export type CommandName = { [N in keyof Nouns]: `${N & string} ${keyof Nouns[N] & string}` }[keyof Nouns];

export type Parsed =
  | { readonly kind: 'run'; readonly command: CommandName; readonly values: Values }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'usage'; readonly message: string; readonly text: string; readonly json: boolean };

/** Reads the arguments after the program's name. */
export function parse(args: readonly string[]): Parsed {
  const json = args.includes('--json');
  const words = args.filter((arg) => !arg.startsWith('-')).slice(0, 2);
  const [noun, verb] = [args[0], args[1]].map((word) => (word?.startsWith('-') === true ? undefined : word));
  const verbs = (nouns as Readonly<Record<string, Readonly<Record<string, Verb>>>>)[noun ?? ''];
  const asksHelp = args.length === 0 || args.includes('--help') || args.includes('-h') || noun === 'help';
  const known = verbs?.[verb ?? ''];
  if (known === undefined || noun === undefined || verb === undefined) {
    const text = verbs === undefined || noun === undefined ? helpOnAll() : helpOnNoun(noun, verbs);
    if (asksHelp) return { kind: 'help', text };
    return { kind: 'usage', message: `There is no command "${words.join(' ')}".`, text, json };
  }
  const text = helpOnVerb(`${noun} ${verb}`, known);
  if (asksHelp) return { kind: 'help', text };
  const read = readValues(args.slice(2), known);
  if (typeof read === 'string') return { kind: 'usage', message: read, text, json };
  return { kind: 'run', command: `${noun} ${verb}` as CommandName, values: read };
}

function readValues(args: readonly string[], verb: Verb): Values | string {
  const allowed = [...verb.options, ...everywhere];
  const specification = Object.fromEntries(allowed.map((name) => [name, { type: options[name].type }]));
  let values: Values;
  try {
    const texts = joinedValues(args, Object.keys(options));
    ({ values } = parseArgs({ args: texts, options: specification }));
  } catch (error) {
    return (error as Error).message.split('. To specify')[0] ?? 'The options cannot be read.';
  }
  const empty = Object.entries(values).find(([, value]) => value === '');
  if (empty !== undefined) return `--${empty[0]} is empty.`;
  for (const need of verb.needs) {
    const names = [need].flat();
    if (names.every((name) => values[name] === undefined)) {
      return `${names.map((name) => `--${name}`).join(' or ')} is missing.`;
    }
  }
  return values;
}

function helpOnAll(): string {
  const lines = Object.entries(nouns).map(([noun, verbs]) => {
    return `  ${noun.padEnd(11)} ${Object.keys(verbs).join(', ')}`;
  });
  const usage = 'npm run admin -- <noun> <verb> [options]      more: npm run admin -- <noun> <verb> --help';
  return [usage, '', ...lines, '', ...helpOnOptions(everywhere), ''].join('\n');
}

function helpOnNoun(noun: string, verbs: Readonly<Record<string, Verb>>): string {
  const lines = Object.entries(verbs).map(([verb, { summary }]) => `  ${noun} ${verb.padEnd(10)} ${summary}`);
  return [`npm run admin -- ${noun} <verb> [options]`, '', ...lines, ''].join('\n');
}

function helpOnVerb(name: string, { summary, options: own, needs }: Verb): string {
  const needed = needs.map((need) => [need].flat().map(usageOf).join(' | ')).map((need) => ` (${need})`);
  const usage = `npm run admin -- ${name}${needed.join('')} [options]`;
  return [usage, '', summary, '', ...helpOnOptions([...own, ...everywhere]), ''].join('\n');
}

function helpOnOptions(names: readonly OptionName[]): string[] {
  return names.map((name) => `  ${usageOf(name).padEnd(22)} ${options[name].help}`);
}

function usageOf(name: OptionName): string {
  const option = options[name];
  return `--${name}${'value' in option ? ` ${option.value}` : ''}`;
}
