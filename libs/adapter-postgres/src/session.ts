// One connection in use: runs prepared statements, and knows whether the connection may be used again.
import { hash as digest } from 'node:crypto';
import { EngineError } from '@sallyport/engine';
import type { PoolClient } from 'pg';
import { failureOf } from './errors.js';

/** What a statement answered. */
export interface Result<Row> {
  readonly rows: Row[];
  /** Rows that were read or written. */
  readonly count: number;
}

/** Runs prepared statements; `$1` and so on stand for the values. */
export interface Queries {
  run<Row>(text: string, values?: readonly unknown[]): Promise<Result<Row>>;
}

export class Session implements Queries {
  private broken = false;

  constructor(private readonly client: PoolClient) {}

  /** A statement that counts only when its transaction is committed, or that only reads. */
  run<Row>(text: string, values: readonly unknown[] = []): Promise<Result<Row>> {
    return this.attempt(text, values, false);
  }

  /** A statement that is a transaction by itself. */
  runCounting<Row>(text: string, values: readonly unknown[]): Promise<Result<Row>> {
    return this.attempt(text, values, true);
  }

  async commit(): Promise<void> {
    const { command } = await this.attempt('COMMIT', [], true);
    // That is how the server answers when a statement before had failed.
    if (command !== 'COMMIT') throw new EngineError('store_unavailable');
  }

  /** Ends the transaction, if there is one. Without a connection there is none. */
  async rollBack(): Promise<void> {
    if (!this.broken) await this.attempt('ROLLBACK', [], false).catch(() => undefined);
  }

  release(): void {
    this.client.release(this.broken);
  }

  private async attempt(text: string, values: readonly unknown[], mayCount: boolean) {
    try {
      const query = { name: statementName(text), text, values: [...values] };
      const { rows, rowCount, command } = await this.client.query(query);
      return { rows, count: rowCount ?? 0, command };
    } catch (cause) {
      const { error, breaksConnection } = failureOf(cause, mayCount);
      this.broken ||= breaksConnection;
      throw error;
    }
  }
}

const names = new Map<string, string>();

/** Statements are prepared under a name made of their text. There are few: none holds a value. */
function statementName(text: string): string {
  let name = names.get(text);
  if (name === undefined) {
    name = digest('sha256', text).slice(0, 32);
    names.set(text, name);
  }
  return name;
}
