// Whether the service can do its work now: each part says what it lacks.

/**
 * `check` resolves with what is wrong, in words for operators, or undefined. It may reject: that is wrong,
 * too.
 */
export interface ReadinessCheck {
  readonly name: string;
  check(): Promise<string | undefined> | string | undefined;
}

export interface ReadinessReport {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by the name of the check. */
  readonly checks: Readonly<Record<string, string>>;
}

const limitMs = 2_000;

/** Asks all parts; a part that does not answer in two seconds is not ready. */
export class Readiness {
  constructor(private readonly checks: readonly ReadinessCheck[]) {}

  async report(): Promise<ReadinessReport> {
    const results = await Promise.all(this.checks.map(outcome));
    const checks = Object.fromEntries(this.checks.map(({ name }, index) => [name, results[index] ?? 'ok']));
    return { ready: results.every((result) => result === 'ok'), checks };
  }
}

/** A check that is expensive: its result is good for `ms`. */
export function remembered(check: ReadinessCheck, ms: number): ReadinessCheck {
  let last: { readonly at: number; readonly result: Promise<string | undefined> } | undefined;
  return {
    name: check.name,
    check: () => {
      const now = performance.now();
      if (last !== undefined && now - last.at < ms) return last.result;
      const result = (async () => check.check())();
      last = { at: now, result };
      return result;
    },
  };
}

async function outcome(check: ReadinessCheck): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('does not answer'), limitMs);
  });
  try {
    return (await Promise.race([(async () => check.check())(), late])) ?? 'ok';
  } catch (error) {
    return error instanceof Error ? error.message : 'failed';
  } finally {
    clearTimeout(timer);
  }
}
