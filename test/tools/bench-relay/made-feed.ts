// A feed in this process: rotations of many accounts, and now and then an event of the system.
import { Feed } from '@sallyport/engine';
import type { JsonObject, Position, RecordedEvent } from '@sallyport/engine';

const accounts = 20_000;
const systemEvery = 5_000;

export class MadeFeed extends Feed {
  readonly events: RecordedEvent[] = [];
  private readonly wakers = new Set<() => void>();

  /** Appends so many events, all of them recorded now. */
  append(count: number): void {
    const recordedAt = new Date().toISOString();
    for (let at = 0; at < count; at += 1) this.events.push(rotation(this.events.length + 1, recordedAt));
    for (const wake of this.wakers) wake();
  }

  async read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    const from = Number(after ?? 0);
    return this.events.slice(from, from + limit);
  }

  /** The event at its place in its stream, which here is its place in the whole. */
  async event(revision: number): Promise<RecordedEvent[]> {
    return this.events.slice(revision - 1, revision);
  }

  async head(): Promise<Position | null> {
    return this.events.at(-1)?.position ?? null;
  }

  wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const there = (): boolean => this.events.length > Number(after ?? 0);
    if (there() || signal?.aborted === true) return Promise.resolve(there());
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.wakers.delete(finish);
        signal?.removeEventListener('abort', finish);
        resolve(there());
      };
      const timer = setTimeout(finish, timeoutMs);
      this.wakers.add(finish);
      signal?.addEventListener('abort', finish, { once: true });
    });
  }
}

function rotation(number: number, recordedAt: string): RecordedEvent {
  const isSystem = number % systemEvery === 0;
  const id = String(number).padStart(12, '0');
  const account = `account-${String(number % accounts).padStart(14, '0')}`;
  const hash = `${id}${id}${id}0000000`;
  return {
    id: `00000000-0000-4000-8000-${id}`,
    type: isSystem ? 'cutoffs.declared' : 'session.refresh-rotated',
    schemaVersion: 1,
    stream: isSystem ? 'cutoffs' : `session-${id}${id}`,
    revision: number,
    position: String(number),
    recordedAt,
    correlationId: `correlation-${id}`,
    causationId: `00000000-0000-4000-8000-${id}`,
    partitionKey: isSystem ? '*' : account,
    actor: { kind: 'user', id: account },
    previousHash: hash,
    hash,
    data: { state: stateOf(account, hash, recordedAt) },
  };
}

/** As large as a state is, and with the network that each rotation has. */
function stateOf(accountId: string, hash: string, at: string): JsonObject {
  return {
    v: 1,
    status: 'active',
    accountId,
    deviceId: accountId,
    clientId: 'bench-phone',
    scope: 'offline_access profile',
    jkt: hash,
    generation: 7,
    keyId: 'r1',
    fingerprint: hash,
    previousFingerprint: hash,
    marker: { account: 1, cutoffs: -1 },
    startedAt: at,
    authTime: at,
    rotatedAt: at,
    previousRotatedAt: at,
    idleExpiresAt: at,
    expiresAt: at,
    acr: 'pwd',
    amr: ['pwd'],
    proofs: ['pA1b2C3d'],
    earlierProofs: ['pA1b2C3d'],
    network: { country: 'CH', asn: 3303, kind: 'mobile', ipTag: 'k2Vd8sQw' },
    appVersion: '4.2.0',
  };
}
