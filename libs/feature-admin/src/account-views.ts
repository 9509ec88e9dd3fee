// An account's sessions and devices as the views show them, judged when they are read.
import { Injectable } from '@nestjs/common';
import { holdsOn, isLater, noCutoffs, sessionStanding } from '@sallyport/core-session';
import { cutoffsKey, sessionsProjection, sessionViews } from '@sallyport/core-views';
import type { AccountRow, CutoffsRow, DeviceRow, SessionRow } from '@sallyport/core-views';
import { Clock, ViewStore } from '@sallyport/engine';
import { mistaken } from './admin-input.js';
import { ShownPosition } from './shown-position.js';

/** Times are ISO 8601 in UTC. Nothing personal: operators see what a session is, not where its person was. */
export interface AdminSession {
  readonly sessionId: string;
  readonly client: string;
  readonly keyBound: boolean;
  readonly deviceId?: string;
  readonly startedAt: string;
  readonly lastActiveAt: string;
  readonly expiresAt: string;
  /** `active`, or why the session may not act. */
  readonly standing: string;
  /** Whether something holds its sensitive actions, of its own or of the account. */
  readonly held: boolean;
}

export interface AdminDevice {
  readonly deviceId: string;
  readonly client: string;
  readonly linkedAt: string;
  readonly status: string;
  readonly revokedAt?: string;
  readonly revokedFor?: string;
}

const { generation } = sessionsProjection;

@Injectable()
export class AccountViews {
  constructor(
    private readonly views: ViewStore,
    private readonly clock: Clock,
    private readonly shown: ShownPosition,
  ) {}

  /** Newest activity first. */
  async sessions(accountId: string): Promise<AdminSession[]> {
    const [rows, account, cutoffs] = await Promise.all([
      this.views.list(sessionViews.session, generation, accountId),
      this.one<AccountRow>(sessionViews.account, accountId),
      this.one<CutoffsRow>(sessionViews.cutoffs, cutoffsKey),
    ]);
    const nowMs = this.clock.now();
    const shown = rows.map(({ key, body }): AdminSession => {
      const { state, lastActiveAt } = body as unknown as SessionRow;
      const scope = { sessionId: key, session: state, account: account?.state };
      const standing = sessionStanding({ ...scope, cutoffs: cutoffs?.state ?? noCutoffs }, nowMs);
      return {
        sessionId: key,
        client: state.clientId,
        keyBound: state.jkt !== undefined,
        ...(state.deviceId === undefined ? {} : { deviceId: state.deviceId }),
        startedAt: state.startedAt,
        lastActiveAt,
        expiresAt: state.expiresAt,
        standing: standing.status === 'active' ? 'active' : standing.reason,
        held: standing.status === 'active' && holdsOn(account?.state ?? {}, key).length > 0,
      };
    });
    return shown.toSorted((a, b) => (a.lastActiveAt < b.lastActiveAt ? 1 : -1));
  }

  /** The linked ones first. */
  async devices(accountId: string): Promise<AdminDevice[]> {
    const rows = await this.views.list(sessionViews.device, generation, accountId);
    const shown = rows.map(({ key, body }): AdminDevice => {
      const { clientId, linkedAt, status, revokedAt, revokedFor } = body as unknown as DeviceRow;
      return {
        deviceId: key,
        client: clientId,
        linkedAt,
        status,
        ...(revokedAt === undefined ? {} : { revokedAt }),
        ...(revokedFor === undefined ? {} : { revokedFor }),
      };
    });
    const order = (device: AdminDevice) => `${device.status === 'linked' ? 1 : 0}${device.linkedAt}`;
    return shown.toSorted((a, b) => (order(a) < order(b) ? 1 : -1));
  }

  /**
   * Throws unless an operator can have seen events up to the position: clearing what is yet to come would
   * blind a rule for good.
   */
  async checkSeen(accountId: string, seen: string | undefined): Promise<void> {
    if (seen === undefined) return;
    const shown = await this.shown.position(accountId);
    const isShown = /^(0|[1-9]\d{0,19})$/.test(seen) && shown !== null && !isLater(seen, shown);
    if (!isShown) throw mistaken(['seen: must be a position that the views have reached']);
  }

  /** The account a device is on, as far as the views know. */
  async accountOfDevice(deviceId: string): Promise<string | undefined> {
    return (await this.views.load(sessionViews.device, generation, [deviceId])).get(deviceId)?.owner;
  }

  /** The projection alone writes the rows, so their bodies have its types. */
  private async one<B>(view: string, key: string): Promise<B | undefined> {
    return (await this.views.load(view, generation, [key])).get(key)?.body as B | undefined;
  }
}
