// EventStoreDB's adapter keeps the contracts of event store and feed, on the wire double over SQLite.
import { EventStoreDBClient } from '@eventstore/db-client';
import { describeEventStoreContract, describeFeedContract, SteppingClock } from '@sallyport/testing';
import { describeServer } from './server-behaviour.js';
import { wire } from './under-test.js';

describeServer('the wire double', async () => {
  const under = await wire(new SteppingClock());
  const client = EventStoreDBClient.connectionString(under.double.url);
  const close = async () => {
    await client.dispose();
    await under.close();
  };
  return { client, credentials: { username: 'nobody', password: '' }, close };
});

describeEventStoreContract('EventStoreDbEventStore on the wire double', (clock) => wire(clock));
describeFeedContract('EventStoreDbFeed on the wire double', (clock) => wire(clock));
