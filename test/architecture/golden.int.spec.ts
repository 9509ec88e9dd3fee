// Holds the event types and the golden files against each other, and folds each golden event.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventCatalogue } from '@sallyport/core-session';
import { goldenFaults, statesOf } from './golden.js';
import type { Golden } from './golden.js';
import { root } from './workspace.js';

const folder = join(root, 'test', 'golden');
const files = readdirSync(folder);
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('golden events', () => {
  it('catches a type without a file, a version without a file, and a file without a type', () => {
    const catalogue = { 'a.made': 1, 'a.changed': 2 };
    expect(goldenFaults(catalogue, ['a.changed.v2.json', 'a.gone.v1.json'])).toEqual([
      'no golden file a.made.v1.json',
      'no golden file a.changed.v1.json',
      'no event type for a.gone.v1.json',
    ]);
  });

  it('catches an event whose carried state is not the folded one', () => {
    const golden = JSON.parse(read('session.refresh-rotated.v1.json')) as Golden;
    const { state } = golden.data as { state: object };
    const wrong = { state: { ...state, startedAt: '2020-01-01T00:00:00.000Z' } };
    const { carried, folded } = statesOf({ ...golden, data: wrong });
    expect(carried).not.toEqual(folded);
  });

  it('has one file for each event type and schema version, and no other', () => {
    expect(goldenFaults(eventCatalogue, files)).toEqual([]);
  });

  it.each(files)('%s is named for what it holds and survives JSON byte for byte', (name) => {
    const golden = JSON.parse(read(name)) as Golden;
    expect(`${golden.type}.v${golden.schemaVersion}.json`).toBe(name);
    expect(`${JSON.stringify(golden, null, 2)}\n`).toBe(read(name));
  });

  it.each(files)('%s folds, to the state it carries where it carries one', (name) => {
    const { carried, folded } = statesOf(JSON.parse(read(name)) as Golden);
    expect(carried ?? folded).toEqual(folded);
  });

  it('carries state in every event but those that are appended at any revision', () => {
    const goldens = files.map((name) => JSON.parse(read(name)) as Golden);
    const stateless = goldens.filter((golden) => statesOf(golden).carried === undefined);
    const anyRevision = /^(session\.revoked|(login|keys|anomaly|rules)\.)/;
    expect(stateless).toEqual(goldens.filter(({ type }) => anyRevision.test(type)));
  });
});
