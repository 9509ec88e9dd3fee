// For a mobile backend: session views and standings from a copy of its own, folded from the compacted topic.
export { followStanding, type Following } from './follow-standing.js';
export { StandingReader, type ReaderOptions } from './standing-reader.js';
export { unknownReasons } from './verdict.js';
export type { LocalSession, LocalStanding, UnknownReason } from './verdict.js';
