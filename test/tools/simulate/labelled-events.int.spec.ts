// Somebody else's labelled events: judged as written, and refused with file and line where they cannot be.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Label, Line } from './line.js';
import { readLabels, readLines } from './read-lines.js';
import { judged, runSimulation } from './run.js';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'labelled-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const inSwitzerland = { country: 'CH', asn: 3303, kind: 'residential', ipTag: 'a' };
const inJapan = { country: 'JP', asn: 2516, kind: 'residential', ipTag: 'b' };
const atHome = {
  time: '2026-11-02T08:00:00.000Z',
  account: 'ada',
  device: 'phone',
  kind: 'sign_in',
  network: inSwitzerland,
};
const farAway = { ...atHome, time: '2026-11-02T09:00:00Z', device: 'other', network: inJapan };
const thief = { account: 'ada', label: 'stolen_password', from: '2026-11-02T09:00:00Z' };

function file(name: string, lines: readonly (object | string)[]): string {
  const path = join(folder, name);
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  writeFileSync(path, `${text}\n`);
  return path;
}

async function all(path: string): Promise<Line[]> {
  const lines: Line[] = [];
  for await (const line of readLines(path)) lines.push(line);
  return lines;
}

async function run(events: readonly object[], labels: readonly object[]) {
  const found = await judged(readLines(file('e', events)), await readLabels(file('l', labels)));
  return found.runs;
}

describe('labelled events', () => {
  it('are judged: a thief far away is found with the rules on countries, and missed without', async () => {
    const [on, off] = await run([atHome, farAway], [thief]);
    expect(on?.attackers).toMatchObject({ accounts: 1, caught: 1, stopped: 1, medianMinutes: 0 });
    expect(on?.misses).toEqual([]);
    expect(off?.misses).toEqual([{ kind: 'stolen_password', account: 'ada', found: [], action: null }]);
  });

  it('disturb an honest account that looks the same', async () => {
    const [on] = await run([atHome, farAway], [{ account: 'ada', label: 'honest' }]);
    expect(on?.honest).toMatchObject({ accounts: 1, askedToStepUp: 1, disturbed: 1, disturbedShare: 1 });
    expect(on?.honest.list[0]).toMatchObject({ account: 'ada', action: 'hold' });
  });

  it('do not count as found what was decided before the thief began', async () => {
    const [on] = await run([atHome, farAway], [{ ...thief, from: '2026-11-03T00:00:00Z' }]);
    expect(on?.attackers.caught).toBe(0);
  });

  it('may be network contexts with time, account and device in them', async () => {
    const flat = [atHome, farAway].map(({ network, ...rest }) => ({ ...rest, ...network }));
    const [on] = await run(flat, [thief]);
    expect(on?.attackers.caught).toBe(1);
  });

  it('of the simulator give the result of the simulation when they are read back', async () => {
    const out = join(folder, 'events');
    const labelsOut = join(folder, 'labels');
    const lived = await runSimulation({ seed: 3, accounts: 60, days: 4, out, labelsOut });
    const labels: Map<string, Label> = await readLabels(labelsOut);
    expect((await judged(readLines(out), labels)).runs).toEqual(lived.runs);
  });

  it.each([
    ['no JSON', '{', /JSON/],
    ['no object', [1], /the line must be a JSON object/],
    ['a time that is none', { ...atHome, time: 'today' }, /time must be an ISO 8601 time, not "today"/],
    ['no account', { ...atHome, account: undefined }, /account is missing/],
    ['an unknown kind', { ...atHome, kind: 'login' }, /kind must be one of use, sign_in, .*, not "login"/],
    ['a country that is none', { ...atHome, network: { country: 'ch' } }, /country must be two capital/],
    ['an unknown kind of network', { ...atHome, network: { country: 'CH', kind: 'x' } }, /network's kind/],
    ['an unknown cause', { ...atHome, kind: 'reuse', cause: 'x' }, /cause must be one of forged/],
    ['a journey to nowhere', { ...atHome, kind: 'travel_notice' }, /countries must be a list/],
  ])('with %s are refused by file and line', async (_what, line, message) => {
    const path = file('bad', [atHome, '', line]);
    const refused = all(path);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(`${path}:3: `);
  });

  it('with labels that are wrong are refused by file and line', async () => {
    const path = file('bad-labels', [thief, thief]);
    await expect(readLabels(path)).rejects.toThrow(`${path}:2: account ada has a label already`);
    const none = file('no-label', [{ account: 'ada' }]);
    await expect(readLabels(none)).rejects.toThrow(`${none}:1: label is missing`);
  });
});
