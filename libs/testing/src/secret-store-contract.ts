// What every secret store must keep: one test per sentence of the port `SecretStore`, in its order.
import { describe, expect, it } from '@jest/globals';
import type { SecretStore } from '@sallyport/engine';

export interface SecretStoreUnderTest {
  readonly store: SecretStore;
  /** Ends this store and opens another one on the same data. */
  reopen(): Promise<SecretStoreUnderTest>;
  close(): Promise<void>;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

export function describeSecretStoreContract(
  name: string,
  makeStore: () => Promise<SecretStoreUnderTest>,
): void {
  const withStore =
    (test: (store: SecretStore, reopen: () => Promise<SecretStore>) => Promise<void>) => async () => {
      let under = await makeStore();
      const reopen = async () => {
        under = await under.reopen();
        return under.store;
      };
      try {
        await test(under.store, reopen);
      } finally {
        await under.close();
      }
    };

  describe(`${name} keeps the contract of SecretStore`, () => {
    it(
      'puts bytes unless the name is taken in its kind, and answers what is stored then',
      withStore(async (store) => {
        const offered = Array.from({ length: 20 }, (_, index) => bytes(index, 0, 255));
        const answers = await Promise.all(offered.map((one) => store.putIfAbsent('key', 'a', one)));
        for (const answer of answers) expect([...answer]).toEqual([...(answers[0] as Uint8Array)]);
        expect(await store.get('key', 'a')).toEqual(answers[0]);
        expect(await store.putIfAbsent('other', 'a', bytes(9))).toEqual(bytes(9));
      }),
    );

    it(
      'replaces or creates with put; what was put is there after a restart',
      withStore(async (store, reopen) => {
        await store.put('key', 'a', bytes(1));
        await store.put('key', 'a', bytes(2, 3));
        await store.putIfAbsent('key', 'b', bytes(4));
        const again = await reopen();
        expect(await again.get('key', 'a')).toEqual(bytes(2, 3));
        expect(await again.get('key', 'b')).toEqual(bytes(4));
      }),
    );

    it(
      'gets undefined for what is absent',
      withStore(async (store) => {
        await store.put('key', 'a', bytes(1));
        expect(await store.get('key', 'b')).toBeUndefined();
        expect(await store.get('other', 'a')).toBeUndefined();
      }),
    );

    it(
      'lists the entries of one kind ordered by the bytes of their names',
      withStore(async (store) => {
        await store.put('key', 'b', bytes(2));
        await store.put('key', 'a', bytes(1));
        await store.put('key', 'C', bytes(0));
        await store.put('other', 'c', bytes(3));
        expect(await store.list('key')).toEqual([
          { name: 'C', wrapped: bytes(0) },
          { name: 'a', wrapped: bytes(1) },
          { name: 'b', wrapped: bytes(2) },
        ]);
        expect(await store.list('none')).toEqual([]);
      }),
    );

    it(
      'deletes an entry, for good; absent is fine',
      withStore(async (store, reopen) => {
        await store.put('key', 'a', bytes(1));
        await store.put('key', 'b', bytes(2));
        await store.delete('key', 'a');
        await store.delete('key', 'absent');
        expect(await store.get('key', 'a')).toBeUndefined();
        expect(await (await reopen()).list('key')).toEqual([{ name: 'b', wrapped: bytes(2) }]);
        const again = await reopen();
        expect(await again.putIfAbsent('key', 'a', bytes(7))).toEqual(bytes(7));
      }),
    );
  });
}
