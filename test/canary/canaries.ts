// Marked secrets, every form in which they could lie around, and the search for them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A form of a secret that was found where no form of it may be. */
export interface Leak {
  readonly secret: string;
  readonly form: string;
  readonly where: string;
}

interface Pattern {
  readonly secret: string;
  readonly form: string;
  readonly bytes: Buffer;
}

/** Below this a form would be found by chance. */
const shortestForm = 8;

export class Canaries {
  private readonly patterns: Pattern[] = [];
  private readonly planted = new Map<string, string>();

  get count(): number {
    return this.planted.size;
  }

  /** Remembers a secret under a name that is fit for a report, and returns it. */
  plant<T extends string | Uint8Array>(secret: string, value: T): T {
    const bytes = Buffer.from(value as string);
    const known = this.planted.get(bytes.toString('latin1'));
    if (known !== undefined) return value;
    this.planted.set(bytes.toString('latin1'), secret);
    for (const [form, pattern] of formsOf(bytes)) {
      if (pattern.length >= shortestForm) this.patterns.push({ secret, form, bytes: pattern });
    }
    return value;
  }

  /** Every secret, in any form, that the text or bytes hold; `but` are secrets that may be there. */
  find(where: string, content: string | Uint8Array, but: readonly string[] = []): Leak[] {
    const haystack = Buffer.from(content as string);
    return this.patterns
      .filter(({ secret, bytes }) => !but.includes(secret) && haystack.includes(bytes))
      .map(({ secret, form }) => ({ secret, form, where }));
  }

  /** Searches every file below the folder; `but` names, by file, the secrets that file is there to keep. */
  findInFiles(folder: string, but: Readonly<Record<string, readonly string[]>> = {}): Leak[] {
    return filesBelow(folder).flatMap((name) => this.find(name, readFileSync(join(folder, name)), but[name]));
  }
}

/** Names of all files below the folder. */
export function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** As they are, escaped for URLs and JSON, in hexadecimal, in UTF-16, and inside any base64. */
function formsOf(bytes: Buffer): [form: string, pattern: Buffer][] {
  const text = bytes.toString('utf8');
  const isText = Buffer.from(text).equals(bytes);
  const hex = bytes.toString('hex');
  const forms: [string, string | Buffer][] = [
    ['clear', bytes],
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ...[0, 1, 2].flatMap((shift): [string, string][] => {
      const inner = innerBase64(bytes, shift);
      return [
        [`base64 +${shift}`, inner],
        [`base64url +${shift}`, inner.replaceAll('+', '-').replaceAll('/', '_')],
      ];
    }),
  ];
  if (isText) {
    forms.push(['percent-encoded', encodeURIComponent(text)], ['UTF-16', Buffer.from(text, 'utf16le')]);
    forms.push(['form-encoded', new URLSearchParams([['', text]]).toString().slice(1)]);
    forms.push(['in JSON', JSON.stringify(text).slice(1, -1)]);
  }
  return forms.map(([form, pattern]) => [form, Buffer.from(pattern as string)]);
}

/** What base64 makes of the bytes from any place in a group of three, without the characters that mix. */
function innerBase64(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .replaceAll('=', '');
  const first = Math.ceil((shift * 8) / 6);
  const mixedAtEnd = (bytes.length + shift) % 3 === 0 ? 0 : 1;
  return text.slice(first, text.length - mixedAtEnd);
}
