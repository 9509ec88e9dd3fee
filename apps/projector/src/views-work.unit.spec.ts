// What of the bus becomes rows, in which partition.
import { declareCutoff, noCutoffs } from '@sallyport/core-session';
import { cutoffsKey, sessionViews } from '@sallyport/core-views';
import type { JsonObject, RecordedEvent } from '@sallyport/engine';
import { MemoryViewStore } from '@sallyport/testing';
import { viewsWork } from './views-work.js';

const { type, data } = declareCutoff(noCutoffs, { scope: { kind: 'all' }, reason: 'x' }, 0);
const cutoff: RecordedEvent = {
  id: '00000000-0000-4000-8000-000000000000',
  type,
  schemaVersion: 1,
  data: data as unknown as JsonObject,
  correlationId: 'c',
  causationId: 'c',
  partitionKey: '*',
  actor: { kind: 'operator', id: 'ops' },
  stream: 'cutoffs',
  revision: 0,
  position: '1',
  recordedAt: '2026-01-01T00:00:00.000Z',
  hash: 'h',
};

describe('the views as the work of a consumer', () => {
  it('write what concerns everybody from one partition alone, as others may lag behind it', async () => {
    const work = viewsWork(new MemoryViewStore());
    const rows = await work.fold(0, [cutoff]);
    expect(rows.map(({ view }) => view)).toContain(sessionViews.cutoffs);
    expect(rows.map(({ key }) => key)).toContain(cutoffsKey);
    for (const partition of [1, 2, 11]) expect(await work.fold(partition, [cutoff])).toEqual([]);
  });
});
