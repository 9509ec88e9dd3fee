// What Prometheus and Grafana ask of our processes is what these have; every alert says what to do.
import { parse } from 'yaml';
import { page } from '../docs/pages.js';
import { composeFile, isOneShot, textOf } from './compose-file.js';
import { registeredSeries } from './metrics.js';
import { mentioned } from './promql.js';

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly action: string; readonly runbook: string };
}

interface Panel {
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const series = registeredSeries();
const seconds = 'sallyport_relay_transaction_seconds';
const { groups } = parse(textOf('deploy', 'prometheus', 'alerts.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const named = alerts.map((one) => [one.alert, one] as const);
const dashboard = JSON.parse(textOf('deploy', 'grafana', 'dashboards', 'sallyport.json')) as {
  readonly panels: readonly Panel[];
};
const targets = dashboard.panels.flatMap(({ title, targets: own = [] }) => {
  return own.map((target) => [title, target] as const);
});

/** Metrics that nobody has, and labels that none of those named has. */
function unknownIn(expression: string): string[] {
  const { metrics, labels } = mentioned(expression);
  const known = new Set(metrics.flatMap((name) => series.get(name) ?? []));
  const strange = metrics.filter((name) => !series.has(name));
  return [...strange, ...labels.filter((label) => !known.has(label)).map((label) => `label ${label}`)];
}

describe('the alerts', () => {
  it.each(named)('%s speaks of what processes have', (_, one) => {
    expect(mentioned(one.expr).metrics).not.toEqual([]);
    expect(unknownIn(one.expr)).toEqual([]);
    const inWords = [...`${one.annotations.summary}${one.annotations.action}`.matchAll(/\$labels\.(\w+)/g)];
    // `absent` has the labels that it was asked for.
    const { labels } = mentioned(one.expr);
    const kept = one.expr.includes(' by ') ? labels : [...labels, 'job', 'instance'];
    for (const [, label = ''] of inWords) expect(kept).toContain(label);
  });

  it.each(named)('%s says what to do, and where more stands', (_, one) => {
    const { summary, action, runbook } = one.annotations;
    for (const text of [summary, action]) expect(text).toMatch(/\.$/);
    expect(one.labels.severity).toMatch(/^(critical|warning|info)$/);
    const [path = '', anchor] = runbook.split('#');
    const headings = page(path).text.split('\n').filter((line) => line.startsWith('## '));
    const anchors = headings.map((line) => line.slice(3).toLowerCase().replaceAll(' ', '-'));
    expect(anchors).toContain(anchor);
  });

  it('have a name each, and one for every metric that is an alarm', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
    const alarms = [...series.keys()].filter((name) => name.endsWith('_alarms_total'));
    const asked = new Set(alerts.flatMap(({ expr }) => mentioned(expr).metrics));
    expect(alarms.length).toBeGreaterThan(3);
    expect(alarms.filter((name) => !asked.has(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it.each(targets)('%s shows what processes have', (_, { expr, legendFormat }) => {
    expect(mentioned(expr).metrics).not.toEqual([]);
    expect(unknownIn(expr)).toEqual([]);
    const { metrics, labels } = mentioned(expr);
    const kept = expr.includes(' by ') ? labels : metrics.flatMap((name) => series.get(name) ?? []);
    for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(kept).toContain(label);
  });

  it('has panels that do not cover each other', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) => {
      return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
    });
    expect(new Set(cells).size).toBe(cells.length);
  });
});

describe('what is watched', () => {
  it('is every app of the compose file, under the port that it has there', () => {
    const { scrape_configs: jobs } = parse(textOf('deploy', 'prometheus', 'prometheus.yml')) as {
      scrape_configs: { job_name: string; dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const { services } = composeFile();
    const apps = Object.entries(services).filter(([, one]) => one.build && !isOneShot(one));
    expect(jobs.map(({ job_name: job }) => job).sort()).toEqual(apps.map(([name]) => name).sort());
    const [, port] = /^ENV .*PORT=(\d+)$/m.exec(textOf('Dockerfile')) ?? [];
    for (const { job_name: job, dns_sd_configs: [asked] } of jobs) {
      expect(asked).toMatchObject({ names: [job], port: Number(port) });
    }
  });

  it.each([
    ['a metric that nobody has', 'sum(sallyport_relay_leding) == 0', ['sallyport_relay_leding']],
    ['a label that nobody has', 'sum by (topic) (sallyport_relay_leading)', ['label topic']],
    ['a selector of nothing', 'sallyport_forms_total{fom="x"}', ['label fom']],
    ['a histogram by its name', 'rate(sallyport_relay_transaction_seconds[1m])', [seconds]],
  ])('would be seen to ask for %s', (_, expression, unknown) => {
    expect(unknownIn(expression)).toEqual(unknown);
  });
});
