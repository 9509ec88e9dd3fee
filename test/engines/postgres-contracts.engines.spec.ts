// PostgreSQL keeps the contracts that the embedded stores keep.
import { PostgresStores } from '@sallyport/adapter-postgres';
import {
  describeAttemptLimitsContract,
  describeConsumerCheckpointsContract,
  describeLeasesContract,
  describeSecretStoreContract,
  describeViewStoreContract,
  type LeasesUnderTest,
  type SecretStoreUnderTest,
} from '@sallyport/testing';
import { PostgresDatabases, settingsOf } from './postgres-databases.js';

let databases: PostgresDatabases;
beforeAll(async () => {
  databases = await PostgresDatabases.start();
});
afterAll(() => databases.close());

async function openNew(): Promise<PostgresStores> {
  return PostgresStores.open(settingsOf(await databases.create()));
}

describeViewStoreContract('PostgresViewStore', async () => {
  const stores = await openNew();
  return { store: stores.views, close: () => stores.close() };
});

describeConsumerCheckpointsContract('PostgresConsumerCheckpoints', async () => {
  const stores = await openNew();
  return { views: stores.views, checkpoints: stores.consumers, close: () => stores.close() };
});

async function openSecrets(url: string): Promise<SecretStoreUnderTest> {
  const stores = await PostgresStores.open(settingsOf(url));
  const close = () => stores.close();
  return { store: stores.secrets, close, reopen: () => close().then(() => openSecrets(url)) };
}

describeSecretStoreContract('PostgresSecretStore', async () => openSecrets(await databases.create()));

async function openLeases(url: string): Promise<LeasesUnderTest> {
  const stores = await PostgresStores.open(settingsOf(url));
  return { leases: stores.leases, another: () => openLeases(url), close: () => stores.close() };
}

describeLeasesContract('PostgresLeases', async () => openLeases(await databases.create()));

describeAttemptLimitsContract('PostgresAttemptLimits', async (clock) => {
  const settings = settingsOf(await databases.create());
  const [stores, beside] = [await PostgresStores.open(settings), await PostgresStores.open(settings)];
  return {
    limits: stores.attemptLimits(clock),
    another: beside.attemptLimits(clock),
    close: async () => void (await Promise.all([stores.close(), beside.close()])),
  };
});
