// A sign-in name has one account, however many people open one for it at once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LedgerError, OpenAccount, ReadAccount } from '@sallyport/feature-ledger';
import { LocalService, openGround } from '../tools/model/local-service.js';

const rounds = 50;
const ordered = { actor: { kind: 'operator' as const, id: 'test' }, correlationId: 'test' };

describe('accounts opened for one name at once', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-names-'));
  const ground = openGround(directory, { synchronous: 'OFF' });
  let services: LocalService[];

  beforeAll(async () => {
    services = [await LocalService.start(ground), await LocalService.start(ground)];
  });

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await ground.store.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('opens one, which the name leads to, and refuses the others', async () => {
    for (let round = 0; round < rounds; round += 1) {
      const input = { email: `name-${round}@example.org`, password: 'a long enough password' };
      const attempts = Array.from({ length: 4 }, (_, index) =>
        services[index % 2]!.commands.execute(new OpenAccount(input, ordered)),
      );
      const ends = await Promise.allSettled(attempts);
      const opened = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value.accountId] : []));
      const refusals = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as LedgerError] : []));
      expect(opened).toHaveLength(1);
      expect(refusals.map(({ code }) => code)).toEqual(Array(3).fill('name_taken'));
      const found = await services[0]!.queries.execute(new ReadAccount({ email: input.email }));
      expect(found?.accountId).toBe(opened[0]);
    }
  });
});
