// The stores in memory keep the contracts of their ports.
import { MemoryAttemptLimits } from '@sallyport/engine';
import { describeAttemptLimitsContract } from './attempt-limits-contract.js';
import { describeConsumerCheckpointsContract } from './consumer-checkpoints-contract.js';
import { describeLeasesContract, type LeasesUnderTest } from './lease-contract.js';
import { MemoryConsumerCheckpoints } from './memory-consumer-checkpoints.js';
import { MemoryLeases } from './memory-leases.js';
import { MemorySecretStore } from './memory-secret-store.js';
import { MemoryViewStore } from './memory-view-store.js';
import { describeSecretStoreContract, type SecretStoreUnderTest } from './secret-store-contract.js';
import { describeViewStoreContract } from './view-store-contract.js';

describeViewStoreContract('MemoryViewStore', async () => ({
  store: new MemoryViewStore(),
  close: async () => undefined,
}));

describeSecretStoreContract('MemorySecretStore', async () => {
  const under: SecretStoreUnderTest = {
    store: new MemorySecretStore(),
    reopen: async () => under,
    close: async () => undefined,
  };
  return under;
});

describeAttemptLimitsContract('MemoryAttemptLimits', async (clock) => {
  const limits = new MemoryAttemptLimits(clock);
  return { limits, another: limits, close: async () => undefined };
});

describeLeasesContract('MemoryLeases', async () => {
  const under: LeasesUnderTest = {
    leases: new MemoryLeases(Date),
    another: async () => under,
    close: async () => undefined,
  };
  return under;
});

describeConsumerCheckpointsContract('MemoryConsumerCheckpoints', async () => {
  const views = new MemoryViewStore();
  return { views, checkpoints: new MemoryConsumerCheckpoints(views), close: async () => undefined };
});
