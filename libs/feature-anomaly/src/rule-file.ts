// Rule sets as operators write them: YAML 1.2, whose members `parseRuleSet` knows.
import { parseRuleSet } from '@sallyport/core-anomaly';
import type { ParsedRuleSet } from '@sallyport/core-anomaly';
import { parseDocument } from 'yaml';

/** The rule set of a file, or every mistake in it. Anchors multiply nothing: aliases are refused. */
export function parseRuleFile(text: string): ParsedRuleSet {
  const document = parseDocument(text, { maxAliasCount: 0, uniqueKeys: true } as object);
  const mistakes = document.errors.map(({ message }) => (message.split('\n')[0] ?? '').replace(/[.:]$/, ''));
  if (mistakes.length > 0) return { mistakes };
  try {
    return parseRuleSet(document.toJS({ maxAliasCount: 0 }));
  } catch (error) {
    return { mistakes: [error instanceof Error ? error.message : 'cannot be read'] };
  }
}
