// Reads settings from an environment and keeps every mistake, so that all of them can be told at once.
import { readFileSync } from 'node:fs';

/**
 * Takes settings by name; an empty text counts as not set. What is wrong goes to `mistakes`, as a sentence.
 */
export class EnvironmentReader<Name extends string> {
  readonly mistakes: string[] = [];

  constructor(private readonly environment: Readonly<Record<string, string | undefined>>) {}

  text(name: Name, fault: (text: string) => string | undefined = () => undefined): string | undefined {
    const text = this.environment[name];
    if (text === undefined || text === '') return undefined;
    const wrong = fault(text);
    if (wrong === undefined) return text;
    this.mistakes.push(`${name} ${wrong}.`);
    return undefined;
  }

  integer(name: Name, range: { min: number; max: number; otherwise: number }): number {
    const { min, max, otherwise } = range;
    const inRange = (text: string) => /^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max;
    const rule = `must be a number from ${min} to ${max}`;
    const text = this.text(name, (given) => (inRange(given) ? undefined : rule));
    return text === undefined ? otherwise : Number(text);
  }

  choice<T extends string>(name: Name, choices: readonly T[]): T | undefined {
    const known = (text: string): text is T => (choices as readonly string[]).includes(text);
    const rule = `must be one of ${choices.join(', ')}`;
    const text = this.text(name, (given) => (known(given) ? undefined : rule));
    return text as T | undefined;
  }

  list(name: Name, kind: string, allowed: (item: string) => boolean): string[] {
    const given = (this.text(name) ?? '').split(',').map((item) => item.trim());
    const items = given.filter((item) => item !== '');
    const wrong = items.filter((item) => !allowed(item));
    this.mistakes.push(...wrong.map((item) => `${name}: "${item}" is not ${kind}.`));
    return wrong.length === 0 ? items : [];
  }

  /** The text of the file a setting names. */
  file(name: Name, path: string): string | undefined {
    try {
      return readFileSync(path, 'utf8');
    } catch (error) {
      this.mistakes.push(`${name}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
      return undefined;
    }
  }
}

/**
 * A misspelt setting must not be one that silently has its default: names with the prefix that are not known.
 */
export function unknownSettings(environment: object, prefix: string, known: readonly string[]): string[] {
  const unknown = Object.keys(environment).filter((name) => name.startsWith(prefix) && !known.includes(name));
  return unknown.map((name) => {
    const near = known.toSorted((a, b) => distance(a, name) - distance(b, name))[0] ?? '';
    return `${name} is not a setting. Did you mean ${near}? Remove it otherwise.`;
  });
}

/** How many characters must change to make one text the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, other] of [...b].entries()) {
      const replaced = (row[j] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
