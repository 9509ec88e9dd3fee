// The words of the auditor: verbs, options, and the help made from them.
import { parseArgs } from 'node:util';
import { joinedValues } from '@sallyport/command-line';

const moment = 'INSTANT|POSITION';

export const options = {
  'data-dir': { type: 'string', value: 'DIR', help: 'data directory of the service (./.sallyport)' },
  json: { type: 'boolean', help: 'one JSON document on standard output' },
  help: { type: 'boolean', help: 'this text' },
  account: { type: 'string', value: 'ID', help: 'the account, by its id (npm run admin -- account show)' },
  at: { type: 'string', value: moment, help: 'the moment: 2026-11-22T12:00:00Z, or a position (the end)' },
  from: { type: 'string', value: moment, help: 'from there on, itself included (the beginning)' },
  to: { type: 'string', value: moment, help: 'up to there, itself included (the end)' },
  every: { type: 'boolean', help: 'a line for every refresh' },
  type: {
    type: 'string',
    value: 'TYPE',
    help: 'events of this type, or of all that begin so ("session."); repeatable',
  },
  format: { type: 'string', value: 'ndjson|csv', help: 'one JSON object a line, or RFC 4180 (ndjson)' },
  personal: { type: 'boolean', help: 'personal data too, as the ciphertext it is' },
  out: { type: 'string', value: 'FILE', help: 'a new file to write' },
  anchor: { type: 'string', value: 'FILE', help: 'hold the ledger against this anchor' },
  key: { type: 'string', value: 'KEY', help: 'the public key that must have signed it' },
  config: { type: 'string', value: 'FILE', help: 'the candidate, a rule set as `rules activate` takes it' },
  'signing-key': {
    type: 'string',
    value: 'FILE',
    help: 'private key, made at first use (~/.config/sallyport/anchor.key)',
  },
} as const satisfies Readonly<Record<string, { type: 'string' | 'boolean'; value?: string; help: string }>>;

export type OptionName = keyof typeof options;
type ValueOf<T> = T extends { readonly type: 'string' } ? string : boolean;
export type Values = { readonly [name in Exclude<OptionName, 'type'>]?: ValueOf<(typeof options)[name]> } & {
  readonly type?: readonly string[];
};

const everywhere: readonly OptionName[] = ['data-dir', 'json', 'help'];

export interface Verb {
  readonly summary: string;
  readonly options: readonly OptionName[];
  /** Options without which the verb makes no sense. */
  readonly needs: readonly OptionName[];
}

/** Every verb there is. */
export const verbs = {
  timeline: {
    summary: 'What happened to an account, in words. Refreshes are summed up, but with --every.',
    options: ['account', 'from', 'to', 'every'],
    needs: ['account'],
  },
  state: {
    summary: 'Who could act on an account at a moment, from which device, and what the service would answer.',
    options: ['account', 'at'],
    needs: ['account'],
  },
  replay: {
    summary: 'Makes every view again from the first event, in a temporary store, and compares it row by row.',
    options: [],
    needs: [],
  },
  export: {
    summary: 'Writes events, without credentials; personal data is left out, or goes along as ciphertext.',
    options: ['format', 'account', 'type', 'from', 'to', 'personal', 'out'],
    needs: [],
  },
  verify: {
    summary: 'Looks at every event: is the ledger what was written? With --anchor: what was anchored?',
    options: ['anchor', 'key'],
    needs: [],
  },
  anchor: {
    summary: 'Verifies the ledger and signs what it is up to its end. Keep the file where it is safe.',
    options: ['out', 'signing-key'],
    needs: ['out'],
  },
  rules: {
    summary: 'Runs the rules over history with a candidate rule set: whom it would have stopped, who was.',
    options: ['config', 'from', 'to'],
    needs: ['config'],
  },
} as const satisfies Readonly<Record<string, Verb>>;

export type VerbName = keyof typeof verbs;

export type Parsed =
  | { readonly kind: 'run'; readonly verb: VerbName; readonly values: Values }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'usage'; readonly message: string; readonly text: string; readonly json: boolean };

/** Reads the arguments after the program's name. */
export function parse(args: readonly string[]): Parsed {
  const json = args.includes('--json');
  const asksHelp = args.length === 0 || args.includes('--help') || args.includes('-h') || args[0] === 'help';
  const [word = ''] = args;
  if (!Object.hasOwn(verbs, word)) {
    if (asksHelp) return { kind: 'help', text: helpOnAll() };
    return { kind: 'usage', message: `There is no verb "${word}".`, text: helpOnAll(), json };
  }
  const name = word as VerbName;
  if (asksHelp) return { kind: 'help', text: helpOn(name) };
  const values = readValues(args.slice(1), verbs[name]);
  if (typeof values === 'string') return { kind: 'usage', message: values, text: helpOn(name), json };
  return { kind: 'run', verb: name, values };
}

function readValues(args: readonly string[], verb: Verb): Values | string {
  const allowed = [...verb.options, ...everywhere];
  const specification = Object.fromEntries(
    allowed.map((name) => [name, { type: options[name].type, multiple: name === 'type' }]),
  );
  let values: Values;
  try {
    const texts = joinedValues(args, Object.keys(options));
    ({ values } = parseArgs({ args: texts, options: specification }) as { values: Values });
  } catch (error) {
    return (error as Error).message.split('. To specify')[0] ?? 'The options cannot be read.';
  }
  const empty = Object.entries(values).find(([, value]) => value === '');
  if (empty !== undefined) return `--${empty[0]} is empty.`;
  const missing = verb.needs.find((need) => values[need] === undefined);
  return missing === undefined ? values : `--${missing} is missing.`;
}

function helpOnAll(): string {
  const lines = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(9)} ${summary}`);
  const usage = 'npm run auditor -- <verb> [options]      more: npm run auditor -- <verb> --help';
  const codes = 'Exit codes: 0 holds, 1 differs, 2 not understood, 3 the data cannot be read.';
  return [usage, '', ...lines, '', ...helpOnOptions(everywhere), '', codes, ''].join('\n');
}

function helpOn(name: VerbName): string {
  const { summary, options: own, needs }: Verb = verbs[name];
  const needed = needs.map((need) => ` (${usageOf(need)})`).join('');
  const usage = `npm run auditor -- ${name}${needed} [options]`;
  return [usage, '', summary, '', ...helpOnOptions([...own, ...everywhere]), ''].join('\n');
}

function helpOnOptions(names: readonly OptionName[]): string[] {
  return names.map((name) => `  ${usageOf(name).padEnd(24)} ${options[name].help}`);
}

function usageOf(name: OptionName): string {
  const option = options[name];
  return `--${name}${'value' in option ? ` ${option.value}` : ''}`;
}
