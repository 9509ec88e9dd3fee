// What moves the clock where it can be moved; provided by the app.

export abstract class ClockMover {
  /** Moves the clock forward and says true, or false where the clock is the machine's. */
  abstract advance(milliseconds: number): boolean;
}
