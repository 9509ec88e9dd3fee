// A refusal with its own words, for the HTTP parts outside OAuth (RFC 9457); others are mapped by table.

/** What of a problem is its own; the rest is standard. */
export interface ProblemParts {
  readonly status: number;
  /** The end of `urn:sallyport:problem:<code>`. */
  readonly code: string;
  readonly title: string;
  /** What to do about it; names no secret and nobody. */
  readonly detail?: string;
  /** Members beside those of RFC 9457. */
  readonly members?: Readonly<Record<string, unknown>>;
  /** Headers of the answer, e.g. `www-authenticate`, `retry-after`; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class ProblemError extends Error {
  constructor(readonly parts: ProblemParts) {
    super(parts.code);
    this.name = 'ProblemError';
  }
}
