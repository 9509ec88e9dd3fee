// Races over HTTP: one successor per token, one session per code, and nothing that outlives a revocation.
import { UnderTest, verdict, type SignedIn } from './under-test.js';

let service: UnderTest;
beforeAll(async () => {
  service = await UnderTest.start();
});
afterAll(() => service.stop());

const rounds = 50;
const raceMs = 240_000;

const times = <T>(count: number, act: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, act));

it(
  `of one bearer token used in parallel exactly one use succeeds and the family has ended, ${rounds} rounds`,
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      const session = await service.bearer();
      const answers = await times(6, () => session.refresh(session.first));
      const won = answers.filter(({ status }) => status === 200);
      expect(answers.map(verdict).toSorted()).toEqual([...Array(5).fill('400 invalid_grant'), 'tokens']);
      expect(verdict(await session.refresh(String(won[0]?.body['refresh_token'])))).toBe('400 invalid_grant');
      expect(verdict(await session.refresh(session.first))).toBe('400 invalid_grant');
      expect(await service.history(session)).toEqual([
        'started',
        'refresh-rotated',
        'reuse-detected(superseded)',
      ]);
    }
  },
  raceMs,
);

it(
  `key-bound refreshes in parallel get one and the same successor, ${rounds} rounds`,
  async () => {
    const session = await service.phone();
    let token = session.first;
    for (let round = 0; round < rounds; round += 1) {
      const presented = token;
      const successors = new Set(await times(6, () => session.rotate(presented)));
      expect(successors.size).toBe(1);
      [token = ''] = successors;
    }
    const rotations = (await service.history(session)).filter((name) => name === 'refresh-rotated');
    expect(rotations).toHaveLength(rounds);
  },
  raceMs,
);

it.each([
  ['key-bound', () => service.phone()],
  ['bearer', () => service.bearer()],
])(
  `no token released while a %s session is being revoked is alive after it, ${rounds} rounds`,
  async (_, signIn: () => Promise<SignedIn>) => {
    for (let round = 0; round < rounds; round += 1) {
      const session = await signIn();
      const refreshing = session.refresh(session.first);
      const revoking = session.caller.revoke(session.first);
      const [refreshed, revoked] = await Promise.all([refreshing, revoking]);
      expect(revoked.status).toBe(200);
      const token = String(refreshed.body['refresh_token'] ?? session.first);
      expect(verdict(await session.refresh(token))).toMatch(/^400 invalid_grant/);
      expect(verdict(await session.refresh(session.first))).toMatch(/^400 invalid_grant/);
    }
  },
  raceMs,
);

it(
  'of one code exchanged in parallel at most one session comes, and it has ended where two proved the code',
  async () => {
    for (let round = 0; round < 10; round += 1) {
      const code = await service.code('bearer');
      const caller = service.caller('bearer');
      const answers = await times(4, () => caller.exchange(code));
      const won = answers.filter(({ status }) => status === 200);
      expect(won.length).toBeLessThanOrEqual(1);
      expect(answers.filter(({ status }) => status !== 200).map(verdict)).toEqual(
        Array(4 - won.length).fill('400 invalid_grant'),
      );
      const token = String(won[0]?.body['refresh_token']);
      expect(verdict(await caller.refresh(token))).toBe('400 invalid_grant');
    }
  },
  raceMs,
);
