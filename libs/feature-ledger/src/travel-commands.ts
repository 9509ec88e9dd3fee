// What a person says ahead of time, as orders. That their sign-in is strong enough, the sender has checked.
import { Command } from '@nestjs/cqrs';
import type { TravelNotice } from '@sallyport/core-session';
import type { Ordered, Written } from './session-commands.js';

/**
 * Files a travel notice. Times in milliseconds since the epoch; countries as ISO 3166-1 alpha-2, upper case.
 * Rejects with `travel_period_invalid`, `travel_countries_invalid`, `too_many_travel_notices`.
 */
export class FileTravelNotice extends Command<Written & { readonly noticeId: string }> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly fromMs: number;
      readonly untilMs: number;
      readonly countries: readonly string[];
    } & Pick<TravelNotice, 'filedBySession' | 'filedByDevice'>,
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Takes a travel notice back. Rejects with `travel_notice_unknown`. */
export class WithdrawTravelNotice extends Command<Written> {
  constructor(
    readonly input: { readonly accountId: string; readonly noticeId: string },
    readonly ordered: Ordered,
  ) {
    super();
  }
}

/** Notes whether the person vouches for a device, and by which session. Rejects with `device_unknown`. */
export class TrustDevice extends Command<Written> {
  constructor(
    readonly input: {
      readonly accountId: string;
      readonly deviceId: string;
      readonly trusted: boolean;
      readonly bySession: string;
      readonly byDevice: string;
    },
    readonly ordered: Ordered,
  ) {
    super();
  }
}
