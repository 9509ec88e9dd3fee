// EventStoreDB's adapter keeps the contracts of event store and feed, on the wire double over SQLite.
import { describeEventStoreContract, describeFeedContract } from '@sallyport/testing';
import { wire } from './under-test.js';

describeEventStoreContract('EventStoreDbEventStore on the wire double', (clock) => wire(clock));
describeFeedContract('EventStoreDbFeed on the wire double', (clock) => wire(clock));
