// The view store and the secret store in memory keep their contracts.
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
