// An erasure that is cut short after any of its writes: the next start completes it, or it never began.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import { EraseAccount, OpenAccount, ReadAccount, SignIn } from '@sallyport/feature-ledger';
import type { LedgerError } from '@sallyport/feature-ledger';
import { EngineError } from '@sallyport/engine';
import type { EventStore } from '@sallyport/engine';
import { LocalService, openGround, origin } from '../tools/model/local-service.js';
import type { Ground } from '../tools/model/local-service.js';
import { ledgerProblems } from '../tools/races/ledger-problems.js';
import { ordered } from '../tools/races/person.js';

const email = 'somebody@example.org';
const password = 'a long enough password';
const signIn = { username: email, password, clientId: 'demo-phone' };

/** What is left of a process's life, in writes. After them nothing it asks for happens. */
class Life {
  constructor(private writes = Number.POSITIVE_INFINITY) {}

  get isOver(): boolean {
    return this.writes <= 0;
  }

  limitTo(writes: number): void {
    this.writes = writes;
  }

  async write<T>(write: () => Promise<T>): Promise<T> {
    if (this.isOver) throw new EngineError('store_unavailable');
    this.writes -= 1;
    return write();
  }
}

/** The stores as a process sees them that dies. */
function mortal(ground: Ground, life: Life): { readonly ground: Ground; readonly store: EventStore } {
  const writes = new Set<PropertyKey>(['append', 'put', 'putIfAbsent', 'delete']);
  const wrap = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (_, name) => {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== 'function') return member;
        const call = (...given: unknown[]): unknown => Reflect.apply(member, target, given);
        return writes.has(name) ? (...given: unknown[]) => life.write(async () => call(...given)) : call;
      },
    });
  return { ground: { ...ground, secrets: wrap(ground.secrets) }, store: wrap<EventStore>(ground.store) };
}

describe('an erasure cut short', () => {
  let directory: string;
  let ground: Ground;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-erasure-'));
    ground = openGround(directory, { synchronous: 'OFF' });
  });
  afterEach(async () => {
    await ground.store.close();
    await ground.secrets.close();
    rmSync(directory, { recursive: true });
  });

  /** Opens an account, erases it with so many writes to live; resolves with the account once it has died. */
  async function cutAfter(writes: number): Promise<{ readonly accountId: string; readonly wasCut: boolean }> {
    const life = new Life();
    const seen = mortal(ground, life);
    const service = await LocalService.start(seen.ground, seen.store);
    const open = new OpenAccount({ email, password }, ordered);
    const { accountId } = await service.commands.execute(open);
    life.limitTo(writes);
    const erase = new EraseAccount({ accountId, reason: 'asked for' }, ordered);
    const wasCut = await service.commands.execute(erase).then(
      () => false,
      () => true,
    );
    life.limitTo(0);
    await service.stop();
    return { accountId, wasCut };
  }

  /** What a process that starts then finds of the account, and whether the name can be had. */
  async function foundAfter(writes: number): Promise<object> {
    const { accountId, wasCut } = await cutAfter(writes);
    const service = await LocalService.start(ground);
    const read = await service.queries.execute(new ReadAccount({ id: accountId }));
    const key = await ground.secrets.get('personal', accountId);
    const { kind } = await service.commands.execute(new SignIn(signIn, origin()));
    const open = new OpenAccount({ email, password }, ordered);
    const again = await service.commands.execute(open).then(
      () => 'free',
      (error: LedgerError) => error.code,
    );
    const unfinished = await ground.secrets.list('erasure');
    await service.stop();
    expect(unfinished).toEqual([]);
    expect((await ledgerProblems(SqliteFeed.of(ground.store))).problems).toEqual([]);
    return {
      wasCut,
      status: read?.account.status,
      email: read?.email,
      hasKey: key !== undefined,
      kind,
      again,
    };
  }

  it.each([0, 1])('after %d writes never began', async (writes) => {
    const untouched = { status: 'open', email, hasKey: true, kind: 'authenticated', again: 'name_taken' };
    expect(await foundAfter(writes)).toEqual({ wasCut: true, ...untouched });
  });

  it.each([2, 3, 4])('after %d writes is complete at the next start', async (writes) => {
    const gone = { status: 'erased', email: undefined, hasKey: false, kind: 'refused', again: 'free' };
    expect(await foundAfter(writes)).toEqual({ wasCut: true, ...gone });
  });

  it('was cut above at every write that it has', async () => {
    expect((await cutAfter(5)).wasCut).toBe(false);
  });
});
