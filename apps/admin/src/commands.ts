// What each command asks of the service.
import { readFileSync } from 'node:fs';
import { AdminFailure, type AdminClient, type Answer } from './client.js';
import type { CommandName, Values } from './grammar.js';

export interface Asked {
  readonly client: AdminClient;
  readonly values: Values;
  /** Reads the password from standard input, without the line's end. */
  password(): Promise<string>;
}

const rotatedByDefault = ['signing', 'refresh'];

/** One entry per command of the grammar: the compiler sees to it. */
const commands: Readonly<Record<CommandName, (asked: Asked) => Promise<Answer>>> = {
  'account open': async ({ client, values, password }) => {
    const { email, reason } = values;
    return client.post('/admin/accounts', { email, password: await password(), reason });
  },
  'account show': async (asked) => asked.client.get(`/admin/accounts/${await accountOf(asked)}`),
  'account timeline': timelineOf,
  'account lock': (asked) => onAccount(asked, 'lock'),
  'account unlock': (asked) => onAccount(asked, 'unlock', { seen: asked.values.seen }),
  'account hold': (asked) => onAccount(asked, 'hold', { sessionId: asked.values.session }),
  'account release': ({ values, ...asked }) => {
    return onAccount({ values, ...asked }, 'release', { holdId: values.hold, seen: values.seen });
  },
  'account reauthenticate': (asked) => onAccount(asked, 'reauthenticate'),
  'account erase': (asked) => onAccount(asked, 'erase'),
  'account password': async (asked) => onAccount(asked, 'password', { password: await asked.password() }),
  'session list': async (asked) => asked.client.get(`/admin/accounts/${await accountOf(asked)}/sessions`),
  'session end': async (asked) => {
    const id = await partOf(asked, { named: asked.values.session, list: 'sessions', member: 'sessionId' });
    return asked.client.post(`/admin/sessions/${id}/end`, { reason: asked.values.reason });
  },
  'device list': async (asked) => asked.client.get(`/admin/accounts/${await accountOf(asked)}/devices`),
  'device revoke': async (asked) => {
    const id = await partOf(asked, { named: asked.values.device, list: 'devices', member: 'deviceId' });
    return asked.client.post(`/admin/devices/${id}/revoke`, { reason: asked.values.reason });
  },
  'keys list': ({ client }) => client.get('/admin/keys'),
  'keys rotate': async ({ client, values: { purpose, reason } }) => {
    const rotated: Answer[] = [];
    for (const one of purpose === undefined ? rotatedByDefault : [purpose]) {
      rotated.push({ purpose: one, ...(await client.post('/admin/keys/rotate', { purpose: one, reason })) });
    }
    return { rotated, position: rotated.at(-1)?.['position'] };
  },
  'store restored': ({ client, values }) => client.post('/admin/store/restored', { reason: values.reason }),
  'rules show': ({ client }) => client.get('/admin/rules'),
  'rules activate': ({ client, values: { file = '', reason } }) => {
    return client.post('/admin/rules/activate', { rules: textOf(file), reason });
  },
  'finding list': async (asked) => {
    const { email, id } = asked.values;
    if (email === undefined && id === undefined) return asked.client.get('/admin/findings');
    return asked.client.get(`/admin/accounts/${await accountOf(asked)}/findings`);
  },
  'finding dismiss': (asked) => onAccount(asked, 'findings/dismiss', { findingId: asked.values.finding }),
  'parked list': ({ client }) => client.get('/admin/parked'),
  'parked retry': async (asked) => asked.client.post(`/admin/accounts/${await accountOf(asked)}/retry`, {}),
  'enforcement pause': ({ client, values: { reason } }) => {
    return client.post('/admin/enforcement/pause', { reason });
  },
  'enforcement resume': ({ client, values: { reason } }) => {
    return client.post('/admin/enforcement/resume', { reason });
  },
  'clock advance': ({ client, values: { seconds } }) => {
    return client.post('/admin/clock/advance', { seconds: Number(seconds) });
  },
};

/** Runs the command. Throws `AdminFailure`. */
export function runCommand(name: CommandName, asked: Asked): Promise<Answer> {
  return commands[name](asked);
}

async function onAccount(asked: Asked, act: string, more: Answer = {}): Promise<Answer> {
  const accountId = await accountOf(asked);
  const { reason } = asked.values;
  const written = await asked.client.post(`/admin/accounts/${accountId}/${act}`, { ...more, reason });
  return { accountId, ...written };
}

/** The sentences; everything else that an entry has is for the `--json` of those who ask the listener. */
async function timelineOf(asked: Asked): Promise<Answer> {
  const { before, limit } = asked.values;
  const query = Object.entries({ before, limit }).filter((entry): entry is [string, string] => !!entry[1]);
  const path = `/admin/accounts/${await accountOf(asked)}/timeline`;
  const { entries, next } = await asked.client.get(`${path}?${new URLSearchParams(query).toString()}`);
  const told = entries as readonly Answer[];
  return { entries: told.map(({ position, at, sentence }) => ({ position, at, sentence })), next };
}

/** The text of a file; of standard input for `-`. */
function textOf(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new AdminFailure('usage', `${file} cannot be read: ${(error as Error).message}.`);
  }
}

/** The account's id in a path. A sign-in name is looked up by a body, so that no URL has it. */
async function accountOf({ client, values: { email, id } }: Asked): Promise<string> {
  if (email === undefined) return encodeURIComponent(id ?? '');
  const { accountId } = await client.post('/admin/accounts/find', { email });
  if (id !== undefined && id !== accountId) {
    throw new AdminFailure('refused', 'The account of --email has another id than --id says.');
  }
  return encodeURIComponent(String(accountId));
}

/** A session or device: by its own id, or beside its account, whose it must be then. */
async function partOf(
  asked: Asked,
  part: { readonly named: string | undefined; readonly list: string; readonly member: string },
): Promise<string> {
  const { email, id } = asked.values;
  if (part.named === undefined && email === undefined) return encodeURIComponent(id ?? '');
  const owner = part.named === undefined ? { ...asked, values: { email } } : asked;
  const wanted = part.named ?? id;
  if (email !== undefined || id !== undefined) {
    const answer = await asked.client.get(`/admin/accounts/${await accountOf(owner)}/${part.list}`);
    const rows = answer[part.list] as readonly Answer[];
    const isTheirs = rows.some((row) => row[part.member] === wanted);
    if (!isTheirs) throw new AdminFailure('refused', `The account has no such ${part.list.slice(0, -1)}.`);
  }
  return encodeURIComponent(wanted ?? '');
}
