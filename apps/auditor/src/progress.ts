// Tells a person who waits how far long work is: on standard error, standard output belongs to the answer.

const firstAfterMs = 1_000;
const onTerminalMs = 200;
const elsewhereMs = 5_000;
const barWidth = 30;

/** A bar that is drawn again on a terminal, and a line now and then elsewhere; nothing for short work. */
export class Progress {
  private readonly startMs = performance.now();
  private saidMs = 0;
  private isDrawn = false;

  constructor(
    private readonly out: NodeJS.WriteStream = process.stderr,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Positions are close to a count of events, which is near enough for a bar. */
  readonly progressed = (position: string, head: string): void => {
    const nowMs = this.now();
    const pauseMs = this.out.isTTY ? onTerminalMs : elsewhereMs;
    if (nowMs - this.startMs < firstAfterMs || nowMs - this.saidMs < pauseMs) return;
    this.saidMs = nowMs;
    const share = Math.min(1, Number(position) / Math.max(1, Number(head)));
    const perSecond = Math.round(Number(position) / ((nowMs - this.startMs) / 1000));
    const text = `${Math.floor(share * 100)} %  position ${position} of ${head}  ${perSecond}/s`;
    this.isDrawn = this.out.isTTY;
    const bar = '#'.repeat(Math.floor(share * barWidth)).padEnd(barWidth, '.');
    this.out.write(this.out.isTTY ? `\r[${bar}] ${text} ` : `${text}\n`);
  };

  /** Leaves the bar's line. */
  end(): void {
    if (this.isDrawn) this.out.write('\n');
    this.isDrawn = false;
  }
}
