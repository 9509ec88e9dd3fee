// Waits, for a while, until the views show what a caller knows to be written; says so when it gave up.
import { Injectable } from '@nestjs/common';
import type { Position } from '@sallyport/engine';
import { ProblemError } from '@sallyport/feature-ledger';
import { ViewProgress } from './view-progress.js';

/** How far what is shown is. */
export interface Shown {
  readonly position: Position | null;
  /** The views did not get as far as asked within the budget. */
  readonly behind?: true;
}

const budgetMs = 2_000;

@Injectable()
export class ViewWait {
  constructor(private readonly progress: ViewProgress) {}

  /** `after`: the query parameter, a position as `Sallyport-Position` gave it. Throws when malformed. */
  async until(after: unknown, accountId: string): Promise<Shown> {
    if (after === undefined) return { position: await this.progress.position(accountId) };
    if (typeof after !== 'string' || !/^(0|[1-9]\d{0,19})$/.test(after)) throw malformed();
    const shown = await this.progress.waitFor(after, budgetMs, accountId);
    return { position: await this.progress.position(accountId), ...(shown ? {} : { behind: true }) };
  }
}

function malformed(): ProblemError {
  const detail = 'after must be one position: the value of a Sallyport-Position header.';
  return new ProblemError({ status: 400, code: 'bad_request', title: 'The request cannot be read', detail });
}
