// What the ledger releases when a guard moves between its append's commit and the read of its guards.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SqliteFeed } from '@sallyport/adapter-sqlite';
import { streams } from '@sallyport/core-session';
import { FileTravelNotice, RevokeAllSessions } from '@sallyport/feature-ledger';
import { ProofSigner } from '../tools/client/index.js';
import { EventStoreDouble } from '../tools/eventstore-double/eventstore-double.js';
import { LocalService, openGround, tokenUrl, type Ground } from '../tools/model/local-service.js';
import { keep, ordered, Processes } from '../tools/races/person.js';
import type { Answer, Held, Person } from '../tools/races/person.js';
import { Random } from '../tools/races/random.js';
import { connect, type Client } from './under-test.js';

describe('a decision whose guard moves between its append and the read of its guards', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sallyport-guards-'));
  const clients: Client[] = [];
  const services: LocalService[] = [];
  let ground: Ground;
  let double: EventStoreDouble;
  let by: Processes;

  beforeAll(async () => {
    ground = openGround(directory, { synchronous: 'OFF' });
    double = await EventStoreDouble.start({ store: ground.store, feed: SqliteFeed.of(ground.store) });
    for (let left = 2; left > 0; left -= 1) {
      const client = connect({ url: double.url, clock: ground.clock });
      clients.push(client);
      services.push(await LocalService.start(ground, client.store));
    }
    by = new Processes(services, new Random(7));
  });

  afterAll(async () => {
    for (const service of services) await service.stop();
    for (const { connection } of clients) await connection.close();
    await double.stop();
    await ground.store.close();
    ground.secrets.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Runs `act`; once, right after the session's event is in the store, another process does `meanwhile`. */
  async function overtaken<T>(sessionId: string, meanwhile: () => Promise<unknown>, act: () => Promise<T>) {
    let times = 0;
    double.faults.afterCommit = async (stream) => {
      if (stream !== `sallyport.${streams.session(sessionId)}` || (times += 1) > 1) return;
      await meanwhile();
    };
    const answer = await act();
    double.faults.clear();
    expect(times).toBeGreaterThan(0);
    return answer;
  }

  const elsewhere = () => services[1] as LocalService;

  const everywhere = ({ accountId }: Person) => () =>
    elsewhere().commands.execute(new RevokeAllSessions({ accountId }, ordered));

  /** Another event of the account, which ends nothing. */
  const harmless = ({ accountId }: Person) => () => {
    const fromMs = ground.clock.now();
    const filed = { filedBySession: 's', filedByDevice: 'd' };
    const notice = { accountId, fromMs, untilMs: fromMs + 86_400_000, countries: ['PT'], ...filed };
    return elsewhere().commands.execute(new FileTravelNotice(notice, ordered));
  };

  /** What each process says of the session. */
  const standings = (sessionId: string) =>
    Promise.all(services.map(async (service) => (await by.standing(service, sessionId))?.status));

  const rotationsOf = async ({ sessionId }: Held) => {
    const events = await clients[0]?.store.read(streams.session(sessionId), 0, 100);
    return events?.filter(({ type }) => type === 'session.refresh-rotated').length;
  };

  describe.each([
    ['key-bound', true],
    ['bearer', false],
  ])('%s', (_, bound) => {
    const newKey = () => (bound ? new ProofSigner(tokenUrl) : undefined);

    async function held(): Promise<[Person, Held]> {
      const someone = await by.openAccount();
      return [someone, await by.session(await by.authenticate(someone), bound)];
    }

    it('is not released by a refresh that a revocation overtook, and the session is dead', async () => {
      const [someone, session] = await held();
      const token = session.refreshTokens[0] as string;
      const refresh = () => by.refresh(session, token);
      const answer = await overtaken(session.sessionId, everywhere(someone), refresh);
      expect(answer).toMatchObject({ kind: 'failure', error: 'invalid_grant' });
      expect((await by.refresh(session, token)).kind).toBe('failure');
      expect(await rotationsOf(session)).toBe(1);
      expect(await standings(session.sessionId)).not.toContain('active');
    });

    it('is released by a refresh that something harmless overtook, as the one successor', async () => {
      const [someone, session] = await held();
      const refresh = () => by.refresh(session, session.refreshTokens[0] as string);
      const answer = await overtaken(session.sessionId, harmless(someone), refresh);
      expect(answer.kind).toBe('tokens');
      expect(await rotationsOf(session)).toBe(1);
      expect(keep(session, answer)).toBe(true);
      const next: Answer = await by.refresh(session, session.refreshTokens.at(-1) as string);
      expect(next.kind).toBe('tokens');
      expect(await rotationsOf(session)).toBe(2);
    });

    it('is released by no exchange of a code that a revocation overtook, nor by a second one', async () => {
      const someone = await by.openAccount();
      const code = await by.code(await by.authenticate(someone), newKey());
      const answer = await overtaken(code.sessionId, everywhere(someone), () => by.exchange(code));
      expect(answer).toMatchObject({ kind: 'failure', error: 'invalid_grant' });
      expect((await by.exchange(code)).kind).toBe('failure');
      expect(await standings(code.sessionId)).not.toContain('active');
    });

    it('is released by an exchange of a code that something harmless overtook, once', async () => {
      const someone = await by.openAccount();
      const code = await by.code(await by.authenticate(someone), newKey());
      const answer = await overtaken(code.sessionId, harmless(someone), () => by.exchange(code));
      expect(answer.kind).toBe('tokens');
      const started = await clients[0]?.store.read(streams.session(code.sessionId), 0, 100);
      expect(started?.map(({ type }) => type)).toEqual(['session.started']);
    });
  });
});
