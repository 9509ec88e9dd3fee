// The rows of the rotation table that take time, a restore or an operator: 4, 5, 6, 9, and nonces of row 2.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newDeviceKey } from '../tools/client/index.js';
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

const hourSeconds = 3600;
const ledgerFiles = /^ledger\.sqlite/;

describe('row 2, in time', () => {
  it('a nonce is good for an hour and then challenged', async () => {
    const session = await service.phone();
    const nonce = await session.caller.freshNonce();
    await service.target.operator.advanceClock(hourSeconds - 60);
    const next = await session.rotate(session.first, { claims: { nonce } });
    await service.target.operator.advanceClock(120);
    expect(verdict(await session.refresh(next, { claims: { nonce } }))).toBe('400 use_dpop_nonce');
    await session.rotate(next);
  });
});

describe('rows 4 to 6: after an older ledger was put back', () => {
  it('row 5: a token newer than the ledger, or of a session unknown to it, has to wait', async () => {
    const [phone, bearer] = await phoneAndBearer();
    const backup = await backUp();
    const [newer, newerBearer] = [await phone.rotate(phone.first), await bearer.rotate(bearer.first)];
    const unknown = await service.phone('phone', { person: phone.person });
    await restore(backup);
    for (const answer of [
      await phone.refresh(newer),
      await bearer.refresh(newerBearer),
      await unknown.refresh(unknown.first),
    ]) {
      expect(verdict(answer)).toBe('503 temporarily_unavailable');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(await metric('sallyport_store_behind_alarms_total')).toBe(3);
    expect(await phone.rotate(phone.first)).toBe(newer);
  });

  it('row 4: once the restore is declared, everybody is cut off and signs in again', async () => {
    const [phone, bearer] = await phoneAndBearer();
    const backup = await backUp();
    const newer = await phone.rotate(phone.first);
    await restore(backup);
    await service.target.operator.declareStoreRestored();
    expect(verdict(await phone.caller.refresh(newer))).toBe('400 use_dpop_nonce');
    expect(verdict(await phone.refresh(newer))).toBe('400 invalid_grant cut_off');
    expect(verdict(await phone.refresh(phone.first))).toBe('400 invalid_grant cut_off');
    expect(verdict(await bearer.refresh(bearer.first))).toBe('400 invalid_grant');
    const again = await service.phone('phone', { person: phone.person });
    await again.rotate(again.first);
  });

  it('row 6: a right tag with a wrong fingerprint is refused as forged and raises the alarm', async () => {
    const [session] = await phoneAndBearer();
    const backup = await backUp();
    const other = await session.rotate(session.first);
    await restore(backup);
    // The same generation is now made under another key: the token of before has a right tag and is not it.
    await service.target.operator.rotateRefreshKey();
    const own = await session.rotate(session.first);
    expect(own).not.toBe(other);
    expect(verdict(await session.refresh(other))).toBe('400 invalid_grant');
    expect(await service.history(session)).toEqual(['started', 'refresh-rotated', 'reuse-detected(forged)']);
    expect(await metric('sallyport_key_leak_alarms_total')).toBe(1);
    await session.rotate(own);
  });
});

describe('row 9: a session without standing gets invalid_grant, with the reason if the key is proven', () => {
  it.each<[string, string, (session: SignedIn) => Promise<unknown>]>([
    ['revoked', 'revoked', (session) => session.caller.revoke(session.first)],
    ['of a locked account', 'locked', async ({ ids }) => service.target.operator.lock(ids.sub)],
    [
      'of an account locked and unlocked',
      'revoked',
      async ({ ids }) => {
        await service.target.operator.lock(ids.sub);
        await service.target.operator.unlock(ids.sub);
      },
    ],
    ['of an erased account', 'closed', async ({ ids }) => service.target.operator.erase(ids.sub)],
  ])('%s', async (_, reason, end) => {
    const [phone] = await phoneAndBearer();
    const next = await phone.rotate(phone.first);
    await end(phone);
    for (const token of [phone.first, next]) {
      expect(verdict(await phone.refresh(token))).toBe(`400 invalid_grant ${reason}`);
    }
    const stranger = await phone.refresh(next, { key: await newDeviceKey() });
    expect(verdict(stranger)).toBe('400 invalid_grant');
    expect(verdict(await phone.caller.refresh(next))).toBe('400 use_dpop_nonce');
  });

  it('without a reason on a bearer session', async () => {
    const [, bearer] = await phoneAndBearer();
    await service.target.operator.lock(bearer.ids.sub);
    expect(verdict(await bearer.refresh(bearer.first))).toBe('400 invalid_grant');
  });

  it('expired by idleness, which retries do not put off', async () => {
    const { operator } = service.target;
    const [idle, retrying] = [await service.phone('short'), await service.phone('short')];
    await retrying.rotate(retrying.first);
    await operator.advanceClock(90);
    await retrying.rotate(retrying.first);
    await operator.advanceClock(11);
    expect(verdict(await retrying.refresh(retrying.first))).toBe('400 invalid_grant expired');
    expect(verdict(await idle.refresh(idle.first))).toBe('400 invalid_grant expired');
  });

  it('expired by age, which nothing puts off; no access token outlives it', async () => {
    const { operator } = service.target;
    const session = await service.phone('short');
    let token = session.first;
    for (const left of [190, 130, 70, 10]) {
      await operator.advanceClock(60);
      const { body } = await session.refresh(token);
      token = String(body['refresh_token']);
      expect(Number(body['expires_in'])).toBeLessThanOrEqual(left);
    }
    await operator.advanceClock(11);
    expect(verdict(await session.refresh(token))).toBe('400 invalid_grant expired');
  });
});

describe('row 14, in time', () => {
  it('after its grace a bearer predecessor is reuse', async () => {
    const session = await service.bearer('grace-bearer');
    const next = await session.rotate(session.first);
    await service.target.operator.advanceClock(31);
    expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant');
    expect(verdict(await session.refresh(next))).toBe('400 invalid_grant');
  });
});

describe('a rotation of the refresh key', () => {
  it('loses no token: old ones rotate to the new key, and a lost answer is the same under both', async () => {
    const session = await service.phone();
    const lost = await session.rotate(session.first);
    await service.target.operator.rotateRefreshKey();
    expect(await session.rotate(session.first)).toBe(lost);
    const under = await session.rotate(lost);
    await service.target.operator.rotateRefreshKey();
    expect(await session.rotate(lost)).toBe(under);
    await service.target.restartOn(() => undefined, 'SIGKILL');
    expect(await session.rotate(lost)).toBe(under);
    await session.rotate(under);
  });
});

/** Both of one new person. */
async function phoneAndBearer(): Promise<[phone: SignedIn, bearer: SignedIn]> {
  const person = await service.newPerson();
  return [await service.phone('phone', { person }), await service.bearer('bearer', { person })];
}

/** A copy of the ledger as it is now; the keys are elsewhere and not part of it. */
async function backUp(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-backup-'));
  await service.target.restartOn((dataDir) => {
    for (const file of ledgersIn(dataDir)) cpSync(join(dataDir, file), join(folder, file));
  });
  return folder;
}

async function restore(backup: string): Promise<void> {
  await service.target.restartOn((dataDir) => {
    for (const file of ledgersIn(dataDir)) rmSync(join(dataDir, file));
    for (const file of readdirSync(backup)) cpSync(join(backup, file), join(dataDir, file));
  });
  rmSync(backup, { recursive: true });
}

function ledgersIn(folder: string): string[] {
  return readdirSync(folder).filter((file) => ledgerFiles.test(file));
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${service.target.issuer}/metrics`)).text();
  return Number(new RegExp(`^${name}(?:\\{\\})? (\\d+)`, 'm').exec(text)?.[1]);
}
