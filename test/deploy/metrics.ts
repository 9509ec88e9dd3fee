// The metrics that our processes register: names and labels, read from where they are made.
import { collectDefaultMetrics, Registry } from 'prom-client';
import { sourceFiles } from '../architecture/workspace.js';

/** What Prometheus itself adds. */
const added = ['job', 'instance'];

/** Labels by the name of each series that a process can have. */
export function registeredSeries(): ReadonlyMap<string, readonly string[]> {
  const series = new Map<string, readonly string[]>([
    ['up', added],
    ['ALERTS', [...added, 'alertname', 'alertstate']],
  ]);
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const { name } of registry.getMetricsAsArray()) series.set(name, added);
  for (const { path, text } of sourceFiles('libs', 'apps')) {
    if (!path.endsWith('.spec.ts')) for (const [name, labels] of madeIn(text)) series.set(name, labels);
  }
  return series;
}

function* madeIn(text: string): Generator<readonly [string, readonly string[]]> {
  const made = /new (Gauge|Counter|Histogram)(?:<[^>]*>)?\(\{\s*name: '(\w+)',([\s\S]*?)(?:registers|\}\))/g;
  for (const [, kind, name = '', rest = ''] of text.matchAll(made)) {
    const labels = [...added, ...labelsIn(rest, text)];
    if (kind !== 'Histogram') yield [name, labels];
    else for (const part of ['bucket', 'sum', 'count']) yield [`${name}_${part}`, [...labels, 'le']];
  }
}

/** The literal list, or the constant of the same file that is named. */
function labelsIn(rest: string, text: string): string[] {
  const [, given] = /labelNames(?:: (\[[^\]]*\]|\w+))?,/.exec(rest) ?? [];
  if (!/labelNames/.test(rest)) return [];
  const constant = given === undefined ? 'labelNames' : /^\w+$/.test(given) ? given : undefined;
  const defined = new RegExp(`const ${constant} = (\\[[^\\]]*\\])`).exec(text)?.[1];
  const list = constant === undefined ? given : defined;
  return [...(list ?? '').matchAll(/'(\w+)'/g)].map(([, label = '']) => label);
}
