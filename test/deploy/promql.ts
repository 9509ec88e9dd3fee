// Which metrics and labels an expression of PromQL speaks of: as much of the language as ours use.

export interface Mentioned {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
}

const words = new Set(['and', 'or', 'unless', 'on', 'by', 'without', 'offset', 'bool', 'ignoring']);
const name = '[A-Za-z_:][A-Za-z0-9_:]*';

/** Takes strings and durations away, then reads selectors, groupings, and what is left. */
export function mentioned(expression: string): Mentioned {
  const labels: string[] = [];
  const noStrings = expression.replace(/"[^"]*"/g, '""').replace(/\[[^\]]*\]|\b\d+[smhd]\b/g, '');
  const noSelectors = noStrings.replace(/\{([^}]*)\}/g, (_all, inside: string) => {
    labels.push(...inside.split(',').map((part) => part.split(/[=!]/)[0]?.trim() ?? '').filter(Boolean));
    return '';
  });
  const groups = /\b(?:by|on|without|ignoring)\s*\(([^)]*)\)/g;
  const noGroups = noSelectors.replace(groups, (_all, inside: string) => {
    labels.push(...inside.split(',').map((part) => part.trim()).filter(Boolean));
    return ' ';
  });
  const found = [...noGroups.matchAll(new RegExp(`${name}(?!\\s*\\(|[A-Za-z0-9_:])`, 'g'))];
  const metrics = found.map(([word]) => word).filter((word) => !words.has(word));
  return { metrics: [...new Set(metrics)], labels: [...new Set(labels)] };
}
