// The same suites against a real EventStoreDB or KurrentDB, when its address is in the environment.
import { randomUUID } from 'node:crypto';
import { parseAddress } from '@sallyport/adapter-eventstoredb';
import { EventStoreDBClient } from '@eventstore/db-client';
import type { Clock } from '@sallyport/engine';
import { describeEventStoreContract, describeFeedContract, type StoreUnderTest } from '@sallyport/testing';
import { describeServer } from './server-behaviour.js';
import { connect } from './under-test.js';

/** Of a user in $admins; the streams that the suites make stay there. */
const url = process.env['SALLYPORT_TEST_EVENTSTORE_URL'] ?? '';

/** A part of the store that is empty and nobody else's: streams with a prefix of their own. */
async function open(clock: Clock, prefix = `test-${randomUUID()}.`): Promise<StoreUnderTest> {
  const { store, feed, connection } = connect({ url, clock, prefix });
  const close = async () => {
    feed.close();
    await connection.close();
  };
  return { store, feed, close, reopen: () => close().then(() => open(clock, prefix)) };
}

if (url === '') {
  describe('a real event store', () => {
    it('is tested where SALLYPORT_TEST_EVENTSTORE_URL gives its address', () => {
      expect(url).toBe('');
    });
  });
} else {
  describeServer('the real server', async () => {
    const client = EventStoreDBClient.connectionString(url);
    const credentials = parseAddress(url).credentials ?? { username: 'nobody', password: '' };
    return { client, credentials, close: () => client.dispose() };
  });
  describeEventStoreContract('EventStoreDbEventStore on the real server', (clock) => open(clock));
  describeFeedContract('EventStoreDbFeed on the real server', (clock) => open(clock));
}
