// Events as EventStoreDB keeps them: all that says something is in the hash, and foreign ones are damage.
import type { EventDraft } from '@sallyport/engine';
import type { BinaryEventData, BinaryRecordedEvent, ResolvedEvent } from '@eventstore/db-client';
import { exampleDraft } from '@sallyport/testing';
import { prepareEvents, toRecordedEvent } from './stored-event.js';

type Sent = BinaryEventData & { readonly metadata: Uint8Array };

const prefix = 'sallyport.';
const writtenAt = '2026-11-22T09:00:00.000Z';

/** As the store answers it after the append. */
function stored(drafts: readonly EventDraft[], notBefore: string, change: Partial<BinaryRecordedEvent> = {}) {
  const sent = { stream: 'a', expected: 6, previousHash: 'before', notBefore };
  const { events, lastHash } = prepareEvents(drafts, sent);
  const { id, type, data, metadata: bytes } = events.at(-1) as Sent;
  const metadata = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>;
  const position = { commit: 12_345_678_901_234_567_890n, prepare: 12_345_678_901_234_567_890n };
  const place = { streamId: `${prefix}a`, revision: 7n, position, created: new Date(writtenAt) };
  const event = { id, type, data, metadata, isJson: false, ...place, ...change };
  return { resolved: { event } as ResolvedEvent, hash: lastHash(7) };
}

describe('an event in EventStoreDB', () => {
  it('comes back as it was written, with its place, and the hash that was computed when it was sent', () => {
    const data = { 10: 'b', 2: 'a', text: 'ä\u2028\ud800', zero: -0 };
    const draft = exampleDraft({ personal: 'sealed', data });
    const { resolved, hash } = stored([draft], '');
    const written = JSON.parse(JSON.stringify(draft)) as EventDraft;
    const place = { stream: 'a', revision: 7, position: '12345678901234567890', recordedAt: writtenAt };
    const expected = { ...written, ...place, previousHash: 'before', hash };
    expect(toRecordedEvent(resolved, prefix)).toEqual(expected);
  });

  it('is recorded when the store wrote it, but never before what its writer had seen', () => {
    const later = '2026-11-22T09:00:01.000Z';
    expect(toRecordedEvent(stored([exampleDraft()], later).resolved, prefix).recordedAt).toBe(later);
    const earlier = '2026-11-22T08:59:59.999Z';
    expect(toRecordedEvent(stored([exampleDraft()], earlier).resolved, prefix).recordedAt).toBe(writtenAt);
  });

  it.each([
    ['type', { type: 'example.other' }],
    ['revision', { revision: 8n }],
    ['stream', { streamId: `${prefix}b` }],
    ['time not before', { metadata: { notBefore: '2026-11-22T08:00:00.001Z' } }],
  ])('has another hash when its %s was altered', (_, change) => {
    const draft = exampleDraft();
    const whole = stored([draft], '2026-11-22T08:00:00.000Z');
    const altered = stored([draft], '2026-11-22T08:00:00.000Z', change);
    expect(toRecordedEvent(altered.resolved, prefix).hash).not.toBe(whole.hash);
  });

  it('has another hash when anything in its body was altered', () => {
    const draft = exampleDraft({ id: '00000000-0000-4000-8000-00000000abcd' });
    const { hash } = stored([draft], '');
    const other = stored([{ ...draft, actor: { kind: 'operator' } }], '');
    expect(toRecordedEvent(other.resolved, prefix).hash).not.toBe(hash);
  });

  it.each([
    ['whose body is no JSON', { data: Buffer.from('{"id":') }],
    ['whose body is no text', { data: Buffer.from([0x7b, 0xff, 0x7d]) }],
    ['whose body is another value', { data: Buffer.from('null') }],
    ['whose body has another id', { id: '00000000-0000-4000-8000-00000000ffff' }],
    ['that the driver has parsed', { data: { id: 'x' } as never }],
    ['of a stream that is not ours', { streamId: '$stats' }],
  ])('is damage when it is one %s', (_, change) => {
    const { resolved } = stored([exampleDraft()], '', change);
    const damage = expect.objectContaining({ code: 'store_damaged' });
    expect(() => toRecordedEvent(resolved, prefix)).toThrow(damage);
  });

  it('cannot be read from a server that tells no positions, which is too old', () => {
    const position = { commit: 0xffff_ffff_ffff_ffffn, prepare: 0xffff_ffff_ffff_ffffn };
    const { resolved } = stored([exampleDraft()], '', { position });
    const cause = expect.objectContaining({ message: expect.stringMatching('22.6') });
    const refusal = expect.objectContaining({ code: 'store_unavailable', cause });
    expect(() => toRecordedEvent(resolved, prefix)).toThrow(refusal);
  });
});
