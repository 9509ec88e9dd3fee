// Puts what happened into words for somebody: names apps, devices and countries, opens what is the reader's.
import { Injectable } from '@nestjs/common';
import { sentenceOf, sessionsProjection, sessionViews } from '@sallyport/core-views';
import { timelineProjection, timelineViews } from '@sallyport/core-views';
import type { DeviceRow, Happening, Names, SessionRow, TimelineSessionRow } from '@sallyport/core-views';
import { ViewStore } from '@sallyport/engine';
import { ClientRegistry } from '@sallyport/feature-ledger';
import { PersonalParts } from '../personal-parts.js';
import type { PersonalShown } from '../personal-parts.js';

/** One thing that happened, as it is shown. Times are ISO 8601 in UTC. */
export interface TimelineEntry extends PersonalShown {
  readonly position: string;
  readonly at: string;
  readonly type: string;
  readonly sentence: string;
  /** `user`, `operator`, `rule`, `service` or `system`; the name of the first two for operators only. */
  readonly by: Happening['by'];
  readonly sessionId?: string;
  readonly deviceId?: string;
  readonly client?: string;
  readonly country?: string;
  /** Of a sign-in: how often the session was refreshed since, and when it was last active. */
  readonly refreshes?: { readonly count: number; readonly lastAt: string };
  /** What is particular to the type. */
  readonly details: object;
}

/** Whom a story is told, and whose it is (`*` where it is nobody's). */
export interface Listener {
  readonly audience: Names['audience'];
  readonly accountId: string;
}

/** Why somebody else acted is for operators: words for colleagues, and what rules look at. */
const forOperators: ReadonlySet<string> = new Set(['reason', 'rule', 'ruleSet', 'evidence', 'cites']);
const deviceNameCharacters = 60;
const shortIdCharacters = 6;
const countries = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'code' });

@Injectable()
export class Storyteller {
  constructor(
    private readonly views: ViewStore,
    private readonly personal: PersonalParts,
    private readonly clients: ClientRegistry,
  ) {}

  /** In the order given. `summed`: sign-ins tell of their refreshes until now. */
  async tell(
    happenings: readonly Happening[],
    listener: Listener,
    how: { readonly summed?: true } = {},
  ): Promise<TimelineEntry[]> {
    const named = await this.withSubjects(happenings);
    const [names, sessions] = await Promise.all([
      this.names(named, listener),
      how.summed === true ? this.sessions(named) : new Map<string, SessionRow>(),
    ]);
    return Promise.all(named.map((one) => this.entry(one, listener, { names, sessions })));
  }

  private async entry(
    happening: Happening,
    { audience, accountId }: Listener,
    known: { readonly names: Names; readonly sessions: ReadonlyMap<string, SessionRow> },
  ): Promise<TimelineEntry> {
    const { clientId, personal, details, by, ...shown } = happening;
    const isOwner = audience === 'owner';
    const refreshes = refreshesOf(known.sessions.get(happening.sessionId ?? ''));
    return {
      ...shown,
      sentence: [sentenceOf(happening, known.names), ...(refreshes?.words ?? [])].join(' '),
      by: isOwner ? { kind: by.kind } : by,
      ...(clientId === undefined ? {} : { client: clientId }),
      ...(refreshes === undefined ? {} : { refreshes: refreshes.shown }),
      details: isOwner ? forOwner(details) : details,
      ...(isOwner ? await this.personal.open(accountId, personal) : {}),
    };
  }

  /** The app and device of sessions whose event does not say them. */
  private async withSubjects(happenings: readonly Happening[]): Promise<readonly Happening[]> {
    const unnamed = happenings.flatMap(({ sessionId, clientId }) => {
      return sessionId === undefined || clientId !== undefined ? [] : [sessionId];
    });
    if (unnamed.length === 0) return happenings;
    const rows = await this.views.load(timelineViews.session, timelineProjection.generation, unnamed);
    return happenings.map((happening) => {
      const row = happening.clientId === undefined ? rows.get(happening.sessionId ?? '') : undefined;
      if (row === undefined) return happening;
      const { clientId, deviceId } = row.body as unknown as TimelineSessionRow;
      return { ...happening, clientId, ...(deviceId === undefined ? {} : { deviceId }) };
    });
  }

  /** Only the owner is told what a device calls itself. */
  private async names(happenings: readonly Happening[], listener: Listener): Promise<Names> {
    const { audience } = listener;
    const none: ReadonlyMap<string, string> = new Map();
    const devices = audience === 'owner' ? await this.devices(happenings, listener) : none;
    return {
      audience,
      client: (clientId) => this.clients.find(clientId)?.name ?? clientId,
      device: (id) => devices.get(id) ?? `device ${id.slice(0, shortIdCharacters)}`,
      country: (code) => (/^[A-Z]{2}$/.test(code) ? (countries.of(code) ?? code) : code),
    };
  }

  private async devices(
    happenings: readonly Happening[],
    { accountId }: Listener,
  ): Promise<ReadonlyMap<string, string>> {
    const ids = [...new Set(happenings.flatMap(({ deviceId }) => deviceId ?? []))];
    if (ids.length === 0) return new Map();
    const rows = await this.views.load(sessionViews.device, sessionsProjection.generation, ids);
    const named = [...rows.values()].map(async ({ key, owner, body }) => {
      if (owner !== accountId) return [];
      const { userAgent } = await this.personal.open(accountId, (body as unknown as DeviceRow).personal);
      return userAgent === undefined ? [] : [[key, quoted(userAgent)] as const];
    });
    return new Map((await Promise.all(named)).flat());
  }

  private async sessions(happenings: readonly Happening[]): Promise<ReadonlyMap<string, SessionRow>> {
    const ids = happenings.flatMap(({ type, sessionId }) => {
      return type === 'session.started' && sessionId !== undefined ? [sessionId] : [];
    });
    if (ids.length === 0) return new Map();
    const rows = await this.views.load(sessionViews.session, sessionsProjection.generation, ids);
    return new Map([...rows].map(([id, { body }]) => [id, body as unknown as SessionRow]));
  }
}

interface Refreshes {
  readonly shown: TimelineEntry['refreshes'];
  readonly words: readonly string[];
}

/** The refreshes of a session, which have no entries of their own. */
function refreshesOf(row: SessionRow | undefined): Refreshes | undefined {
  if (row === undefined) return undefined;
  const { state, lastActiveAt: lastAt } = row;
  const { generation: count } = state;
  const often = count === 1 ? 'once' : `${count} times`;
  const minute = lastAt.slice(0, 16).replace('T', ' ');
  const words = count === 0 ? [] : [`Refreshed ${often} since, last at ${minute} UTC.`];
  return { shown: { count, lastAt }, words };
}

function forOwner(details: object): object {
  return Object.fromEntries(Object.entries(details).filter(([name]) => !forOperators.has(name)));
}

/** What the device said it is, in a sentence: it must not end the sentence or the line. */
function quoted(userAgent: string): string {
  const plain = userAgent.replace(/[\p{C}“”]/gu, ' ').trim();
  const isLong = plain.length > deviceNameCharacters;
  return `the device “${isLong ? `${plain.slice(0, deviceNameCharacters - 1)}…` : plain}”`;
}
