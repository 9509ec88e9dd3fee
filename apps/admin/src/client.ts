// Talks to the admin listener of the running service, which a file in the data directory tells the way to.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AdminAccess } from '@sallyport/feature-admin';
import type { Surroundings } from './config.js';

const answerWithinMs = 30_000;

export type Answer = Readonly<Record<string, unknown>>;

/**
 * - `refused`: the service understood and said no.
 * - `usage`: the request cannot be right.
 * - `unavailable`: no service, or one that cannot answer now.
 */
export type AdminFailureKind = 'refused' | 'usage' | 'unavailable';

/** Why there is no answer. `problem` is the service's own, as RFC 9457 has it. */
export class AdminFailure extends Error {
  constructor(
    readonly kind: AdminFailureKind,
    message: string,
    readonly problem?: Answer,
  ) {
    super(message);
    this.name = 'AdminFailure';
  }
}

export class AdminClient {
  private readonly access: AdminAccess;

  /** Throws `AdminFailure` `unavailable` when no service runs on the data directory. */
  constructor(private readonly from: Surroundings) {
    this.access = readAccess(from.dataDir);
  }

  get(path: string): Promise<Answer> {
    return this.request('GET', path);
  }

  post(path: string, body: Answer): Promise<Answer> {
    return this.request('POST', path, body);
  }

  private async request(method: string, path: string, body?: Answer): Promise<Answer> {
    const response = await this.send(method, path, body);
    const answer = (await response.json().catch(() => ({}))) as Answer;
    if (response.ok) return answer;
    const words = [answer['title'], answer['detail']].filter((text) => typeof text === 'string');
    const message = words.length > 0 ? words.join('. ') : `The service answered ${response.status}`;
    throw new AdminFailure(kindOf(response.status), `${message}.`, answer);
  }

  private async send(method: string, path: string, body: Answer | undefined): Promise<Response> {
    const headers = { authorization: `Bearer ${this.access.credential}`, 'x-operator': this.from.operator };
    const signal = AbortSignal.timeout(answerWithinMs);
    const type = { 'content-type': 'application/json' };
    const text = body === undefined ? undefined : JSON.stringify(body);
    const init = text === undefined ? { headers } : { headers: { ...headers, ...type }, body: text };
    try {
      return await fetch(`${this.access.address}${path}`, { method, signal, ...init });
    } catch (error) {
      const { name, cause } = error as Error;
      const why = (cause as { code?: string } | undefined)?.code ?? name;
      const message = `The service on ${this.from.dataDir} does not answer (${why}).`;
      throw new AdminFailure('unavailable', `${message} Is it running? Start it with npm start.`);
    }
  }
}

function kindOf(status: number): AdminFailureKind {
  if (status === 400 || status === 422) return 'usage';
  return status >= 500 || status === 401 ? 'unavailable' : 'refused';
}

function readAccess(dataDir: string): AdminAccess {
  try {
    return JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as AdminAccess;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const advice = 'Start it with npm start, or name its data directory with --data-dir.';
    const missing = `No service runs on ${dataDir}. ${advice}`;
    const forbidden = `You may not read admin.json in ${dataDir}.`;
    throw new AdminFailure('unavailable', code === 'EACCES' ? forbidden : missing);
  }
}
