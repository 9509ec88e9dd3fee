// Events as others read them: NDJSON and CSV, filtered, without credentials, personal data sealed or not.
import type { Feed, RecordedEvent } from '@sallyport/engine';
import { walk } from './moment.js';
import type { Walk } from './moment.js';

export type ExportFormat = 'ndjson' | 'csv';

export interface ExportOptions extends Walk {
  readonly format: ExportFormat;
  /** Events of this account, or `*` for those of the whole system. */
  readonly account?: string;
  /** Types, or their beginnings up to a dot (`session.`); all types where empty. */
  readonly types?: readonly string[];
  /** Whether the sealed personal part goes along, as the ciphertext it is. */
  readonly personal: boolean;
}

/** The columns of CSV, which are the members of NDJSON. What is not here is not exported. */
export const exportColumns = [
  'position',
  'recordedAt',
  'stream',
  'revision',
  'type',
  'schemaVersion',
  'id',
  'partitionKey',
  'actor',
  'correlationId',
  'causationId',
  'data',
  'personal',
  'previousHash',
  'hash',
] as const;
type ExportColumn = (typeof exportColumns)[number];
type Exported = { readonly [column in ExportColumn]?: unknown };

/** The export in pieces of text, the first of CSV being its header, each with the number of its events. */
export async function* exportEvents(
  feed: Feed,
  options: ExportOptions,
): AsyncGenerator<{ readonly text: string; readonly events: number }> {
  const { format, account, types = [], personal } = options;
  const columns = exportColumns.filter((column) => personal || column !== 'personal');
  if (format === 'csv') yield { text: csvLine(columns), events: 0 };
  const isWanted = ({ partitionKey, type }: RecordedEvent): boolean => {
    const isTheirs = account === undefined || partitionKey === account;
    return isTheirs && (types.length === 0 || types.some((wanted) => matches(type, wanted)));
  };
  for await (const page of walk(feed, options)) {
    const wanted = page.filter(isWanted);
    const lines = wanted.map((event) => lineOf(event, columns, format));
    if (lines.length > 0) yield { text: lines.join(''), events: lines.length };
  }
}

function matches(type: string, wanted: string): boolean {
  return wanted.endsWith('.') ? type.startsWith(wanted) : type === wanted;
}

function lineOf(event: Exported, columns: readonly ExportColumn[], format: ExportFormat): string {
  const values = columns.map((column) => [column, event[column]] as const);
  if (format === 'csv') return csvLine(values.map(([, value]) => value));
  return `${JSON.stringify(Object.fromEntries(values))}\n`;
}

/** RFC 4180, each field quoted, objects as JSON. */
function csvLine(values: readonly unknown[]): string {
  const fields = values.map((value) => {
    const text = value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    return `"${text.replaceAll('"', '""')}"`;
  });
  return `${fields.join(',')}\r\n`;
}
