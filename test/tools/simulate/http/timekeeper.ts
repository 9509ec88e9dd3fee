// Days in minutes: moves the service's clock to when the next thing happens, once its rules have caught up.
import type { Operator } from '../../target/operator.js';

const secondMs = 1_000;
const pollMs = 5;
const caughtUpWithinMs = 30_000;

export class Timekeeper {
  /** Of the service's time over the simulation's. */
  private shiftMs: number | undefined;
  /** Of the service's clock over this machine's. */
  private movedMs = 0;

  private constructor(
    private readonly operator: Operator,
    /** Else everything happens at once, and rules on times see that. */
    readonly moves: boolean,
  ) {}

  static async of(operator: Operator): Promise<Timekeeper> {
    const moves = await operator.canAdvanceClock();
    const keeper = new Timekeeper(operator, moves);
    // Finding out has moved it.
    if (moves) keeper.movedMs += secondMs;
    return keeper;
  }

  /** The service's time of a moment of the simulation, in ms; before the first act there is none. */
  serviceMs(ms: number): number {
    return ms + (this.shiftMs ?? 0);
  }

  get nowMs(): number {
    return Date.now() + this.movedMs;
  }

  /** Moves on to the moment or less than a second past it, never before: what a thief does counts from when
   * he began. Does nothing where it is past already, as requests take time too. */
  async reach(ms: number, position: string | undefined): Promise<void> {
    this.shiftMs ??= this.nowMs - ms;
    const seconds = Math.ceil((this.serviceMs(ms) - this.nowMs) / secondMs);
    if (!this.moves || seconds < 1) return;
    await this.untilJudged(position);
    await this.operator.advanceClock(seconds);
    this.movedMs += seconds * secondMs;
  }

  /** Resolves when the rules have seen the position, and what came of it is carried out. */
  async untilJudged(position: string | undefined): Promise<void> {
    const deadline = Date.now() + caughtUpWithinMs;
    let seen = -1;
    for (;;) {
      const at = Number((await this.operator.rules())['position'] ?? 0);
      // Twice the same: what the rules decided stands in the ledger behind it.
      if (at >= Number(position ?? 0) && at === seen) return;
      if (Date.now() > deadline) throw new Error(`the rules stand at ${at}, behind ${position}`);
      seen = at;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
}
