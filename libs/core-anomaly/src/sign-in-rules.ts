// Rules on failed sign-ins, on used tokens that come back, on attestation and sensitive actions.
import type { Burst, SeenSession } from './state.js';
import { placeOf } from './observed-event.js';
import type { RuleName } from './rule-table.js';
import { stateLimits } from './state.js';
import { isNewDevice, looks, report } from './watch.js';
import type { Watch } from './watch.js';

/** Failures to sign in, `count` of them from about `ms` on: they raise what a new device looks like, before
 * it or after it, and nothing on a known one. */
export function judgeFailures(watch: Watch, failed: { readonly ms: number; readonly count: number }): void {
  if (!looks(watch, 'failures_account')) return;
  const { failures, sessions } = watch.state;
  const index = insertBurst(failures, { ...failed, at: placeOf(watch.event) }, stateLimits.failures);
  if (index < 0) return;
  const { count, windowSeconds } = watch.context.set.config.rules.failures_account;
  const { total, endMs } = heaviest(failures, index, windowSeconds * 1000);
  if (total >= count) {
    const evidence = { failures: total, count, windowSeconds };
    report(watch, 'failures_account', { about: '', atMs: endMs, evidence });
  }
  for (const session of sessions) judgeStart(watch, session);
}

/** A sign-in on a new device after failures. */
export function judgeStart(watch: Watch, { session, device, startedMs }: SeenSession): void {
  if (!looks(watch, 'failures_account') || watch.state.failures.length === 0) return;
  if (!isNewDevice(watch, device, startedMs)) return;
  const { count, windowSeconds } = watch.context.set.config.rules.failures_account;
  const before = burstsBefore(watch.state.failures, startedMs, windowSeconds * 1000);
  const total = sumOf(before);
  if (total < count) return;
  const cites = before.map(({ at }) => at).filter(({ position }) => position !== watch.event.position);
  const evidence = { failures: total, count, windowSeconds, newDevice: true };
  report(watch, 'failures_account', {
    about: session,
    atMs: startedMs,
    session,
    device,
    cites: cites.slice(-4),
    evidence,
  });
}

/** A rule that speaks of each event of its kind. */
export function judgeFact(
  watch: Watch,
  rule: RuleName,
  {
    session,
    ms,
    evidence,
  }: {
    readonly session: SeenSession;
    readonly ms: number;
    readonly evidence: Readonly<Record<string, string | number | boolean>>;
  },
): void {
  const { session: id, device } = session;
  report(watch, rule, { about: id, atMs: ms, session: id, device, evidence });
}

/** A sensitive action at `ms` that the ledger did not refuse. */
export function judgeSensitive(
  watch: Watch,
  session: SeenSession,
  action: { readonly ms: number; readonly purpose: string },
): void {
  const { ms, purpose } = action;
  const seen = watch.state.devices.find(({ device }) => device === session.device);
  const { newDeviceSeconds } = watch.context.set.config;
  if (seen === undefined || ms - seen.firstMs >= newDeviceSeconds * 1000) return;
  const deviceAgeSeconds = Math.max(0, Math.round((ms - seen.firstMs) / 1000));
  const evidence = { purpose, deviceAgeSeconds, newDeviceSeconds };
  report(watch, 'first_sensitive_action', {
    about: session.device,
    atMs: ms,
    session: session.session,
    device: session.device,
    evidence,
  });
}

/** Puts it in order of time and keeps the latest; where it stands, or -1. */
export function insertBurst<T extends { readonly ms: number }>(bursts: T[], burst: T, limit: number): number {
  let at = bursts.length;
  while (at > 0 && (bursts[at - 1] as T).ms > burst.ms) at -= 1;
  bursts.splice(at, 0, burst);
  if (bursts.length <= limit) return at;
  bursts.shift();
  return at - 1;
}

/** The most that happened within a window that holds the burst at `index`, and the end of that window. */
function heaviest(
  bursts: readonly Burst[],
  index: number,
  windowMs: number,
): { readonly total: number; readonly endMs: number } {
  let best = { total: 0, endMs: 0 };
  for (let end = index; end < bursts.length; end += 1) {
    const endMs = (bursts[end] as Burst).ms;
    if (endMs - (bursts[index] as Burst).ms > windowMs) break;
    const total = sumOf(bursts.filter(({ ms }, at) => at <= end && endMs - ms <= windowMs));
    if (total > best.total) best = { total, endMs };
  }
  return best;
}

/** What happened in the window that ends at `ms`. */
export function burstsBefore<T extends { readonly ms: number }>(
  bursts: readonly T[],
  ms: number,
  windowMs: number,
): T[] {
  return bursts.filter((burst) => burst.ms <= ms && ms - burst.ms <= windowMs);
}

export function sumOf(bursts: readonly { readonly count: number }[]): number {
  return bursts.reduce((sum, { count }) => sum + count, 0);
}
