// A candidate rule set from its file, with what the service gives its rules beside it.
import { countryPlaces } from '@sallyport/adapter-geoip';
import type { RuleContext } from '@sallyport/core-anomaly';
import { hashed, parseRuleFile, shortDigest } from '@sallyport/feature-anomaly';
import { readText } from './anchor-files.js';
import { AuditFailure } from './failure.js';

/** Throws `AuditFailure` `usage` with every mistake in the file. */
export function candidateIn(file: string): RuleContext {
  const { config, mistakes = [] } = parseRuleFile(readText(file));
  if (config !== undefined) return { set: hashed(config), countryPlaces, digest: shortDigest };
  throw new AuditFailure('usage', mistakes.map((mistake) => `${file}: ${mistake}.`).join('\n'));
}
