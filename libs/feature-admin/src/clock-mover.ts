// What moves the clock where it can be moved; provided by the app.

export abstract class ClockMover {
  /**
   * Moves the clock forward; the time it shows then (milliseconds), or undefined where it is the machine's.
   */
  abstract advance(milliseconds: number): number | undefined;
}
