// Times as events carry them: ISO 8601 with milliseconds in UTC, all of one width, so they compare as text.

/** A few lately made: many decisions fall into one millisecond, and making the text costs more than they. */
const slots = 8;
const times = new Float64Array(slots).fill(Number.NaN);
const texts: string[] = [];

/** `2026-11-02T09:00:00.000Z` for milliseconds since the epoch. Throws RangeError for what is no time. */
export function isoTime(ms: number): string {
  const slot = ms % slots;
  if (times[slot] === ms) return texts[slot] as string;
  const text = new Date(ms).toISOString();
  times[slot] = ms;
  texts[slot] = text;
  return text;
}
