// Two changes of one password at once: the current one has to be current when the new one is stored.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ChangePassword } from '@sallyport/feature-ledger';
import type { LedgerError } from '@sallyport/feature-ledger';
import { LocalService, openGround } from '../tools/model/local-service.js';
import type { Ground } from '../tools/model/local-service.js';
import { ordered, Processes } from '../tools/races/person.js';
import { Random } from '../tools/races/random.js';

describe('a password change that confirmed a password which was changed meanwhile', () => {
  let directory: string;
  let ground: Ground;
  let services: LocalService[];
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'sallyport-password-'));
    ground = openGround(directory, { synchronous: 'OFF' });
    services = [await LocalService.start(ground), await LocalService.start(ground)];
  });
  afterEach(async () => {
    for (const service of services) await service.stop();
    await ground.store.close();
    await ground.secrets.close();
    rmSync(directory, { recursive: true });
  });

  it('is refused, whichever process it is at, and the first one stands', async () => {
    const by = new Processes(services, new Random(1));
    const person = await by.openAccount();
    const { accountId, password: currentPassword } = person;
    const newPasswords = ['the first new password', 'the second new password', 'the third new password'];
    const answers = await Promise.all(
      newPasswords.map((newPassword, index) => {
        const change = new ChangePassword({ accountId, currentPassword, newPassword }, ordered);
        const process = services[index % services.length] as LocalService;
        return process.commands.execute(change).then(
          () => 'changed',
          (error: LedgerError) => error.code,
        );
      }),
    );
    expect(answers.toSorted()).toEqual(['changed', 'password_wrong', 'password_wrong']);
    const stands = newPasswords[answers.indexOf('changed')];
    expect((await by.signIn(person, stands)).kind).toBe('authenticated');
    expect((await by.signIn(person)).kind).toBe('refused');
  });
});
