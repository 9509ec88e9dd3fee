// What happened to one account, in words, read from the ledger itself.
import { sessionFold, streams } from '@sallyport/core-session';
import { everybody, happeningOf, sentenceOf, tellers } from '@sallyport/core-views';
import type { Happening, Names } from '@sallyport/core-views';
import { comparePositions } from '@sallyport/engine';
import type { Feed, RecordedEvent } from '@sallyport/engine';
import { walk } from './moment.js';
import type { Moment, Walk } from './moment.js';

/** One thing that happened, or the refreshes of one session until something else did. Nothing personal. */
export interface TimelineLine extends Omit<Happening, 'personal'> {
  readonly sentence: string;
  /** How many events it stands for, and when the last of them was; absent for one. */
  readonly count?: number;
  readonly until?: string;
}

export interface TimelineOptions extends Walk {
  /** A line for every event; else refreshes are summed up. */
  readonly every?: boolean;
}

const names: Names = {
  audience: 'operator',
  client: (clientId) => clientId,
  device: (deviceId) => `device ${deviceId}`,
  country: (code) => code,
};

/** The account's lines in order. Every event up to `to` is read: sessions are known by their start. */
export async function* accountTimeline(
  feed: Feed,
  accountId: string,
  { from, to, every = false, progressed }: TimelineOptions,
): AsyncGenerator<TimelineLine> {
  const told = new Told(accountId);
  let sums: TimelineLine[] = [];
  for await (const page of walk(feed, { to, progressed })) {
    for (const event of page) {
      const line = told.line(event);
      if (line === undefined || isBefore(line, from)) continue;
      if (!every && isSummed(line)) {
        addTo(sums, line);
        continue;
      }
      yield* sums;
      sums = [];
      yield line;
    }
  }
  yield* sums;
}

/** What events of a session leave unsaid, its earlier ones have said. */
class Told {
  private readonly sessions = new Map<string, Pick<Happening, 'clientId' | 'deviceId'>>();

  constructor(private readonly accountId: string) {}

  line(event: RecordedEvent): TimelineLine | undefined {
    const isCutoff = event.partitionKey === everybody && event.stream === streams.cutoffs;
    if (event.partitionKey !== this.accountId && !isCutoff) return undefined;
    const { personal: _personal, ...happening } = { ...this.subjectOf(event), ...happeningOf(event) };
    return { ...happening, sentence: sentenceOf(happening, names) };
  }

  private subjectOf(event: RecordedEvent): Pick<Happening, 'clientId' | 'deviceId'> {
    const { stream } = event;
    if (!stream.startsWith(streams.session(''))) return {};
    const state = sessionFold.carried(event);
    if (state === undefined) return this.sessions.get(stream) ?? {};
    const { clientId, deviceId } = state;
    const subject = deviceId === undefined ? { clientId } : { clientId, deviceId };
    this.sessions.set(stream, subject);
    return subject;
  }
}

function isSummed({ type }: TimelineLine): boolean {
  return tellers[type as keyof typeof tellers].unlisted !== undefined;
}

/** One line for each session and country, until something else happens to the account. */
function addTo(sums: TimelineLine[], line: TimelineLine): void {
  const alike = sums.findIndex(({ type, sessionId, country }) => {
    return type === line.type && sessionId === line.sessionId && country === line.country;
  });
  const sum = sums[alike];
  if (sum === undefined) sums.push(line);
  else sums[alike] = { ...sum, count: (sum.count ?? 1) + 1, until: line.at };
}

function isBefore({ position, at }: TimelineLine, from: Moment | undefined): boolean {
  if (from === undefined) return false;
  return from.kind === 'position' ? comparePositions(position, from.position) < 0 : at < from.instant;
}
