// Sets up topics and access in Kafka: 0 done, 1 something is otherwise than planned, 2 not understood,
// 3 refused or not reachable.
import { parseArgs } from 'node:util';
import { busRoles, busTopics, initBus } from '@sallyport/adapter-kafka';
import type { BusPlan, BusRole, InitStep } from '@sallyport/adapter-kafka';
import { surroundings, variables } from './config.js';

const [exitOtherwise, exitUsage, exitUnavailable] = [1, 2, 3];

const help = `npm run kafka:init -- [options]
  --partitions N       of the topics keyed by account (12); fixed for good once they hold anything
  --replication N      copies of each partition (1); 3 where there are three brokers
  --principals PREFIX  principals are PREFIX-relay, PREFIX-projector, PREFIX-anomaly, PREFIX-reader
                       (User:sallyport)
  --without-access     make topics only, on a cluster that asks nobody who they are
  --json               one JSON document on standard output (use npm run -s)
  --help

Makes in Kafka: the topics ${Object.values(busTopics).join(', ')}
and access by which the relay alone can write events, the projector alone standings, and each reads what it
has to. Can be run again: what is there stays, settings that differ are set again, and no partition count is
ever changed.

From the environment:
  ${variables.brokers}         host:port, several separated by commas
  ${variables.username}        of somebody who may make topics and grant access; with
  ${variables.password}        and, unless it is plain,
  ${variables.mechanism}  scram-sha-256 or scram-sha-512
  ${variables.tls}             true: TLS with the certificates that Node trusts
  ${variables.caFile}         TLS with the certificates in this file
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readOptions();
  if (typeof asked === 'string') return usage([asked]);
  if (asked.help) {
    process.stdout.write(help);
    return 0;
  }
  const [partitions, replicationFactor] = [Number(asked.partitions), Number(asked.replication)];
  if (![partitions, replicationFactor].every((count) => Number.isInteger(count) && count > 0)) {
    return usage(['--partitions and --replication are numbers above 0']);
  }
  const found = surroundings();
  if (Array.isArray(found)) return usage(found);
  const named = busRoles.map((role) => [role, `${asked.principals}-${role}`]);
  const principals = Object.fromEntries(named) as Record<BusRole, string>;
  const plan: BusPlan = { partitions, replicationFactor, principals, access: !asked['without-access'] };
  try {
    const steps = await initBus(found, plan);
    process.stdout.write(asked.json ? `${JSON.stringify({ steps })}\n` : wordsOf(steps));
    return steps.some(({ outcome }) => outcome === 'refused') ? exitOtherwise : 0;
  } catch (error) {
    const { message } = error as Error;
    if (asked.json) process.stdout.write(`${JSON.stringify({ error: 'unavailable', message })}\n`);
    process.stderr.write(`${message}\n`);
    return exitUnavailable;
  }
}

function wordsOf(steps: readonly InitStep[]): string {
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
        partitions: { type: 'string', default: '12' },
        replication: { type: 'string', default: '1' },
        principals: { type: 'string', default: 'User:sallyport' },
        'without-access': { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    return (error as Error).message;
  }
}
