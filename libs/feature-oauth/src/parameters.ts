// Parameters of a form or query as the parser left them: read one at a time, once each, within a length.
import { OAuthError } from './errors.js';

/** What the parser made of a form or query: values are strings, or lists where a name came more than once. */
export type RawParameters = { readonly [name: string]: unknown };

/** The parameters of a body or query; none when there was no body. */
export function rawParameters(parsed: unknown): RawParameters {
  return typeof parsed === 'object' && parsed !== null ? (parsed as RawParameters) : {};
}

/**
 * Throws `invalid_request` when a parameter came more than once (RFC 6749 section 3.1 and 3.2). `resource`
 * may, by RFC 8707, and is ignored like every name that is not ours.
 */
export function refuseRepeated(raw: RawParameters): void {
  for (const name in raw) {
    if (!Array.isArray(raw[name]) || name === 'resource') continue;
    throw new OAuthError('invalid_request', `${printable(name)} was sent more than once.`);
  }
}

/**
 * The value, or undefined: sent without a value counts as not sent (RFC 6749 section 3.1). Throws
 * `invalid_request` for a repeated one and for one longer than `maxLength` characters.
 */
export function optional(raw: RawParameters, name: string, maxLength: number): string | undefined {
  const value = raw[name];
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string') throw new OAuthError('invalid_request', `${name} was sent more than once.`);
  if (value.length <= maxLength) return value;
  throw new OAuthError('invalid_request', `${name} is longer than ${maxLength} characters.`);
}

/** The value. Throws `invalid_request` as `optional` does, and when it was not sent. */
export function required(raw: RawParameters, name: string, maxLength: number): string {
  const value = optional(raw, name, maxLength);
  if (value === undefined) throw new OAuthError('invalid_request', `${name} is missing.`);
  return value;
}

/** A parameter's name as an error description may show it (RFC 6749 section 5.2 limits its characters). */
function printable(name: string): string {
  return /^[\w.-]{1,64}$/.test(name) ? name : 'A parameter';
}
