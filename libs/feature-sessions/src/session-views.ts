// What a person is shown of their sessions and devices: view rows, judged and opened when they are read.
import { Injectable } from '@nestjs/common';
import { holdsOn, liveNotices, noCutoffs, sessionStanding, shownHold } from '@sallyport/core-session';
import type {
  AccountState,
  CutoffsState,
  DeviceRevocationCause,
  HoldShown,
  Standing,
  TravelNotice,
} from '@sallyport/core-session';
import { cutoffsKey, sessionsProjection, sessionViews } from '@sallyport/core-views';
import type { AccountRow, CutoffsRow, DeviceRow, SessionRow } from '@sallyport/core-views';
import { Clock, ViewStore } from '@sallyport/engine';
import type { ViewRow } from '@sallyport/engine';
import type { Principal } from '@sallyport/feature-ledger';
import { PersonalParts } from './personal-parts.js';
import type { PersonalShown } from './personal-parts.js';

/** `current`: filed by the session that asks, which it does not excuse. */
export interface TravelNoticeShown extends Omit<TravelNotice, 'filedBySession' | 'filedByDevice'> {
  readonly current: boolean;
}

/** Times are ISO 8601 in UTC. */
export interface SessionShown extends PersonalShown {
  readonly id: string;
  /** The session that asks. */
  readonly current: boolean;
  readonly client: string;
  readonly scope: string;
  readonly deviceId?: string;
  readonly startedAt: string;
  readonly lastActiveAt: string;
  readonly authTime: string;
  readonly idleExpiresAt: string;
  readonly expiresAt: string;
  readonly standing: Standing;
  readonly endedAt?: string;
  readonly flags: readonly string[];
  /** What keeps this session from sensitive actions. Why, its person is not told: it may be a thief. */
  readonly holds: readonly HoldShown[];
  readonly network: { readonly country: string | null };
  readonly appVersion?: string;
}

export interface DeviceShown extends PersonalShown {
  readonly id: string;
  /** The device that asks. */
  readonly current: boolean;
  readonly client: string;
  readonly linkedAt: string;
  readonly trusted: boolean;
  /** Absent while no session of it is known. */
  readonly lastActiveAt?: string;
  readonly status: DeviceRow['status'];
  readonly revokedAt?: string;
  readonly revokedFor?: DeviceRevocationCause;
}

const endedShown = 50;
const { generation } = sessionsProjection;

@Injectable()
export class SessionViews {
  constructor(
    private readonly views: ViewStore,
    private readonly personal: PersonalParts,
    private readonly clock: Clock,
  ) {}

  /** All sessions that may act, and the 50 ended ones that were active last; newest first. */
  async sessions({ accountId, sessionId }: Principal): Promise<SessionShown[]> {
    const [rows, account, cutoffs] = await Promise.all([
      this.rows<SessionRow>(sessionViews.session, accountId),
      this.account(accountId),
      this.cutoffs(),
    ]);
    const nowMs = this.clock.now();
    const judged = rows
      .map(({ key, body }) => {
        const standing = sessionStanding({ sessionId: key, session: body.state, account, cutoffs }, nowMs);
        return { id: key, row: body, standing };
      })
      .sort((a, b) => (a.row.lastActiveAt < b.row.lastActiveAt ? 1 : -1));
    const active = judged.filter(({ standing }) => standing.status === 'active');
    const ended = judged.filter(({ standing }) => standing.status === 'ended').slice(0, endedShown);
    return Promise.all(
      [...active, ...ended].map(async ({ id, row, standing }) => ({
        ...shownSession(id, row, standing),
        current: id === sessionId,
        holds: standing.status === 'active' ? holdsOn(account ?? {}, id).map(shownHold) : [],
        ...(await this.personal.open(accountId, row.personal)),
      })),
    );
  }

  /** All devices ever linked, the linked ones first. */
  async devices({ accountId, deviceId }: Principal): Promise<DeviceShown[]> {
    const [rows, sessions, account] = await Promise.all([
      this.rows<DeviceRow>(sessionViews.device, accountId),
      this.rows<SessionRow>(sessionViews.session, accountId),
      this.account(accountId),
    ]);
    const lastActive = new Map<string, string>();
    for (const { body } of sessions) {
      const id = body.state.deviceId;
      if (id !== undefined && (lastActive.get(id) ?? '') < body.lastActiveAt)
        lastActive.set(id, body.lastActiveAt);
    }
    const shown = rows.map(async ({ key, body }): Promise<DeviceShown> => {
      const { clientId, jkt: _jkt, personal, ...rest } = body;
      const lastActiveAt = lastActive.get(key);
      return {
        id: key,
        current: key === deviceId,
        client: clientId,
        ...rest,
        trusted: account?.trustedDevices?.some((trust) => trust.deviceId === key) === true,
        ...(lastActiveAt === undefined ? {} : { lastActiveAt }),
        ...(await this.personal.open(accountId, personal)),
      };
    });
    const order = (device: DeviceShown) => `${device.status === 'linked' ? 1 : 0}${device.linkedAt}`;
    return (await Promise.all(shown)).sort((a, b) => (order(a) < order(b) ? 1 : -1));
  }

  /** The journeys that are not over, as they were filed. */
  async travelNotices({ accountId, sessionId }: Principal): Promise<TravelNoticeShown[]> {
    const live = liveNotices((await this.account(accountId)) ?? {}, this.clock.now());
    return live.map(({ filedBySession, filedByDevice: _device, ...notice }) => {
      return { ...notice, current: filedBySession === sessionId };
    });
  }

  private async rows<B>(view: string, owner: string): Promise<{ readonly key: string; readonly body: B }[]> {
    return (await this.views.list(view, generation, owner)).map((row) => ({
      key: row.key,
      body: bodyOf<B>(row),
    }));
  }

  private async account(accountId: string): Promise<AccountState | undefined> {
    const row = (await this.views.load(sessionViews.account, generation, [accountId])).get(accountId);
    return row === undefined ? undefined : bodyOf<AccountRow>(row).state;
  }

  private async cutoffs(): Promise<CutoffsState> {
    const row = (await this.views.load(sessionViews.cutoffs, generation, [cutoffsKey])).get(cutoffsKey);
    return row === undefined ? noCutoffs : bodyOf<CutoffsRow>(row).state;
  }
}

function shownSession(
  id: string,
  { state, lastActiveAt, ended }: SessionRow,
  standing: Standing,
): SessionShown {
  return {
    id,
    current: false,
    client: state.clientId,
    scope: state.scope,
    ...text('deviceId', state.deviceId),
    startedAt: state.startedAt,
    lastActiveAt,
    authTime: state.authTime,
    idleExpiresAt: state.idleExpiresAt,
    expiresAt: state.expiresAt,
    standing,
    ...text('endedAt', ended?.at),
    flags: state.flags ?? [],
    holds: [],
    network: { country: state.network?.country ?? null },
    ...text('appVersion', state.appVersion),
  };
}

function text<K extends string>(name: K, value: unknown): { readonly [name in K]?: string } {
  return typeof value === 'string' ? ({ [name]: value } as { [name in K]: string }) : {};
}

/** The projection alone writes the rows, so their bodies have its types. */
function bodyOf<B>(row: ViewRow): B {
  return row.body as B;
}
