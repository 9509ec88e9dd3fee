// A feed in this process: rotations of many accounts, and now and then an event of the system. Each is made
// when it is read, as a store's are: a heap full of events would be what is measured.
import { Feed } from '@sallyport/engine';
import type { JsonObject, Position, RecordedEvent } from '@sallyport/engine';

const accounts = 20_000;
const networks = 3_000;
const systemEvery = 5_000;

export class MadeFeed extends Feed {
  /** Of each event, by its place. */
  private readonly recordedAt: string[] = [];
  private readonly wakers = new Set<() => void>();

  /** Tagged, each rotation names its network and is carried a second time, to the topic of networks. */
  constructor(private readonly tagged: boolean) {
    super();
  }

  /** Appends so many events, all of them recorded now. */
  append(count: number): void {
    const recordedAt = new Date().toISOString();
    for (let at = 0; at < count; at += 1) this.recordedAt.push(recordedAt);
    for (const wake of this.wakers) wake();
  }

  async read(after: Position | null, limit: number): Promise<RecordedEvent[]> {
    const from = Number(after ?? 0);
    return this.recordedAt.slice(from, from + limit).map((at, index) => {
      return rotation(from + index + 1, { at, tagged: this.tagged });
    });
  }

  /** The event at its place in its stream, which here is its place in the whole. */
  event(revision: number): Promise<RecordedEvent[]> {
    return this.read(String(revision - 1), 1);
  }

  async head(): Promise<Position | null> {
    return this.recordedAt.length === 0 ? null : String(this.recordedAt.length);
  }

  wait(after: Position | null, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    const there = (): boolean => this.recordedAt.length > Number(after ?? 0);
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

interface Making {
  /** Store time of the event. */
  readonly at: string;
  readonly tagged: boolean;
}

/** The event of that number. */
export function rotation(number: number, { at: recordedAt, tagged }: Making): RecordedEvent {
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
    data: { state: { ...stateOf(account, hash, recordedAt), network: networkOf(number, tagged) } },
  };
}

function networkOf(number: number, tagged: boolean): JsonObject {
  const network = { country: 'CH', asn: 3303, kind: 'mobile', ipTag: 'k2Vd8sQw' };
  return tagged ? { ...network, dayTag: `day-${String(number % networks).padStart(8, '0')}` } : network;
}

/** As large as a state is. */
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
    appVersion: '4.2.0',
  };
}
