// Phones that refresh over HTTP while things break under the service, and every word they are told.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from '../client/index.js';
import { Fleet, type FleetSize } from '../load/fleet.js';
import type { LoadPhone, Outcome } from '../load/phone.js';
import { AnswerBook, placeOf } from '../prove/answer-book.js';
import type { LedgerImage } from '../prove/ledger-image.js';
import type { Target } from '../target/target.js';

export interface LoadCounts {
  /** Refreshes that were answered with tokens. */
  readonly answers: number;
  /** Refusals that are no verdict: asked again, as their `Retry-After` says. */
  readonly putOff: number;
  /** Requests that were never answered. */
  readonly lost: number;
  /** Sign-ins that were answered with tokens; others are not held against anybody. */
  readonly signIns: number;
}

interface Ended {
  readonly phone: LoadPhone;
  readonly outcome: Outcome;
}

/** Longer than anything is away. */
const patienceMs = 180_000;
const signInRestMs = 150;
const maxProblems = 5;

export class WatchedLoad {
  readonly book = new AnswerBook();
  private readonly counts = { answers: 0, putOff: 0, lost: 0, signIns: 0 };
  /** Answers that neither brought tokens nor were retryable. */
  private readonly impolite: string[] = [];
  private readonly ended: Ended[] = [];
  private readonly servedAt = new Map<LoadPhone, number>();
  private isStopped = false;
  private running: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly fleet: Fleet,
    private readonly restMs: number,
  ) {}

  /** Signs the phones in and lets them refresh; each rests after an answer. */
  static async start(target: Target, size: FleetSize, restMs: number): Promise<WatchedLoad> {
    const load = new WatchedLoad(await Fleet.signIn(target, size), restMs);
    const refreshing = load.fleet.phones.map((phone) => load.keepRefreshing(phone));
    load.running = Promise.all([...refreshing, load.keepSigningIn()]);
    return load;
  }

  get counted(): LoadCounts {
    return { ...this.counts };
  }

  /** Resolves with the milliseconds until all who are signed in were served; undefined after the time. */
  async untilAllServed(withinMs: number): Promise<number | undefined> {
    const from = performance.now();
    const isServed = (phone: LoadPhone): boolean => (this.servedAt.get(phone) ?? 0) > from;
    while (performance.now() - from < withinMs) {
      const gone = new Set(this.ended.map(({ phone }) => phone));
      if (this.fleet.phones.every((phone) => gone.has(phone) || isServed(phone))) {
        return Math.round(performance.now() - from);
      }
      await sleep(5);
    }
    return undefined;
  }

  /** Resolves when no request is under way any more. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.running;
  }

  /** Refusals that were no verdict and did not say when to ask again; five at most. */
  politenessProblems(): string[] {
    return this.impolite.slice(0, maxProblems);
  }

  /**
   * Who was signed out. A bearer phone may be where its token was used without an answer, by the ledger: it
   * asked again, and that is reuse. Nobody else.
   */
  signedOut(ledger: LedgerImage): string[] {
    return this.ended.flatMap(({ phone, outcome }) => {
      const { sessionId, generation } = placeOf(phone.held.token);
      const wasUsed = ledger.fingerprintOf(sessionId, generation + 1) !== undefined;
      const isPriceOfBearer = wasUsed && !this.book.has(sessionId, generation + 1);
      if (phone.key === undefined && isPriceOfBearer && outcome.kind === 'refused') return [];
      const who = phone.key === undefined ? 'a bearer phone' : 'a key-bound phone';
      return [`${who}, ${sessionId}/${generation}: ${JSON.stringify(outcome)}`];
    });
  }

  private async keepRefreshing(phone: LoadPhone): Promise<void> {
    phone.manners = { patienceMs, putOff: (answer) => this.notePutOff(answer) };
    while (!this.isStopped) {
      const outcome = await phone.refresh((sent, received, position) => {
        this.book.note(sent.token, received, position);
      });
      if (outcome.kind === 'refused') {
        this.ended.push({ phone, outcome });
        return;
      }
      if (outcome.kind === 'lost') this.counts.lost += 1;
      else this.noteServed(phone);
      await sleep(this.restMs);
    }
  }

  /** New sessions all along: what is lost of them no later event makes good. */
  private async keepSigningIn(): Promise<void> {
    while (!this.isStopped) {
      const visitor = await this.fleet.visitor().catch(() => undefined);
      if (visitor !== undefined) {
        this.book.noteStarted(visitor.held.token);
        this.counts.signIns += 1;
      }
      await sleep(signInRestMs);
    }
  }

  private noteServed(phone: LoadPhone): void {
    this.counts.answers += 1;
    this.servedAt.set(phone, performance.now());
  }

  private notePutOff({ status, headers, text }: Answer): void {
    this.counts.putOff += 1;
    if (/^\d+$/.test(headers.get('retry-after') ?? '')) return;
    this.impolite.push(`${status} without Retry-After: ${text.slice(0, 200)}`);
  }
}
