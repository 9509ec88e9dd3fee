// What a tool (drill, bench, prove) found: progress on stderr, one document or a summary on stdout.

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface Check {
  /** What it belongs to, e.g. a scenario's name. */
  readonly group: string;
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it failed or was skipped. */
  readonly detail?: string;
}

/** A measured number. `aim` says what it should be, e.g. `>= 10000`; `holds` whether it is. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly aim: string;
  readonly holds: boolean;
}

/** The document of `--json`. */
export interface ReportDocument {
  readonly tool: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
}

export interface ReportOptions {
  readonly tool: string;
  /** One JSON document on standard output in place of the summary. */
  readonly json: boolean;
}

export class Report {
  private readonly checks: Check[] = [];
  private readonly figures: Figure[] = [];
  private current = '';

  constructor(private readonly options: ReportOptions) {}

  /** Says on standard error what the tool does now. */
  say(line: string): void {
    process.stderr.write(`${line}\n`);
  }

  /** Starts a group of checks, e.g. a scenario; `title` states its rule. */
  group(name: string, title: string): void {
    this.current = name;
    this.say(`\n${name}: ${title}`);
  }

  /** Counts a check; returns whether it held. `detail` is what was seen when it did not. */
  check(name: string, holds: boolean, detail?: unknown): boolean {
    this.add(name, holds ? 'passed' : 'failed', holds ? undefined : detail);
    return holds;
  }

  /** Counts what could not be tried, with the reason. */
  skip(name: string, reason: string): void {
    this.add(name, 'skipped', reason);
  }

  /** Adds a number; one that does not hold fails the run. */
  figure(figure: Figure): void {
    this.figures.push(figure);
    const { name, value, unit, aim, holds } = figure;
    this.say(`  ${holds ? 'ok     ' : 'FAILED '} ${name}: ${value} ${unit} (aim ${aim})`);
  }

  document(): ReportDocument {
    const count = (outcome: Outcome): number =>
      this.checks.filter((check) => check.outcome === outcome).length;
    const missed = this.figures.filter((figure) => !figure.holds).length;
    return {
      tool: this.options.tool,
      passed: count('passed') + this.figures.length - missed,
      failed: count('failed') + missed,
      skipped: count('skipped'),
      figures: this.figures,
      checks: this.checks,
    };
  }

  /** Writes the result to stdout and returns the exit code: 0 only when something ran and all of it held. */
  finish(): number {
    const document = this.document();
    process.stdout.write(this.options.json ? `${JSON.stringify(document, null, 2)}\n` : summary(document));
    return document.failed === 0 && document.passed > 0 ? 0 : 1;
  }

  private add(name: string, outcome: Outcome, detail?: unknown): void {
    const text =
      detail === undefined ? undefined : typeof detail === 'string' ? detail : JSON.stringify(detail);
    this.checks.push({ group: this.current, name, outcome, ...(text === undefined ? {} : { detail: text }) });
    const mark = { passed: 'ok     ', failed: 'FAILED ', skipped: 'skipped' }[outcome];
    this.say(`  ${mark} ${name}${text === undefined ? '' : ` (${text})`}`);
  }
}

function summary({ tool, passed, failed, skipped, figures, checks }: ReportDocument): string {
  const lines = figures.map(({ name, value, unit, aim, holds }) => {
    return `${holds ? 'holds ' : 'MISSED'} ${name}: ${value} ${unit} (aim ${aim})`;
  });
  for (const { group, name, outcome, detail } of checks) {
    if (outcome === 'failed') lines.push(`FAILED ${group}: ${name} (${detail ?? ''})`);
  }
  lines.push(`${tool}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  return `${lines.join('\n')}\n`;
}
