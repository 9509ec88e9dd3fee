// The pages of the documentation, and what the specs beside this file read out of them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');

export interface Page {
  /** Relative to the root. */
  readonly path: string;
  readonly text: string;
}

/** A page by its path from the root. */
export function page(path: string): Page {
  return { path, text: readFileSync(join(root, path), 'utf8') };
}

/** README, ARCHITECTURE and everything in Markdown below docs. */
export function allPages(): Page[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const written = below.filter((name) => name.endsWith('.md'));
  const docs = written.map((name) => `docs/${name.replaceAll('\\', '/')}`);
  return ['README.md', 'ARCHITECTURE.md', ...docs.sort()].map(page);
}

/** The text below a heading (written with its `#` signs) up to the next of the same rank or a higher one. */
export function section({ path, text }: Page, heading: string): string {
  const lines = text.split('\n');
  const start = lines.indexOf(heading);
  if (start === -1) throw new Error(`${path} has no section "${heading}"`);
  const rank = heading.indexOf(' ');
  const isNext = (line: string): boolean => /^#+ /.test(line) && line.indexOf(' ') <= rank;
  const length = lines.slice(start + 1).findIndex(isNext);
  return lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
}

/** The rows of the table whose first column has this title: their cells as written. */
export function table(text: string, title: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${title} |`));
  if (start === -1) throw new Error(`there is no table of "${title}"`);
  const after = lines.slice(start + 2);
  const end = after.findIndex((line) => !line.startsWith('|'));
  return after.slice(0, end === -1 ? undefined : end).map((line) => {
    return line.replace(/^\| ?| ?\|$/g, '').split(' | ').map((cell) => cell.trim());
  });
}

/** The fenced blocks in a language, in order. */
export function blocks(text: string, language: string): string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, written]) => written === language)
    .map(([, , body = '']) => body);
}

/** Paths that a page names in backticks or links to and that do not exist. */
export function deadPaths({ path, text }: Page): string[] {
  const prose = text.replace(/^```[\s\S]*?^```$/gm, '');
  const named = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code).filter(isPath);
  const links = [...prose.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => join(dirname(path), target));
  return [...named, ...links].filter((name) => !existsSync(join(root, name)));
}

/** A path from the root: below one of its folders and without a placeholder, or a file in it. */
function isPath(code: string): boolean {
  const below = /^(apps|libs|test|docs|\.ci)\/[\w./-]+$/;
  return below.test(code) || /^\.?[\w-]+(\.[\w-]+)*\.(md|mjs|ts)$/.test(code);
}
