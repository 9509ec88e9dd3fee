// Holds functions to three parameters, but lets Nest hand as many parts to a constructor as it needs.
import ts from 'typescript';
import type { SourceFile } from './workspace.js';

const maxParameters = 3;
/** Nest calls the constructors of such classes, by type, so the order of their parameters is no trap. */
const wiring = new Set(['Injectable', 'Controller', 'CommandHandler', 'QueryHandler', 'Catch', 'Module']);

/** Functions, methods, constructors and signatures with more parameters than three, one sentence each. */
export function parameterFaults({ path, text }: SourceFile): string[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  const faults: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && !isWired(node)) {
      const { length } = node.parameters;
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      if (length > maxParameters) {
        faults.push(`${path}:${line + 1} takes ${length} parameters, over ${maxParameters}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return faults;
}

function isWired(node: ts.Node): boolean {
  if (!ts.isConstructorDeclaration(node)) return false;
  const decorators = ts.canHaveDecorators(node.parent) ? (ts.getDecorators(node.parent) ?? []) : [];
  return decorators.some(({ expression }) => {
    return ts.isCallExpression(expression) && wiring.has(expression.expression.getText());
  });
}
