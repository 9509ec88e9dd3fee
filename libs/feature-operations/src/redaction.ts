// What a log line may not hold: secrets and personal data, by the name of the member or by the look of the
// text.

const hidden = '[redacted]';
const maxDepth = 6;
const maxText = 2_000;
const maxStack = 4_000;

/** Names of members whose values never reach a log, compared without case, dashes and underscores. */
const secretNames = new Set(
  `
  authorization dpop dpop-nonce cookie set-cookie password new-password current-password token access-
  token refresh-token id-token code code-verifier code-challenge credential secret master-key username
  user-name email e-mail ip ip-address remote-address forwarded x-forwarded-for user-agent device-name
  personal nonce form form-token body query attempt jkt
  `
    .trim()
    .split(/\s+/)
    .map(plain),
);

/**
 * Error codes are closed lists (`queue_full`), authorization codes are long: only the first stay under
 * `code`.
 */
const errorCode = /^[A-Za-z][A-Za-z0-9_]{0,47}$/;

/**
 * Texts that are secrets wherever they stand: refresh tokens, JWTs and proofs, credentials of a scheme,
 * e-mail.
 */
const secretTexts: readonly (readonly [RegExp, string])[] = [
  [/sprt_[A-Za-z0-9_-]{8,}/g, 'sprt_[redacted]'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*)*/g, 'eyJ[redacted]'],
  [/\b(Bearer|DPoP|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/\b[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+\.[A-Za-z0-9.-]+/g, '[redacted e-mail]'],
  [/([?&](?:code|token|state|password|username|login_hint)=)[^&\s"']+/gi, '$1[redacted]'],
];

/** A copy that may be logged. Errors become their name, code, message and stack, with causes. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (value === null || typeof value !== 'object') return value;
  if (depth >= maxDepth) return '[deep]';
  if (value instanceof Error) return redactError(value, depth);
  if (Array.isArray(value)) return value.slice(0, 100).map((item) => redact(item, depth + 1));
  if (ArrayBuffer.isView(value)) return '[bytes]';
  return redactMembers(value, depth);
}

/** The text without what looks like a secret, cut at 2,000 characters. */
export function redactText(text: string, max = maxText): string {
  let clean = text.length > max ? `${text.slice(0, max)}...` : text;
  for (const [pattern, replacement] of secretTexts) clean = clean.replace(pattern, replacement);
  return clean;
}

function redactMembers(value: object, depth: number): Record<string, unknown> {
  const clean: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) {
    const keeps = name === 'code' && typeof member === 'string' && errorCode.test(member);
    clean[name] = secretNames.has(plain(name)) && !keeps ? hidden : redact(member, depth + 1);
  }
  return clean;
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  const { cause, code } = error as { cause?: unknown; code?: unknown };
  return {
    name: error.name,
    ...(typeof code === 'string' && errorCode.test(code) ? { code } : {}),
    message: redactText(error.message),
    stack: redactText(error.stack ?? '', maxStack),
    ...(cause === undefined ? {} : { cause: redact(cause, depth + 1) }),
  };
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[-_]/g, '');
}
