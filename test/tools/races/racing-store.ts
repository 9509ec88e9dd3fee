// A store around another that makes others overtake each step, checks guards late and loses answers
// where that is asked for, and writes down which request did what in which order.
import { AsyncLocalStorage } from 'node:async_hooks';
import { EngineError, EventStore } from '@sallyport/engine';
import type { Append, Appended, RecordedEvent } from '@sallyport/engine';
import type { Random } from './random.js';

/** What the store does wrong, as real ones do. */
export interface Faults {
  /** Compares guards only after the acknowledgement, as with EventStoreDB it must be: the append exists. */
  readonly guardsAfterAppend?: boolean;
  /** Share of appends whose outcome nobody is told: half of these are in the store, half are not. */
  readonly lostAnswers?: number;
}

/** One step at the store. `began` and `ended` count all steps of the run, or are the machine's time. */
export interface Step {
  readonly kind: 'append' | 'read' | 'heads';
  readonly streams: readonly string[];
  readonly began: number;
  ended?: number;
  /** `moved`: the append's guards had moved; `lost`: nobody was told. */
  outcome?: 'moved' | 'lost' | 'failed';
}

/** What one request did at the store, and between which steps of others it came and was answered. */
export interface Trace {
  readonly name: string;
  readonly arrived: number;
  answered?: number;
  readonly steps: Step[];
}

const requests = new AsyncLocalStorage<Trace>();

/** Adds what another process did for the request that is being traced here. */
export function noteSteps(steps: readonly Step[]): void {
  requests.getStore()?.steps.push(...steps);
}

let count = 0;
let isMachineTime = false;

/** Monotonic, and the same for all processes of a machine. */
const microseconds = (): number => Number(process.hrtime.bigint() / 1_000n);
/** About what a step takes in a store behind a wire. */
const microsecondsPerStep = 500;

/** Runs a request; what it does at any `RacingStore` is written into its trace. */
export function traced<T>(name: string, run: (trace: Trace) => Promise<T>): Promise<T> {
  const trace: Trace = { name, arrived: RacingStore.now, steps: [] };
  return requests
    .run(trace, () => run(trace))
    .finally(() => {
      trace.answered = RacingStore.now;
    });
}

/** A trace as a line for a report. */
export function described({ name, steps }: Trace): string {
  const words = steps.map(({ kind, streams, began, ended, outcome }) => {
    const what = streams.map((stream) => stream.slice(0, 14)).join('+');
    return `${began}-${ended ?? ''} ${kind} ${what}${outcome === undefined ? '' : ` (${outcome})`}`;
  });
  return `${name}: ${words.join('; ')}`;
}

export class RacingStore extends EventStore {
  /** The number of the run's latest step; where processes race, the machine's time. */
  static get now(): number {
    return isMachineTime ? microseconds() : count;
  }

  /** How much `now` grows in a step. */
  static get stepLength(): number {
    return isMachineTime ? microsecondsPerStep : 1;
  }

  /** Lets others take a step. */
  static turn(): Promise<unknown> {
    return new Promise((resolve) => (isMachineTime ? setTimeout(resolve, 1) : setImmediate(resolve)));
  }

  /** From now on steps are told apart by time, which processes share, in place of their number. */
  static useMachineTime(): void {
    isMachineTime = true;
  }

  private static next(): number {
    return isMachineTime ? microseconds() : (count += 1);
  }

  constructor(
    private readonly inner: EventStore,
    private readonly random: Random,
    private readonly faults: Faults = {},
  ) {
    super();
  }

  append(append: Append): Promise<Appended> {
    const streams = [append.stream, ...append.guards.map(({ stream }) => stream)];
    return this.step('append', streams, (step) => this.appendFaulty(append, step));
  }

  read(stream: string, fromRevision: number, limit: number): Promise<RecordedEvent[]> {
    return this.step('read', [stream], () => this.inner.read(stream, fromRevision, limit));
  }

  readBack(stream: string, limit: number, maxRevision?: number): Promise<RecordedEvent[]> {
    return this.step('read', [stream], () => this.inner.readBack(stream, limit, maxRevision));
  }

  heads(streams: readonly string[]): Promise<number[]> {
    return this.step('heads', streams, () => this.inner.heads(streams));
  }

  private async step<T>(
    kind: Step['kind'],
    streams: readonly string[],
    run: (step: Step) => Promise<T>,
  ): Promise<T> {
    await this.random.pause();
    const step: Step = { kind, streams, began: RacingStore.next() };
    requests.getStore()?.steps.push(step);
    try {
      return await run(step);
    } catch (error) {
      step.outcome ??= 'failed';
      throw error;
    } finally {
      step.ended ??= RacingStore.next();
      await this.random.pause();
    }
  }

  private async appendFaulty(append: Append, step: Step): Promise<Appended> {
    const { stream, guards } = append;
    const isLost = this.random.chance(this.faults.lostAnswers ?? 0);
    const lost = (): EngineError => {
      step.outcome = 'lost';
      return new EngineError('outcome_unknown', { stream });
    };
    if (isLost && this.random.chance(0.5)) throw lost();
    const late = this.faults.guardsAfterAppend === true;
    const appended = await this.inner.append(late ? { ...append, guards: [] } : append);
    step.ended = RacingStore.next();
    if (late && guards.length > 0) {
      await this.random.pause();
      const heads = await this.inner.heads(guards.map((guard) => guard.stream));
      if (guards.some(({ revision }, index) => heads[index] !== revision)) {
        step.outcome = 'moved';
        throw new EngineError('guard_moved', { stream });
      }
    }
    if (isLost) throw lost();
    return appended;
  }
}
