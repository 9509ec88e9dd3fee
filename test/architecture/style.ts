// The rules of house style that no linter has: about one file's text, and about clocks hidden in pure code.
import ts from 'typescript';
import type { SourceFile } from './workspace.js';

const maxColumns = 110;
const maxLines = 300;

/** What the text of a file breaks, one sentence each with its line; empty when it breaks nothing. */
export function styleFaults({ path, text }: SourceFile): string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const faults: string[] = [];
  const head = lines[0]?.startsWith('#!') === true ? lines[1] : lines[0];
  if (!/^\/[/*]\*? ?\S+ \S+ \S+/.test(head ?? '')) faults.push(`${path}:1 has no head line saying its job`);
  if (lines.length > maxLines) faults.push(`${path} has ${lines.length} lines, over ${maxLines}`);
  if (path.endsWith('spec.ts') && !/\.(unit|int|e2e|engines)\.spec\.ts$/.test(path)) {
    faults.push(`${path} has no tier in its name, so nothing runs it`);
  }
  for (const [at, line] of lines.entries()) {
    for (const fault of lineFaults(line)) faults.push(`${path}:${at + 1} ${fault}`);
  }
  return faults;
}

function lineFaults(line: string): string[] {
  const faults: string[] = [];
  if (line.length > maxColumns) faults.push(`has ${line.length} columns, over ${maxColumns}`);
  if (/(eslint|oxlint)-disable/.test(line)) faults.push('switches the linter off');
  if (/\b(TO[D]O|FIX[M]E|HA[C]K|XX[X])\b/.test(line)) faults.push('leaves something for later');
  return faults;
}

/**
 * Uses of `Date` and `Math` in pure code that could read a clock, a time zone or a random source. Allowed are
 * `new Date(x)`, `Date.parse`, `Date.UTC`, the type `Date`, and `Math` but for `Math.random`. That these two
 * objects are not passed on under another name is what makes the linter's bans on their members complete.
 */
export function impurities({ path, text }: SourceFile): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isPureUse(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      faults.push(`${path}:${line + 1} ${node.parent.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function isPureUse(name: ts.Identifier): boolean {
  const { parent } = name;
  if (name.text !== 'Date' && name.text !== 'Math') return true;
  if (ts.isTypeReferenceNode(parent)) return true;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === name) {
    return name.text === 'Math' ? parent.name.text !== 'random' : ['parse', 'UTC'].includes(parent.name.text);
  }
  return name.text === 'Date' && ts.isNewExpression(parent) && parent.arguments?.length === 1;
}
