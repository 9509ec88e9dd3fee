// Answers as people read them: lists as tables, the rest as lines of names and values.
import type { Answer } from './client.js';

/** Readable text, ended by a line break. */
export function readable(answer: Answer): string {
  const blocks = Object.entries(answer).flatMap(([name, value]) => {
    return Array.isArray(value) ? [table(value as readonly Answer[], name)] : [];
  });
  const lines = Object.entries(answer).filter(([, value]) => !Array.isArray(value) && value !== undefined);
  const width = Math.max(0, ...lines.map(([name]) => name.length));
  return [...blocks, ...lines.map(([name, value]) => `${name.padEnd(width)}  ${cell(value)}\n`)].join('');
}

function table(rows: readonly Answer[], name: string): string {
  if (rows.length === 0) return `no ${name}\n`;
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0)));
  const lines = cells.map((line) => {
    return line.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ').trimEnd();
  });
  return `${lines.join('\n')}\n`;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '-';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  // What a service answers must not move the cursor of a terminal.
  return text.replace(/\p{Cc}/gu, '?');
}
