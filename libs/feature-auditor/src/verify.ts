// One pass over a ledger that looks for every way in which it is not what was written, beside its writer.
import { checkEvent, foldOf } from '@sallyport/core-session';
import type { CheckedStream, Fold } from '@sallyport/core-session';
import { comparePositions, isEngineError } from '@sallyport/engine';
import type { EventStore, Feed, Position, RecordedEvent } from '@sallyport/engine';
import type { SignedAnchor } from './anchor.js';
import { AuditorError } from './errors.js';
import { walk } from './moment.js';
import type { Walk } from './moment.js';
import { stateAt } from './state-at.js';
import { StreamDigests } from './stream-digests.js';

/** What a store knows of its own files that its events do not show; in words, empty when they agree. */
export interface FileCheck {
  /** On the events after one position up to another. */
  eventProblems(after: Position | null, to: Position): Promise<string[]>;
  /** On what is listed besides events. */
  streamProblems(): Promise<string[]>;
}

export interface VerifyPorts {
  readonly feed: Feed;
  readonly store: Pick<EventStore, 'readBack'>;
  readonly files?: FileCheck;
}

/** What was found. The ledger holds when there are no problems. */
export interface Findings {
  readonly events: number;
  readonly streams: number;
  /** Of the last event looked at; `0` where there is none. */
  readonly position: Position;
  readonly recordedAt: string;
  readonly root: string;
  /** All that was counted; `problems` has the first of them, in words. */
  readonly problemCount: number;
  readonly problems: readonly string[];
}

export interface VerifyOptions extends Pick<Walk, 'progressed'> {
  readonly anchor?: SignedAnchor;
}

const maxProblemsTold = 100;
/** States kept between a stream's events; one that was dropped is read back from the store. */
const maxStates = 100_000;
const storedTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Looks at every event up to the head that the store has now: revisions without gaps, positions in order,
 * times that never go back, carried against folded state, the chain of hashes, and what was anchored.
 */
export function verifyLedger(ports: VerifyPorts, options: VerifyOptions = {}): Promise<Findings> {
  return new Verification(ports, options).run();
}

type Trail = Omit<CheckedStream, 'state'>;

class Verification {
  private readonly problems: string[] = [];
  private problemCount = 0;
  private readonly digests = new StreamDigests();
  private readonly trails = new Map<string, Trail>();
  private readonly states = new Map<string, unknown>();
  private events = 0;
  private position: Position = '0';
  private recordedAt = '';
  private anchorJudged = false;

  constructor(
    private readonly ports: VerifyPorts,
    private readonly options: VerifyOptions,
  ) {}

  async run(): Promise<Findings> {
    try {
      for await (const page of walk(this.ports.feed, { progressed: this.options.progressed })) {
        await this.checkPage(page);
      }
      this.say(...((await this.ports.files?.streamProblems()) ?? []));
    } catch (error) {
      if (!(error instanceof AuditorError) && !isEngineError(error, 'store_damaged')) throw error;
      const place = error instanceof AuditorError ? '' : `After position ${this.position}: `;
      this.say(`${place}${error.message}`);
    }
    this.judgeAnchor();
    const { events, position, recordedAt, problemCount, problems } = this;
    const { streams } = this.digests;
    return { events, streams, position, recordedAt, root: this.digests.root(), problemCount, problems };
  }

  private async checkPage(page: readonly RecordedEvent[]): Promise<void> {
    const from = this.position;
    for (const event of page) {
      if (this.isPastAnchor(event)) this.judgeAnchor();
      this.checkPlace(event);
      await this.checkInStream(event);
      this.digests.add(event);
      this.events += 1;
      this.position = event.position;
      if (event.recordedAt > this.recordedAt) this.recordedAt = event.recordedAt;
    }
    this.say(...((await this.ports.files?.eventProblems(from, this.position)) ?? []));
  }

  private checkPlace({ position, recordedAt }: RecordedEvent): void {
    const at = `position ${position}`;
    if (comparePositions(position, this.position) <= 0) this.say(`${at} comes after ${this.position}`);
    if (!storedTime.test(recordedAt)) this.say(`${at} is recorded at no time: ${recordedAt.slice(0, 40)}`);
    if (recordedAt < this.recordedAt) {
      this.say(`${at} is recorded at ${recordedAt}, before ${this.recordedAt} of an event before it`);
    }
  }

  private async checkInStream(event: RecordedEvent): Promise<void> {
    const { stream } = event;
    const fold = this.foldOf(stream);
    const trail = this.trails.get(stream);
    const before = trail && { ...trail, state: await this.stateOf(stream, trail, fold) };
    const { problems, after } = checkEvent(fold, before, event);
    this.say(...problems);
    this.trails.set(stream, { revision: after.revision, hash: after.hash });
    if (fold !== undefined) this.keep(stream, after.state);
  }

  /** A stream that nobody folds is a problem once. */
  private foldOf(stream: string): Fold<unknown> | undefined {
    try {
      return foldOf(stream);
    } catch {
      if (!this.trails.has(stream)) this.say(`stream ${stream} is of no known kind`);
      return undefined;
    }
  }

  private async stateOf(stream: string, { revision }: Trail, fold?: Fold<unknown>): Promise<unknown> {
    if (fold === undefined || this.states.has(stream)) return this.states.get(stream);
    try {
      return await stateAt(this.ports.store, fold, { stream, revision });
    } catch (error) {
      if (isEngineError(error)) throw error;
      // What cannot be folded was said at its event.
      return fold.initial;
    }
  }

  /** Least recently used first. */
  private keep(stream: string, state: unknown): void {
    this.states.delete(stream);
    this.states.set(stream, state);
    if (this.states.size <= maxStates) return;
    const [oldest = ''] = this.states.keys();
    this.states.delete(oldest);
  }

  private isPastAnchor({ position }: RecordedEvent): boolean {
    const { anchor } = this.options;
    return anchor !== undefined && !this.anchorJudged && comparePositions(position, anchor.position) > 0;
  }

  /** To be called when the last event at or before the anchored position was added. */
  private judgeAnchor(): void {
    const { anchor } = this.options;
    if (anchor === undefined || this.anchorJudged) return;
    this.anchorJudged = true;
    const { position, events, streams, root } = anchor;
    if (this.position !== position) {
      this.say(`the ledger has no event at position ${position}, where it was anchored`);
    }
    const counted = this.events === events && this.digests.streams === streams;
    if (counted && this.digests.root() === root) return;
    const is = `${this.events} events in ${this.digests.streams} streams`;
    const was = counted ? 'of them other ones' : `${events} in ${streams}`;
    this.say(`up to position ${position} the ledger is not what was anchored: ${is}, anchored were ${was}`);
  }

  private say(...problems: readonly string[]): void {
    this.problemCount += problems.length;
    this.problems.push(...problems.slice(0, Math.max(0, maxProblemsTold - this.problems.length)));
  }
}
