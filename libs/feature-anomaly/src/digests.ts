// Digests that ids of findings, decisions and rule sets are made of.
import { createHash } from 'node:crypto';
import { canonicalRuleSet } from '@sallyport/core-anomaly';
import type { RuleSet, RuleSetConfig } from '@sallyport/core-anomaly';
import type { RecordedEvent } from '@sallyport/engine';

/** 128 bits of SHA-256 as base64url: an id. */
export function shortDigest(text: string): string {
  return digest(text).slice(0, 22);
}

/** The rule set with its hash: SHA-256 of its canonical JSON, base64url. */
export function hashed(config: RuleSetConfig): RuleSet {
  return { config, hash: digest(canonicalRuleSet(config)) };
}

/** A UUID (RFC 9562, version 8) that is always the same of the same text: the form of command ids. */
export function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((parseInt(hex.slice(16, 18), 16) & 0x3f) | 0x80).toString(16);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, variant + hex.slice(18, 20)];
  return [...parts, hex.slice(20, 32)].join('-');
}

/** Digest of what rules read in an event, whatever order its members came in. */
export function digestOf(event: RecordedEvent): string {
  const { type, schemaVersion, data, actor, partitionKey, recordedAt } = event;
  const read = [type, schemaVersion, data, actor, partitionKey, recordedAt];
  return digest(JSON.stringify(read, (_key, member: unknown) => inOrder(member)));
}

/** Objects with their members in order of name. */
function inOrder(member: unknown): unknown {
  if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
  return Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
