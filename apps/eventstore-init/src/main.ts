// Sets up users and access in the event store: 0 done, 2 not understood, 3 refused or not reachable.
import { parseArgs } from 'node:util';
import { EventStoreSettingsError, initAccess, type AccessStep } from '@sallyport/adapter-eventstoredb';
import { surroundings, variables } from './config.js';

const exitUsage = 2;
const exitUnavailable = 3;

const help = `npm run eventstore:init -- [options]
  --reset-passwords   set the passwords of users that are there already, too
  --json              one JSON document on standard output (use npm run -s)
  --help

Makes in EventStoreDB or KurrentDB: the users sallyport-writer, sallyport-relay and sallyport-auditor, a
default by which the writer alone can append, all three can read, and nobody but $admins can delete a stream
or change its settings, and the right of the three to read $all. Can be run again: what is there stays.

From the environment:
  ${variables.url}        of a user in $admins: esdb://admin:password@host:2113?tlsCAFile=...
  ${variables.writer}
  ${variables.relay}
  ${variables.auditor}
                      12 characters at least, and different ones
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readOptions();
  if (typeof asked === 'string') return usage([asked]);
  if (asked.help) {
    process.stdout.write(help);
    return 0;
  }
  const found = surroundings();
  if (Array.isArray(found)) return usage(found);
  const { url, passwords } = found;
  try {
    const clock = { now: () => Date.now() };
    const plan = { passwords, resetPasswords: asked['reset-passwords'] };
    const steps = await initAccess({ url, clock, appendTimeoutMs: 10_000, readTimeoutMs: 10_000 }, plan);
    if (/[?&]tls=false/i.test(url)) {
      process.stderr.write('The connection is not encrypted: such a store asks nobody who they are.\n');
    }
    process.stdout.write(asked.json ? `${JSON.stringify({ steps })}\n` : wordsOf(steps));
    return 0;
  } catch (error) {
    if (!(error instanceof EventStoreSettingsError)) throw error;
    const { code, message } = error;
    if (asked.json) process.stdout.write(`${JSON.stringify({ error: code, message })}\n`);
    process.stderr.write(`${message}\n`);
    return exitUnavailable;
  }
}

function wordsOf(steps: readonly AccessStep[]): string {
  return steps.map(({ what, outcome }) => `${outcome.padEnd(9)} ${what}\n`).join('');
}

function usage(mistakes: readonly string[]): number {
  process.stderr.write(`${mistakes.join('\n')}\n\n${help}`);
  return exitUsage;
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        'reset-passwords': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return (error as Error).message;
  }
}
