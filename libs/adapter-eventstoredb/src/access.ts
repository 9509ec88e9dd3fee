// Who may do what in the store: users for writer, relay and auditor, and a default that lets nobody else in.
import { isDeepStrictEqual } from 'node:util';
import { BACKWARDS, END, ErrorType, jsonEvent, type JSONType } from '@eventstore/db-client';
import { EventStoreDbConnection, type ConnectionOptions } from './connection.js';
import { EventStoreSettingsError, troubleOf, typeOf } from './errors.js';
import { collect } from './reads.js';
import type { StoreUser } from './store-client.js';

/** Who appends and reads; who reads everything for the bus; who reads everything to check it. */
export const storeRoles = ['writer', 'relay', 'auditor'] as const;
export type StoreRole = (typeof storeRoles)[number];

export interface AccessPlan {
  readonly passwords: Readonly<Record<StoreRole, string>>;
  /** Sets the passwords of users that are there already, too. */
  readonly resetPasswords: boolean;
}

/** What was found and done about one thing. */
export interface AccessStep {
  readonly what: string;
  readonly outcome: 'made' | 'changed' | 'unchanged';
}

type Document = { readonly [key: string]: unknown };

/** A document that the store takes from the last event of a stream, and how it has to be. */
interface Kept {
  readonly what: string;
  readonly stream: string;
  readonly type: string;
  readonly set: (before: Document) => Document;
}

const admins = '$admins';
/** The stream of a stream's own settings has its name with `$$` before it. */
const documents: readonly Kept[] = [
  { what: 'default access to streams', stream: '$settings', type: '$settings', set: streamDefaults },
  { what: 'access to $all', stream: '$$$all', type: '$metadata', set: readableByAll },
];

export const userNameOf = (role: StoreRole): string => `sallyport-${role}`;

/**
 * Makes what is not as it should be, and nothing else: it can be run again at any time. Streams can be
 * written by the writer only, read by all three, and deleted or given other settings by `$admins` only. What
 * is set for system streams stays. Throws `EventStoreSettingsError`.
 */
export async function initAccess(options: ConnectionOptions, plan: AccessPlan): Promise<AccessStep[]> {
  const connection = EventStoreDbConnection.to(options);
  try {
    const steps: AccessStep[] = [];
    for (const role of storeRoles) steps.push(await ensureUser(connection, role, plan));
    for (const document of documents) steps.push(await ensureDocument(connection, document));
    return steps;
  } catch (error) {
    throw explained(error);
  } finally {
    await connection.close();
  }
}

async function ensureUser(
  connection: EventStoreDbConnection,
  role: StoreRole,
  plan: AccessPlan,
): Promise<AccessStep> {
  const name = userNameOf(role);
  const user: StoreUser = { name, fullName: `Sallyport ${role}`, password: plan.passwords[role] };
  const what = `user ${name}`;
  const { appendMs } = connection.timeouts;
  try {
    await connection.call(appendMs, (client, options) => client.createUser(user, options));
    return { what, outcome: 'made' };
  } catch (error) {
    if (typeOf(error) !== ErrorType.USER_CONFLICT) throw error;
  }
  if (!plan.resetPasswords) return { what, outcome: 'unchanged' };
  await connection.call(appendMs, (client, options) => client.resetPassword(user, options));
  return { what, outcome: 'changed' };
}

/** The last event of such a stream is what counts. */
async function ensureDocument(
  connection: EventStoreDbConnection,
  { what, stream, type, set }: Kept,
): Promise<AccessStep> {
  const { readMs, appendMs } = connection.timeouts;
  const last = { direction: BACKWARDS, fromRevision: END, maxCount: 1 } as const;
  const [found] = await connection.read(readMs, (client, options, signal) =>
    collect(client.readStream(stream, { ...options, ...last }), signal),
  );
  const before = (found?.event?.data ?? {}) as Document;
  const after = set(before);
  if (isDeepStrictEqual(before, after)) return { what, outcome: 'unchanged' };
  const event = jsonEvent({ type, data: after as JSONType });
  const expectedRevision = found?.event?.revision ?? 'no_stream';
  await connection.call(appendMs, (client, options) =>
    client.appendToStream(stream, event, { ...options, expectedRevision }),
  );
  return { what, outcome: found === undefined ? 'made' : 'changed' };
}

function streamDefaults(before: Document): Document {
  const readers = [admins, ...storeRoles.map(userNameOf)];
  const user = { $r: readers, $w: [admins, userNameOf('writer')], $d: admins, $mr: admins, $mw: admins };
  const system = { $r: admins, $w: admins, $d: admins, $mr: admins, $mw: admins };
  return { $systemStreamAcl: system, ...before, $userStreamAcl: user };
}

function readableByAll(before: Document): Document {
  const acl = (before['$acl'] ?? {}) as Document;
  return { ...before, $acl: { ...acl, $r: [admins, ...storeRoles.map(userNameOf)] } };
}

function explained(error: unknown): Error {
  if (error instanceof EventStoreSettingsError) return error;
  if (troubleOf(error) === 'access_denied') {
    const text = 'the event store refused: the user named in the address must be in $admins';
    return new EventStoreSettingsError('access_denied', text, { cause: error });
  }
  const text = `the event store cannot be reached (${troubleOf(error) ?? 'no answer'})`;
  return new EventStoreSettingsError('unreachable', text, { cause: error });
}
