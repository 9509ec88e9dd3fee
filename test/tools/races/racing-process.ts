// A process of the service for races: its own client of the event store and of the database, told what to do.
import { EventStoreDbConnection, EventStoreDbEventStore } from '@sallyport/adapter-eventstoredb';
import { parsePostgresUrl, PostgresStores } from '@sallyport/adapter-postgres';
import * as ledger from '@sallyport/feature-ledger';
import { SystemClock } from '@sallyport/feature-operations';
import { exampleClients, LocalService } from '../model/local-service.js';
import { Random } from './random.js';
import { RacingStore, traced } from './racing-store.js';
import { failureOf } from './racing-wire.js';
import type { Answered, Call, RacingSetup } from './racing-wire.js';

process.once('message', (setup: RacingSetup) => {
  void serve(setup).catch((error: unknown) => {
    process.stderr.write(`${failureOf(error).stack}\n`);
    process.exit(1);
  });
});

async function serve(setup: RacingSetup): Promise<void> {
  const { eventStoreUrl, postgresUrl, masterKeyText, seed, faults } = setup;
  RacingStore.useMachineTime();
  const clock = new SystemClock();
  const { settings, mistakes } = parsePostgresUrl(postgresUrl);
  if (settings === undefined) throw new Error(mistakes.join('; '));
  const stores = await PostgresStores.open(settings);
  const connection = EventStoreDbConnection.to({ url: eventStoreUrl, clock });
  const store = new RacingStore(new EventStoreDbEventStore(connection), new Random(seed), faults);
  const ground = { clock, secrets: stores.secrets, masterKeyText, clients: exampleClients() };
  const service = await LocalService.on(ground, store);
  process.on('message', (call: Call) => void answer(service, call));
  process.once('disconnect', () => process.exit(0));
  process.send?.('ready');
}

async function answer(service: LocalService, call: Call): Promise<void> {
  const { number } = call;
  const answered = await traced(call.name ?? call.kind, async ({ steps }): Promise<Answered> => {
    return carryOut(service, call).then(
      (value) => ({ number, steps, value }),
      (error: unknown) => ({ number, steps, failure: failureOf(error) }),
    );
  });
  process.send?.(answered);
}

async function carryOut(service: LocalService, { kind, name = '', given }: Call): Promise<unknown> {
  switch (kind) {
    case 'command':
      return service.commands.execute(revived(name, given));
    case 'query':
      return service.queries.execute(revived(name, given));
    case 'issue':
      return service.codes.issue(given as Parameters<typeof service.codes.issue>[0]);
    case 'open':
      return service.codes.open(given as string);
    case 'nonce':
      return service.nonce(given as number | undefined);
    case 'personal-key':
      return service.personalKey(given as string);
    default:
      throw new Error(`no call ${String(kind satisfies never)}`);
  }
}

/** A command or a query of its class again: messages carry members alone. */
function revived(name: string, members: unknown): object {
  const type = (ledger as Readonly<Record<string, unknown>>)[name];
  if (typeof type !== 'function') throw new Error(`no command or query ${name}`);
  return Object.assign(Object.create(type.prototype as object) as object, members);
}
