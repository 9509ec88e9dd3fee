// The metrics that our processes register: names and labels, read from where they are made.
import { collectDefaultMetrics, Registry } from 'prom-client';
import ts from 'typescript';
import { sourceFiles, type SourceFile } from '../architecture/workspace.js';

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
  const sources = sourceFiles('libs', 'apps').filter(({ path }) => !path.endsWith('.spec.ts'));
  for (const { name, labels, isHistogram } of sources.flatMap(madeIn)) {
    if (!isHistogram) series.set(name, [...added, ...labels]);
    const parts = isHistogram ? ['bucket', 'sum', 'count'] : [];
    for (const part of parts) series.set(`${name}_${part}`, [...added, ...labels, 'le']);
  }
  return series;
}

interface Made {
  readonly name: string;
  readonly labels: readonly string[];
  readonly isHistogram: boolean;
}

/** Every object with a name of ours, as prom-client takes it. */
function madeIn({ path, text }: SourceFile): Made[] {
  if (!text.includes("'sallyport_")) return [];
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const made: Made[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) {
      const name = textsIn(valueOf(node, 'name'))[0] ?? '';
      const isHistogram = ts.isNewExpression(node.parent) && node.parent.expression.getText() === 'Histogram';
      if (name.startsWith('sallyport_')) made.push({ name, labels: labelsOf(node, file), isHistogram });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return made;
}

/** The list that is written there, or the constant of the same file that is named. */
function labelsOf(metric: ts.ObjectLiteralExpression, file: ts.SourceFile): string[] {
  const value = valueOf(metric, 'labelNames');
  if (value === undefined || !ts.isIdentifier(value)) return textsIn(value);
  let list: string[] = [];
  const visit = (node: ts.Node): void => {
    const isIt = ts.isVariableDeclaration(node) && node.name.getText() === value.text;
    if (isIt) list = textsIn(node.initializer);
    else ts.forEachChild(node, visit);
  };
  visit(file);
  return list;
}

function valueOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  for (const member of object.properties) {
    if (member.name?.getText() !== name) continue;
    if (ts.isPropertyAssignment(member)) return member.initializer;
    if (ts.isShorthandPropertyAssignment(member)) return member.name;
  }
  return undefined;
}

function textsIn(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteral(node)) return [node.text];
  const texts: string[] = [];
  ts.forEachChild(node, (child) => void texts.push(...textsIn(child)));
  return texts;
}
