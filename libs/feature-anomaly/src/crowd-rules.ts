// The rules across accounts as the work of a consumer of the bus: failures come by the topic of networks,
// what accounts say of a network or a key by rows, from the partition that judged the account.
import { crowdNotes, observeNote } from '@sallyport/core-anomaly';
import type { CountryPlaces, CrowdNote, RuleContext } from '@sallyport/core-anomaly';
import { comparePositions, isEngineError } from '@sallyport/engine';
import type { Clock, ConsumerWork, Position, RecordedEvent, ViewCommit, ViewStore } from '@sallyport/engine';
import { digestOf, shortDigest } from './digests.js';
import { RuleOutbox } from './rule-outbox.js';
import { crowdsConsumer, crowdsOwner, ruleViews } from './rule-rows.js';
import type { NoteRow, OutboxItem } from './rule-rows.js';
import type { RulesWatch } from './rules-stream.js';
import { crowdOwner, dayOf, StateCache } from './state-cache.js';

export interface CrowdRulesParts {
  readonly views: Pick<ViewStore, 'load' | 'list'>;
  readonly countryPlaces: CountryPlaces;
  readonly watch: RulesWatch;
  readonly clock: Clock;
  readonly historyUntil: Position;
  /** As `AccountRulesParts.outbox`. */
  outbox(partition: number, items: readonly OutboxItem[]): void;
  /** A note that could not be judged, and is left out. */
  fault(accountId: string, position: Position, error: unknown): void;
}

type Changes = ViewCommit['changes'];

/** What one partition has in memory. */
interface Seat {
  readonly cache: StateCache;
  readonly outbox: RuleOutbox;
  /** Keys of the notes that were judged. */
  judged: string[];
  sweptAtMs: number;
}

const { name, generation } = crowdsConsumer;
/** Days of crowds kept: tags of networks live 90, and no window is longer. */
const crowdDays = 91;
/** Looked through for what went stale while nobody swept. */
const sweptDays = 30;
const sweepEveryMs = 3_600_000;

export class CrowdRules implements ConsumerWork {
  readonly name = name;
  readonly generation = generation;
  private readonly seats = new Map<number, Seat>();

  constructor(private readonly parts: CrowdRulesParts) {}

  async assigned(partition: number): Promise<void> {
    this.seats.delete(partition);
  }

  async fold(partition: number, events: readonly RecordedEvent[]): Promise<Changes> {
    const seat = await this.open(partition);
    await this.parts.watch.look();
    for (const event of events) {
      const { id, stream, revision, position } = event;
      const trigger = { id, stream, revision, position, digest: digestOf(event) };
      const observed = { ...event, digest: trigger.digest };
      // Of an account's own events only it knows what they say.
      const notes = crowdNotes(undefined, observed, this.contextAt(position));
      for (const note of notes) await this.judge(seat, { note, trigger });
    }
    return this.withNotes(partition, seat);
  }

  async due(partition: number): Promise<Changes> {
    const seat = await this.open(partition);
    const { views } = this.parts;
    const notes = await views.list(ruleViews.note, generation, crowdsOwner(partition));
    const stale = await this.stale(partition, seat);
    if (notes.length + stale.length === 0 && !seat.outbox.hasChanges) return [];
    await this.parts.watch.look();
    seat.cache.dropCrowds(stale);
    const gone = stale.map((key) => ({ view: ruleViews.crowd, key, row: null }));
    return [...(await this.withNotes(partition, seat)), ...gone];
  }

  committed(partition: number): void {
    const seat = this.seats.get(partition);
    if (seat === undefined) return;
    seat.cache.settle();
    seat.judged = [];
    const items = seat.outbox.settle();
    if (items.length > 0) this.parts.outbox(partition, items);
  }

  sent(partition: number, keys: readonly string[]): void {
    this.seats.get(partition)?.outbox.sent(keys);
  }

  private async withNotes(partition: number, seat: Seat): Promise<Changes> {
    const rows = await this.parts.views.list(ruleViews.note, generation, crowdsOwner(partition));
    for (const { key, body } of rows) {
      const row = body as unknown as NoteRow;
      seat.judged.push(key);
      try {
        await this.judge(seat, row);
      } catch (error) {
        if (isEngineError(error)) throw error;
        this.parts.fault(accountOf(row.note), row.trigger.position, error);
      }
    }
    const judged = seat.judged.map((key) => ({ view: ruleViews.note, key, row: null }));
    return [...seat.cache.changes(), ...seat.outbox.changes(), ...judged];
  }

  private async judge(seat: Seat, { note, trigger }: NoteRow): Promise<void> {
    await seat.cache.loadCrowds(new Set([note.key]));
    const context = this.contextAt(trigger.position);
    const said = observeNote({ crowd: seat.cache.crowd(note.key), event: trigger, context }, note);
    if (said.findings.length + said.decisions.length === 0) return;
    if (comparePositions(trigger.position, this.parts.historyUntil) <= 0) return;
    seat.outbox.say(said, trigger);
  }

  /** Keys of what nobody saw for long; looked for once an hour. */
  private async stale(partition: number, seat: Seat): Promise<string[]> {
    const { views, clock } = this.parts;
    const now = clock.now();
    if (now - seat.sweptAtMs < sweepEveryMs) return [];
    seat.sweptAtMs = now;
    const last = dayOf(now) - crowdDays;
    const days = Array.from({ length: sweptDays }, (_, before) => last - before);
    const owners = days.map((day) => crowdOwner(day, `${crowdsOwner(partition)}-`));
    const rows = await Promise.all(owners.map((owner) => views.list(ruleViews.crowd, generation, owner)));
    return rows.flat().map(({ key }) => key);
  }

  private contextAt(position: Position): RuleContext {
    const { watch, countryPlaces } = this.parts;
    return { set: watch.ruleSetAt(position), countryPlaces, digest: shortDigest };
  }

  private async open(partition: number): Promise<Seat> {
    const known = this.seats.get(partition);
    if (known !== undefined) return known;
    const { views } = this.parts;
    const owner = crowdsOwner(partition);
    const cache = new StateCache(views, { crowdsOf: `${owner}-` });
    const seat: Seat = { cache, outbox: new RuleOutbox(owner, '-crowds'), judged: [], sweptAtMs: 0 };
    const pending = await views.list(ruleViews.outbox, generation, owner);
    this.seats.set(partition, seat);
    const items = pending.map(({ body }) => body as unknown as OutboxItem);
    if (items.length > 0) this.parts.outbox(partition, items);
    return seat;
  }
}

function accountOf(note: CrowdNote): string {
  return note.kind === 'network-failures' ? '*' : note.start.accountId;
}
