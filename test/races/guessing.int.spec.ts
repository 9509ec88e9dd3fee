// Guessing passwords is slowed down per name and address, by all processes that share the limits together.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryAttemptLimits } from '@sallyport/engine';
import { ChangePassword, SignIn } from '@sallyport/feature-ledger';
import type { LedgerError, SignInResult } from '@sallyport/feature-ledger';
import { LocalService, openGround, origin } from '../tools/model/local-service.js';
import type { Ground } from '../tools/model/local-service.js';
import { ordered, Processes, type Person } from '../tools/races/person.js';
import { Random } from '../tools/races/random.js';

describe('guessing a password at two processes with limits in common', () => {
  let directory: string;
  let ground: Ground;
  let services: LocalService[];
  let person: Person;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-guessing-'));
    ground = openGround(directory, { synchronous: 'OFF' });
    const limits = new MemoryAttemptLimits(ground.clock);
    const start = () => LocalService.start(ground, ground.store, limits);
    services = [await start(), await start()];
    person = await new Processes(services, new Random(1)).openAccount();
  });
  afterEach(async () => {
    for (const service of services) await service.stop();
    await ground.store.close();
    await ground.secrets.close();
    rmSync(directory, { recursive: true });
  });

  const at = (turn: number) => services[turn % services.length] as LocalService;
  const signIn = (turn: number, password: string, ip = '198.51.100.7'): Promise<SignInResult> => {
    const input = { username: person.email, password, clientId: 'demo-phone' };
    return at(turn).commands.execute(new SignIn(input, { ...origin(), ip }));
  };

  it('makes the guesser wait after ten failures, and the owner elsewhere not', async () => {
    for (let turn = 0; turn < 10; turn += 1) expect((await signIn(turn, 'a guess')).kind).toBe('refused');
    for (const turn of [0, 1]) {
      const right = await signIn(turn, person.password);
      expect(right).toEqual({ kind: 'throttled', retryAfterSeconds: 1 });
    }
    expect((await signIn(0, person.password, '203.0.113.9')).kind).toBe('authenticated');
    expect((await signIn(1, person.password)).kind).toBe('throttled');
    ground.clock.advance(1_000);
    expect((await signIn(1, person.password)).kind).toBe('authenticated');
    expect(await signIn(0, 'a guess')).toEqual({ kind: 'refused' });
    expect((await signIn(1, person.password)).kind).toBe('authenticated');
  });

  it('makes who guesses inside a session wait too, and no sign-in for that', async () => {
    const { accountId, password } = person;
    const change = (turn: number, currentPassword: string) => {
      const input = { accountId, currentPassword, newPassword: 'a new password' };
      return at(turn)
        .commands.execute(new ChangePassword(input, ordered))
        .then(
          () => 'changed',
          (error: LedgerError) => error.code,
        );
    };
    for (let turn = 0; turn < 10; turn += 1) expect(await change(turn, 'a guess')).toBe('password_wrong');
    expect(await change(0, password)).toBe('too_many_attempts');
    expect(await change(1, password)).toBe('too_many_attempts');
    expect((await signIn(0, password)).kind).toBe('authenticated');
    ground.clock.advance(1_000);
    expect(await change(1, password)).toBe('changed');
  });
});
