// Prometheus' own tool reads its configuration, alerts and the dashboard's expressions, and plays the alerts.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { repositoryRoot } from '../tools/repository.js';
import { textOf } from './compose-file.js';

const directory = mkdtempSync(join(tmpdir(), 'sallyport-prometheus-'));
const alerts = textOf('deploy', 'prometheus', 'alerts.yml');

beforeAll(() => {
  cpSync(join(repositoryRoot(), 'deploy', 'prometheus'), directory, { recursive: true });
  writeFileSync(join(directory, 'alerts.test.yml'), textOf('test', 'deploy', 'alerts.test.yml'));
});
afterAll(() => rmSync(directory, { recursive: true }));
afterEach(() => writeFileSync(join(directory, 'alerts.yml'), alerts));

/** Its exit code and words; Debian's package `prometheus` has it. */
function promtool(...words: string[]): { code: number | null; said: string } {
  const options = { cwd: directory, encoding: 'utf8' } as const;
  const { status, stdout, stderr, error } = spawnSync('promtool', words, options);
  if (error !== undefined) throw error;
  return { code: status, said: `${stdout}${stderr}` };
}

/** The alerts with one text changed for another. */
function changed(from: string, to: string): void {
  expect(alerts).toContain(from);
  writeFileSync(join(directory, 'alerts.yml'), alerts.replace(from, to));
}

describe('promtool', () => {
  it('takes the configuration and the alerts', () => {
    expect(promtool('check', 'config', 'prometheus.yml')).toMatchObject({ code: 0 });
  });

  it("takes every expression of the dashboard's panels", () => {
    const { panels } = JSON.parse(textOf('deploy', 'grafana', 'dashboards', 'sallyport.json')) as {
      panels: { targets?: { expr: string }[] }[];
    };
    const targets = panels.flatMap(({ targets: own = [] }) => own);
    const rules = targets.map(({ expr }, at) => ({ record: `panel${at}`, expr }));
    expect(rules.length).toBeGreaterThan(30);
    writeFileSync(join(directory, 'panels.yml'), stringify({ groups: [{ name: 'panels', rules }] }));
    expect(promtool('check', 'rules', 'panels.yml')).toMatchObject({ code: 0 });
  });

  it('sees each alert fire when it should, and none on a quiet day', () => {
    expect(promtool('test', 'rules', 'alerts.test.yml')).toEqual({
      code: 0,
      said: expect.stringContaining('SUCCESS'),
    });
  });

  it.each([
    ['an alert that never fires', 'ring_age_seconds) > 30', 'ring_age_seconds) < 0'],
    ['an alert that always fires', 'min(sallyport_eventstore_reachable) == 0', 'vector(1) == 1'],
    ['a label that got lost', '"job", "relay", ""', '"job", "", ""'],
  ])('would see %s', (_, from, to) => {
    changed(from, to);
    expect(promtool('test', 'rules', 'alerts.test.yml').code).not.toBe(0);
  });

  it('would see an expression that cannot be read', () => {
    changed('max(sallyport_key_ring_age_seconds) > 30', 'max(sallyport_key_ring_age_seconds > 30');
    expect(promtool('check', 'config', 'prometheus.yml').code).not.toBe(0);
  });
});
