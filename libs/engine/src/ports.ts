// Clock, ids and random bytes as ports, so that decisions can be replayed and tests can move time.

export abstract class Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  abstract now(): number;
}

export abstract class Ids {
  /** A fresh id that means nothing: 128 random bits as base64url (22 characters). */
  abstract id(): string;
  /** A fresh random UUID (RFC 9562, version 4), in lower case: the form of command ids. */
  abstract uuid(): string;
  /** `length` cryptographically random bytes. */
  abstract bytes(length: number): Uint8Array;
}
