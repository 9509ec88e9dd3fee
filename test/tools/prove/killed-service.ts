// A service that is killed and started again on its files, its phones, and what must hold after each kill.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '@sallyport/tokens';
import { OwnTarget } from '../target/target.js';
import { Fleet } from '../load/fleet.js';
import type { LoadPhone, Outcome } from '../load/phone.js';
import { AnswerBook, placeOf } from './answer-book.js';
import { LedgerImage } from './ledger-image.js';
import { viewsCaughtUp, viewsProblems } from './views-audit.js';

/** What the run did. A request is in doubt when the kill left it without an answer. */
export interface KillCounts {
  kills: number;
  answers: number;
  inDoubt: number;
  /** In doubt, and the store had its rotation. */
  committedUnanswered: number;
  /** Tokens asked for again by key-bound phones, after a kill. */
  askedAgain: number;
  bearerSignedOut: number;
  events: number;
}

const size = { keyBound: 8, bearer: 4 };
const catchUpMs = 20_000;

/** Of each load, before its kill. */
const leastAnswers = 15;
const answersWithinMs = 20_000;

/** One data directory and its phones, through several kills. */
export class KilledService {
  private readonly book = new AnswerBook();
  private readonly copies = mkdtempSync(join(tmpdir(), 'sallyport-killed-'));

  private constructor(
    private readonly target: OwnTarget,
    private readonly fleet: Fleet,
    private readonly counts: KillCounts,
  ) {}

  static async start(counts: KillCounts): Promise<KilledService> {
    const target = await OwnTarget.start({ env: { SALLYPORT_TEST_CLOCK: '0' } });
    try {
      return new KilledService(target, await Fleet.signIn(target, size), counts);
    } catch (error) {
      await target.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.target.stop();
    rmSync(this.copies, { recursive: true, force: true });
  }

  /** Load, kill, start again, audit, retries of what is in doubt; resolves with what was found wrong. */
  async killOnce(afterMs: number): Promise<string[]> {
    const load = this.fleet.load(this.answered, () => false);
    const enough = this.counts.answers + leastAnswers;
    await pause(afterMs);
    // A busy machine may have answered nothing yet, and a kill of an idle service shows nothing.
    const deadline = Date.now() + answersWithinMs;
    while (this.counts.answers < enough && Date.now() < deadline) await pause(5);
    await this.target.restartOn(() => this.copyViews(), 'SIGKILL');
    this.counts.kills += 1;
    const ended = await load;
    const refused = ended.flatMap(({ outcome }) => unlessLost(outcome));
    const ledger = await LedgerImage.read(this.ledgerFile);
    const problems = [...refused, ...ledger.problems(), ...this.book.problems(ledger)];
    problems.push(...(await viewsProblems(this.copy('views.sqlite'), this.ledgerFile)));
    for (const phone of this.fleet.keyBound) problems.push(...(await this.goOn(phone, ledger)));
    for (const phone of this.fleet.bearer.slice()) problems.push(...(await this.goOnAsBearer(phone, ledger)));
    return [...problems, ...(await this.liveViewsProblems())];
  }

  /** The answers to the last retries, too, are in the ledger. */
  async finalProblems(): Promise<string[]> {
    const ledger = await LedgerImage.read(this.ledgerFile);
    this.counts.events += ledger.events;
    return [...ledger.problems(), ...this.book.problems(ledger)];
  }

  private readonly answered = (sent: { token: string }, received: string, position?: string): void => {
    this.book.note(sent.token, received, position);
    this.counts.answers += 1;
  };

  /** G3: the stored token, sent again, gets the one successor, as often as it is asked for. */
  private async goOn(phone: LoadPhone, ledger: LedgerImage): Promise<string[]> {
    const sent = phone.held.token;
    const stored = this.inDoubt(sent, ledger);
    const outcome = await phone.refresh(this.answered);
    if (outcome.kind !== 'tokens') return [`${nameOf(sent)}: an honest phone got ${JSON.stringify(outcome)}`];
    if (stored !== undefined && stored !== fingerprint(outcome.token)) {
      return [`${nameOf(sent)}: the retry got another successor than the one in the store`];
    }
    const again = phone.previous === undefined ? undefined : await phone.use(phone.previous);
    this.counts.askedAgain += 1;
    if (again?.kind === 'tokens' && again.token === outcome.token) return [];
    return [`${nameOf(sent)}: asked once more, it got ${again?.kind ?? 'nothing'}, not the same token`];
  }

  /** A bearer session goes on exactly where the lost request had no effect; else its retry is a reuse. */
  private async goOnAsBearer(phone: LoadPhone, ledger: LedgerImage): Promise<string[]> {
    const sent = phone.held.token;
    const stored = this.inDoubt(sent, ledger);
    const { kind } = await phone.refresh(this.answered);
    if (kind !== 'tokens') {
      this.counts.bearerSignedOut += 1;
      await this.fleet.replaceBearer(phone);
    }
    const expected = stored === undefined ? 'tokens' : 'refused';
    return kind === expected ? [] : [`${nameOf(sent)}: a bearer retry was ${kind}, not ${expected}`];
  }

  /** Counts a request that got no answer; the fingerprint of what it rotated to, if it did. */
  private inDoubt(sent: string, ledger: LedgerImage): string | undefined {
    const { sessionId, generation } = placeOf(sent);
    const stored = ledger.fingerprintOf(sessionId, generation + 1);
    this.counts.inDoubt += 1;
    if (stored !== undefined) this.counts.committedUnanswered += 1;
    return stored;
  }

  private async liveViewsProblems(): Promise<string[]> {
    const viewsFile = join(this.target.dataDir, 'views.sqlite');
    if (!(await viewsCaughtUp(viewsFile, this.ledgerFile, catchUpMs))) {
      return [`the views did not reach the ledger's end within ${catchUpMs} ms of a restart`];
    }
    return viewsProblems(viewsFile, this.ledgerFile);
  }

  private get ledgerFile(): string {
    return join(this.target.dataDir, 'ledger.sqlite');
  }

  private copy(name: string): string {
    return join(this.copies, name);
  }

  /** The views as the kill left them, before the next start folds on. */
  private copyViews(): void {
    for (const name of ['views.sqlite-shm', 'views.sqlite-wal', 'views.sqlite']) {
      rmSync(this.copy(name), { force: true });
      const file = join(this.target.dataDir, name);
      if (existsSync(file) && !name.endsWith('-shm')) copyFileSync(file, this.copy(name));
    }
  }
}

function unlessLost(outcome: Outcome | undefined): string[] {
  return outcome?.kind === 'lost' ? [] : [`under load a phone got ${JSON.stringify(outcome)}`];
}

function nameOf(token: string): string {
  const { sessionId, generation } = placeOf(token);
  return `${sessionId}/${generation}`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
