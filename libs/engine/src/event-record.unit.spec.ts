// Events as records: what goes along, what never does, and that a record is read back as the same event.
import { exampleDraft } from '@sallyport/testing';
import type { RecordedEvent } from './event.js';
import { eventRecords, everyPartition, recordedEvent } from './event-record.js';

const target = { topic: 'events', partitions: 3, source: 'urn:example:ledger' };
const event: RecordedEvent = {
  ...exampleDraft({ personal: 'ciphertext', actor: { kind: 'operator', id: 'ops:anna' } }),
  stream: 'till-1',
  revision: 7,
  position: '41',
  recordedAt: '2026-11-22T09:00:00.000Z',
  previousHash: 'before',
  hash: 'own',
};

describe('a record of an event', () => {
  it('is read back as the event, whatever the actor and with or without the parts that may be absent', () => {
    const { previousHash: _hash, personal: _personal, ...least } = event;
    for (const one of [event, least, { ...event, actor: { kind: 'system' as const } }]) {
      const [record] = eventRecords(one, target);
      expect(recordedEvent(record as NonNullable<typeof record>)).toEqual(one);
    }
  });

  it('is named by stream and revision, keyed by the account and says where it stands', () => {
    const [record, ...others] = eventRecords(event, target);
    expect(others).toEqual([]);
    expect(record).toMatchObject({ topic: 'events', key: 'account-1', value: JSON.stringify(event.data) });
    expect(record?.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: 'till-1/7',
      ce_position: '41',
      ce_type: 'example.happened',
      ce_personal: 'ciphertext',
    });
  });

  it('holds no credential', () => {
    const records = eventRecords({ ...event, credential: 'sealed-password' }, target);
    expect(JSON.stringify(records)).not.toContain('sealed-password');
  });

  it('of a system event is in every partition under one id', () => {
    const records = eventRecords({ ...event, partitionKey: everyPartition }, target);
    expect(records.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    expect(new Set(records.map(({ headers }) => headers['ce_id']))).toEqual(new Set(['till-1/7']));
  });

  it('has attribute names that CloudEvents allows', () => {
    const [record] = eventRecords(event, target);
    const names = Object.keys(record?.headers ?? {}).filter((name) => name !== 'content-type');
    expect(names.filter((name) => !/^ce_[a-z0-9]+$/.test(name))).toEqual([]);
  });

  it.each([
    ['no type', { ce_type: undefined }],
    ['another id than its place', { ce_id: 'till-1/8' }],
    ['a position that is no number', { ce_position: '4x' }],
    ['an actor of no known kind', { ce_actor: 'ghost' }],
  ])('with %s is refused', (_, change) => {
    const [record] = eventRecords(event, target);
    const headers = { ...record?.headers, ...change } as Record<string, string>;
    expect(() => recordedEvent({ headers, value: record?.value ?? null })).toThrow('a record');
  });

  it('with a value that is no object is refused', () => {
    const [record] = eventRecords(event, target);
    for (const value of [null, '7', '[]', 'null', '{']) {
      expect(() => recordedEvent({ headers: record?.headers ?? {}, value })).toThrow();
    }
  });
});
