// What the audit of the topic finds: planted gaps, repetitions and alterations, else nothing.
import { eventRecords, partitionOf } from '@sallyport/engine';
import type { RecordedEvent } from '@sallyport/engine';
import { exampleDraft, MemoryEventStore, MovableClock } from '@sallyport/testing';
import type { ForeignRecord } from '../../engines/foreign-reader.js';
import { networkProblems, recordCount, topicProblems } from './topic-audit.js';

const [partitions, source, topic] = [3, 'urn:example:ledger', 'events'];
let events: readonly RecordedEvent[];
let records: ForeignRecord[];

beforeEach(async () => {
  const store = new MemoryEventStore(new MovableClock());
  for (let number = 0; number < 12; number += 1) {
    const partitionKey = number % 5 === 4 ? '*' : `account-${number % 2}`;
    const draft = exampleDraft({ partitionKey, data: { number, network: { dayTag: `tag-${number % 2}` } } });
    await store.append({ stream: `stream-${partitionKey}`, expected: 'any', events: [draft], guards: [] });
  }
  ({ events } = store.log);
  records = events.flatMap((event) => {
    return eventRecords(event, { topic, partitions, source }).map((record) => {
      return { ...record, partition: record.partition ?? partitionOf(event.partitionKey, partitions) };
    }) as ForeignRecord[];
  });
});

const audit = () => ({ events, partitions, source });
/** Where a record of one account stands, behind others of its partition. */
const at = (): number => records.findLastIndex(({ key }) => key === 'account-1');

describe('the audit of the topic', () => {
  it('finds nothing wrong with the ledger, each event once, system events in each partition', () => {
    expect(records).toHaveLength(recordCount(audit()));
    expect(topicProblems(audit(), records)).toEqual([]);
  });

  it('finds a record that is missing, there twice, or before its turn', () => {
    const [one] = records.slice(at(), at() + 1);
    for (const wrong of [
      records.toSpliced(at(), 1),
      records.toSpliced(at(), 0, one as ForeignRecord),
      [one as ForeignRecord, ...records.toSpliced(at(), 1)],
    ]) {
      expect(topicProblems(audit(), wrong)).not.toEqual([]);
    }
  });

  it('finds a record that says otherwise than the ledger, or not what its schema says', () => {
    const change = (changes: Partial<ForeignRecord>) => {
      const other = { ...(records[at()] as ForeignRecord), ...changes };
      return records.toSpliced(at(), 1, other);
    };
    const { headers } = records[at()] as ForeignRecord;
    const otherwise = [{ value: '{}' }, { headers: { ...headers, ce_actor: 'user' } }, { key: 'account-0' }];
    for (const wrong of otherwise) {
      expect(topicProblems(audit(), change(wrong))).not.toEqual([]);
    }
    const validate = (schema: string) => [`${schema} is not kept`];
    expect(topicProblems({ ...audit(), validate }, records)).not.toEqual([]);
  });

  it('lets the end be missing while the relay is at work, and nothing else', () => {
    const live = { ...audit(), isLive: true };
    expect(topicProblems(live, records.slice(0, -3))).toEqual([]);
    expect(topicProblems(live, records.toSpliced(at() - 2, 1))).not.toEqual([]);
  });

  it('counts each event of a network once', () => {
    const network = events.map((event) => {
      const { dayTag } = event.data['network'] as { dayTag: string };
      const record = records.find(({ headers }) => headers['ce_eventid'] === event.id);
      return { ...(record as ForeignRecord), key: dayTag };
    });
    expect(networkProblems(audit(), network)).toEqual([]);
    expect(networkProblems(audit(), network.slice(1))).not.toEqual([]);
    expect(networkProblems(audit(), [...network, network[0] as ForeignRecord])).not.toEqual([]);
  });
});
