// Where in a ledger's file the rows of events are, byte by byte (https://www.sqlite.org/fileformat2.html).
import { readFileSync } from 'node:fs';
import { Database } from '@sallyport/adapter-sqlite';

/** One row of the table of events, as it lies in the file. Offsets in bytes. */
export interface EventCell {
  readonly position: number;
  readonly start: number;
  /** The first byte after it. */
  readonly end: number;
  /** The byte for the position in the row's own header. Nobody reads it: the position is the row's key. */
  readonly unread: number;
}

const interiorTable = 0x05;
const leafTable = 0x0d;

/** All rows, in order. The file is at rest: no log beside it. Throws where a row does not fit on its page. */
export function eventCells(file: string): EventCell[] {
  const db = new Database(file, { readonly: true });
  const roots = db.prepare("SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'events'");
  const root = roots.pluck().get() as number;
  db.close();
  const bytes = readFileSync(file);
  const pageSize = bytes.readUInt16BE(16) === 1 ? 65_536 : bytes.readUInt16BE(16);
  return cellsBelow({ bytes, pageSize }, root);
}

interface Pages {
  readonly bytes: Buffer;
  readonly pageSize: number;
}

function cellsBelow(pages: Pages, page: number): EventCell[] {
  const { bytes, pageSize } = pages;
  const base = (page - 1) * pageSize;
  const kind = bytes[base];
  const count = bytes.readUInt16BE(base + 3);
  const pointers = base + (kind === interiorTable ? 12 : 8);
  const offsets = Array.from({ length: count }, (_, at) => base + bytes.readUInt16BE(pointers + 2 * at));
  if (kind === leafTable) return offsets.map((start) => cellAt(pages, start));
  if (kind !== interiorTable) throw new Error(`page ${page} is of no kind that a table has`);
  const children = [...offsets.map((offset) => bytes.readUInt32BE(offset)), bytes.readUInt32BE(base + 8)];
  return children.flatMap((child) => cellsBelow(pages, child));
}

function cellAt({ bytes, pageSize }: Pages, start: number): EventCell {
  const length = varint(bytes, start);
  if (length.value > pageSize - 35) throw new Error('a row that goes on on another page');
  const position = varint(bytes, length.end);
  const header = varint(bytes, position.end);
  return { position: position.value, start, end: position.end + length.value, unread: header.end };
}

function varint(bytes: Buffer, start: number): { readonly value: number; readonly end: number } {
  let value = 0;
  for (let at = start; at < start + 8; at += 1) {
    const byte = bytes[at] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, end: at + 1 };
  }
  throw new Error('a number longer than any here');
}
