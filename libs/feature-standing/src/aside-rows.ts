// How accounts that are set aside stand in the topic: by their own id, as the partition is the record's.
import { standingProjection } from '@sallyport/core-views';
import type { StandingKind } from '@sallyport/core-views';
import { parkingViews } from '@sallyport/engine';

const parking = parkingViews(standingProjection);

/** The kind that a view's rows are records of; undefined for requests, which no writer here is asked. */
export function kindOf(view: string): StandingKind | undefined {
  if (view === parking.keys) return 'parked';
  if (view === parking.records) return 'parked-records';
  return view === parking.asked ? undefined : (view as StandingKind);
}

export function isAside(kind: StandingKind): boolean {
  return kind === 'parked' || kind === 'parked-records';
}

/** A record's id: of an account that is set aside without the partition before it. */
export function idOf(kind: StandingKind, rowKey: string): string {
  return kind === 'parked' ? rowKey.slice(rowKey.indexOf('/') + 1) : rowKey;
}
