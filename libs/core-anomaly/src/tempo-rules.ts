// Rules on how often and how evenly a session is refreshed, and on retries.
import type { Network } from '@sallyport/core-session';
import { isServer } from './places.js';
import { insertTime } from './state.js';
import type { SeenSession } from './state.js';
import { looks, report } from './watch.js';
import type { Watch } from './watch.js';

/** Times kept beyond what the rules need, so that late ones still find their neighbours. */
const spareTimes = 8;

/** A refresh at `ms`. */
export function judgeTempo(watch: Watch, session: SeenSession, ms: number): void {
  const { refresh_rate: rate, machine_cadence: cadence } = watch.context.set.config.rules;
  const limit = Math.max(rate.count, cadence.intervals + 1) + spareTimes;
  const at = insertTime(session.refreshesMs, ms, limit);
  if (at < 0) return;
  if (looks(watch, 'refresh_rate')) judgeRate(watch, session, at);
  if (looks(watch, 'machine_cadence')) judgeCadence(watch, session, at);
}

function judgeRate(watch: Watch, { session, device, refreshesMs }: SeenSession, at: number): void {
  const { count, windowSeconds } = watch.context.set.config.rules.refresh_rate;
  const endMs = endOfBurst(refreshesMs, { at, count, windowMs: windowSeconds * 1000 });
  if (endMs === undefined) return;
  const evidence = { count, windowSeconds };
  report(watch, 'refresh_rate', { about: session, atMs: endMs, session, device, evidence });
}

/** The end of `count` times within the window, the one at `at` among them; undefined when there are none. */
function endOfBurst(
  times: readonly number[],
  { at, count, windowMs }: { readonly at: number; readonly count: number; readonly windowMs: number },
): number | undefined {
  for (let end = Math.max(at, count - 1); end < Math.min(times.length, at + count); end += 1) {
    const endMs = times[end] as number;
    if (endMs - (times[end - count + 1] as number) <= windowMs) return endMs;
  }
  return undefined;
}

function judgeCadence(watch: Watch, { session, device, refreshesMs }: SeenSession, at: number): void {
  const { intervals, maxVariation, underSeconds } = watch.context.set.config.rules.machine_cadence;
  for (let end = Math.max(at, intervals); end < Math.min(refreshesMs.length, at + intervals + 1); end += 1) {
    const endMs = refreshesMs[end] as number;
    const meanMs = (endMs - (refreshesMs[end - intervals] as number)) / intervals;
    if (meanMs >= underSeconds * 1000) continue;
    const variation = variationOf(refreshesMs, { end, intervals, meanMs });
    if (variation > maxVariation) continue;
    const evidence = {
      intervals,
      meanSeconds: Math.round(meanMs / 100) / 10,
      variation: Math.round(variation * 1000) / 1000,
      maxVariation,
      underSeconds,
    };
    report(watch, 'machine_cadence', { about: session, atMs: endMs, session, device, evidence });
  }
}

/** Standard deviation of the intervals over their mean; more than anybody asks for when all are at once. */
function variationOf(
  times: readonly number[],
  of: { readonly end: number; readonly intervals: number; readonly meanMs: number },
): number {
  if (of.meanMs <= 0) return Number.POSITIVE_INFINITY;
  let squares = 0;
  for (let n = of.end - of.intervals + 1; n <= of.end; n += 1) {
    const off = (times[n] as number) - (times[n - 1] as number) - of.meanMs;
    squares += off * off;
  }
  return Math.sqrt(squares / of.intervals) / of.meanMs;
}

/** A retry at `ms`; `from` and `rotation`: the networks it and its rotation came from. */
export function judgeRetry(
  watch: Watch,
  session: SeenSession,
  retry: {
    readonly ms: number;
    readonly from: Network | undefined;
    readonly rotation: Network | undefined;
  },
): void {
  const { ms, from, rotation } = retry;
  const { count, windowSeconds } = watch.context.set.config.rules.retry_rate;
  const at = insertTime(watch.state.retriesMs, ms, count + spareTimes);
  const endMs =
    at < 0 ? undefined : endOfBurst(watch.state.retriesMs, { at, count, windowMs: windowSeconds * 1000 });
  const { session: id, device } = session;
  if (endMs !== undefined) {
    const evidence = { count, windowSeconds };
    report(watch, 'retry_rate', { about: id, atMs: endMs, session: id, device, evidence });
  }
  if (from === undefined || rotation === undefined || isServer(from)) return;
  const differs = difference(from, rotation);
  if (differs === undefined) return;
  const country = from.country ?? undefined;
  report(watch, 'retry_other_network', {
    about: id,
    atMs: ms,
    session: id,
    device,
    country,
    evidence: differs,
  });
}

/** How two networks differ, by what is known of both: a carrier's addresses change, its network does not. */
function difference(from: Network, rotation: Network): Record<string, string | number> | undefined {
  if (from.country !== null && rotation.country !== null && from.country !== rotation.country) {
    return { country: from.country, rotationCountry: rotation.country };
  }
  if (from.asn !== null && rotation.asn !== null && from.asn !== rotation.asn) {
    return { asn: from.asn, rotationAsn: rotation.asn };
  }
  return undefined;
}
