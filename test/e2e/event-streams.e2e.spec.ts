// Streams of events over HTTP: complete and in order across deaths, over when the session is, and bounded.
import { newDeviceKey, signProof, tokenHash, EventReader } from '../tools/client/index.js';
import { UnderTest, type SignedIn } from './under-test.js';

let service: UnderTest;
const readers: EventReader[] = [];
beforeAll(async () => {
  service = await UnderTest.start();
});
afterEach(async () => {
  await Promise.all(readers.splice(0).map((reader) => reader.close()));
});
afterAll(() => service.stop());

type Headers = Readonly<Record<string, string>>;

async function open(url: string, headers: Headers): Promise<EventReader> {
  const reader = await EventReader.open(url, headers);
  readers.push(reader);
  return reader;
}

const bearerOf = ({ granted }: SignedIn): Headers => ({ authorization: `Bearer ${granted.accessToken}` });
const follow = (session: SignedIn, query = '', more: Headers = {}): Promise<EventReader> =>
  open(`${service.target.issuer}/v1/events${query}`, { ...bearerOf(session), ...more });

function followAll(query = '', more: Headers = {}): Promise<EventReader> {
  const { address, credential } = service.target.operator.access();
  return open(`${address}/admin/events${query}`, { authorization: `Bearer ${credential}`, ...more });
}

const accounts = new Map<string, string>();

async function someone(): Promise<SignedIn> {
  const person = await service.newPerson();
  accounts.set(person.username, person.accountId);
  return service.bearer('bearer', { person });
}

const accountOf = ({ person }: SignedIn): string => accounts.get(person.username) ?? '';

/** Positions and types of the account's events in the ledger after a position, in order. */
async function ledgerOf(session: SignedIn, after = '0'): Promise<string[]> {
  const accountId = accountOf(session);
  const names = [`account-${accountId}`, `login-${accountId}`, `session-${session.ids.sid}`];
  const events = (await Promise.all(names.map((name) => service.target.ledger.events(name)))).flat();
  return events
    .filter(({ position }) => Number(position) > Number(after))
    .toSorted((a, b) => Number(a.position) - Number(b.position))
    .map(({ position, type }) => `${position} ${type}`);
}

const toldBy = (reader: EventReader): string[] => reader.events.map(({ id, event }) => `${id} ${event}`);

describe('the stream of the own account', () => {
  it('tells all that happened since the position, then what happens, each once and in order', async () => {
    const session = await someone();
    let token = await session.rotate(session.first);
    const reader = await follow(session, '?from=0');
    await reader.until(({ events }) => events.length >= 4);
    for (let n = 0; n < 20; n += 1) token = await session.rotate(token);
    const expected = await ledgerOf(session);
    await reader.until(({ events }) => events.length >= expected.length);
    expect(toldBy(reader)).toEqual(expected);
    expect(expected).toHaveLength(24);
    expect(reader.answer.headers.get('cache-control')).toBe('no-store');
  });

  it('begins now unless it is asked to begin before, and takes up where a header says', async () => {
    const session = await someone();
    const first = await follow(session);
    const second = await session.rotate(session.first);
    await first.until(({ events }) => events.length === 1);
    const last = first.lastId ?? '';
    await first.close();
    await session.rotate(await session.rotate(second));
    const again = await follow(session, '?from=0', { 'last-event-id': last });
    await again.until(({ events }) => events.length === 2);
    expect(toldBy(again)).toEqual(await ledgerOf(session, last));
  });

  it('shows what is its own, opened, and no key, hash, credential or state', async () => {
    const session = await someone();
    await session.rotate(session.first);
    const reader = await follow(session, '?from=0');
    await reader.until(({ events }) => events.length >= 4);
    const byType = new Map(reader.events.map(({ event, data }) => [event, data]));
    expect(byType.get('session.started')).toMatchObject({
      sentence: 'Signed in with bearer.',
      ip: '127.0.0.1',
      sessionId: session.ids.sid,
    });
    const text = JSON.stringify(reader.blocks);
    for (const secret of ['credential', 'fingerprint', 'ipTag', 'nameHash', 'personal', 'keyId', 'marker']) {
      expect(text).not.toContain(secret);
    }
  });

  it("tells nothing of other people's accounts", async () => {
    const [alice, bob] = [await someone(), await someone()];
    const reader = await follow(alice);
    await bob.rotate(bob.first);
    await alice.rotate(alice.first);
    await reader.until(({ events }) => events.length === 1);
    expect(reader.events[0]?.data).toMatchObject({ sessionId: alice.ids.sid });
  });

  it('is given to a device that proves its key, with a nonce for the next proof', async () => {
    const person = await service.newPerson();
    const key = await newDeviceKey();
    const session = await service.phone('phone', { person, key });
    const url = `${service.target.issuer}/v1/events`;
    const proof = async (nonce?: string): Promise<Headers> => {
      const { accessToken } = session.granted;
      const claims = { jti: String(Math.random()), htm: 'GET', htu: url, ath: tokenHash(accessToken), nonce };
      return { authorization: `DPoP ${accessToken}`, dpop: await signProof(key, claims) };
    };
    const challenge = await fetch(url, { headers: await proof() });
    expect(challenge.status).toBe(401);
    const reader = await open(url, await proof(challenge.headers.get('dpop-nonce') ?? ''));
    expect(reader.answer.headers.get('dpop-nonce')).toMatch(/.+/);
    await session.rotate(session.first);
    await reader.until(({ events }) => events.length === 1);
    expect(reader.events[0]?.event).toBe('session.refresh-rotated');
  });

  it('beats in comments while nothing happens', async () => {
    const reader = await follow(await someone(), '?heartbeat=1');
    await reader.until(({ comments }) => comments.length >= 2, 4_000);
    expect(reader.comments).toEqual(['heartbeat', 'heartbeat']);
    expect(reader.events).toEqual([]);
  });

  it.each(['from=x', 'from=99999999999', 'heartbeat=0', 'heartbeat=61', 'type=session.moved', 'type='])(
    'refuses %s',
    async (query) => {
      const headers = bearerOf(await someone());
      const answer = await fetch(`${service.target.issuer}/v1/events?${query}`, { headers });
      expect([answer.status, (await answer.json()) as unknown]).toMatchObject([
        400,
        { type: 'urn:sallyport:problem:bad_request' },
      ]);
    },
  );

  it('answers a question about its head without a stream', async () => {
    const answer = await fetch(`${service.target.issuer}/v1/events`, {
      method: 'HEAD',
      headers: bearerOf(await someone()),
      signal: AbortSignal.timeout(5_000),
    });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });
});

describe('the end of a stream', () => {
  it('comes with the end of its session, and that is all it is told', async () => {
    const session = await someone();
    const reader = await follow(session);
    await session.caller.revoke(session.first);
    await reader.ended;
    expect(reader.comments).toEqual(['session_ended: The session of this stream has ended. Sign in again.']);
    expect(reader.events).toEqual([]);
  });

  it('comes with a lock of the account, for each of its streams', async () => {
    const person = await service.newPerson();
    const sessions = [await service.bearer('bearer', { person }), await service.phone('phone', { person })];
    const reader = await follow(sessions[0] as SignedIn);
    await service.target.operator.lock(person.accountId);
    await reader.ended;
    expect(reader.comments.at(-1)).toMatch(/^session_ended/);
  });

  it('comes with the end of the access token', async () => {
    const reader = await follow(await someone(), '?heartbeat=1');
    await service.target.operator.advanceClock(301);
    await reader.ended;
    expect(reader.comments.at(-1)).toMatch(/^token_expired/);
  });

  it('frees its place: five streams an account, then 503 with Retry-After until one ends', async () => {
    const session = await someone();
    const five = await Promise.all(Array.from({ length: 5 }, () => follow(session)));
    const url = `${service.target.issuer}/v1/events`;
    const sixth = await fetch(url, { headers: bearerOf(session) });
    expect([sixth.status, sixth.headers.get('retry-after')]).toEqual([503, '5']);
    expect(await sixth.json()).toMatchObject({ type: 'urn:sallyport:problem:too_many_streams' });
    await follow(await someone());
    await five[0]?.close();
    for (let tries = 0; ; tries += 1) {
      const freed = await follow(session).catch((error: unknown) => String(error));
      if (typeof freed !== 'string') break;
      expect(tries).toBeLessThan(20);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
});

describe('the stream of operators', () => {
  it('tells of every account in order, or of the account and the types asked for', async () => {
    const [alice, bob] = [await someone(), await someone()];
    const [all, some] = [
      await followAll(),
      await followAll(`?account=${accountOf(bob)}&type=session.refresh-rotated,session.revoked&from=0`),
    ];
    await alice.rotate(alice.first);
    await bob.rotate(bob.first);
    await bob.caller.revoke(bob.first);
    await all.until(({ events }) => events.length >= 3);
    await some.until(({ events }) => events.length >= 2);
    expect(all.events.map(({ data }) => data?.['accountId'])).toEqual([alice, bob, bob].map(accountOf));
    expect(some.events.map(({ event }) => event)).toEqual(['session.refresh-rotated', 'session.revoked']);
    expect(all.events[0]?.data).toMatchObject({ stream: `session-${alice.ids.sid}`, revision: 1 });
  });

  it('opens nothing that is personal', async () => {
    await someone();
    const reader = await followAll('?from=0&type=session.started,login.succeeded,account.opened');
    await reader.until(({ events }) => events.length >= 3);
    const text = JSON.stringify(reader.blocks);
    for (const secret of ['127.0.0.1', '@example.org', 'personal', 'credential', 'userAgent']) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('a service that dies', () => {
  it('killed in the middle of it, goes on without a gap or a duplicate where the client was', async () => {
    const session = await someone();
    const [mine, all] = [await follow(session, '?from=0'), await followAll('?from=0')];
    let token = session.first;
    for (let n = 0; n < 10; n += 1) token = await session.rotate(token);
    await mine.until(({ events }) => events.length >= 6);
    await service.target.restartOn(() => undefined, 'SIGKILL');
    await Promise.all([mine.ended, all.ended]);
    for (let n = 0; n < 10; n += 1) token = await session.rotate(token);
    const since = { 'last-event-id': mine.lastId ?? '' };
    const [again, allAgain] = [
      await follow(session, '', since),
      await followAll('', { 'last-event-id': all.lastId ?? '' }),
    ];
    const expected = await ledgerOf(session);
    await again.until(({ events }) => mine.events.length + events.length >= expected.length);
    expect([...toldBy(mine), ...toldBy(again)]).toEqual(expected);
    await allAgain.until(({ lastId }) => lastId === again.lastId);
    const positions = [...all.events, ...allAgain.events].map(({ id }) => Number(id));
    expect(positions).toEqual(Array.from({ length: positions.length }, (_, index) => index + 1));
  });

  it('told to stop, ends every stream at once with a word, and turns new ones away', async () => {
    const reader = await follow(await someone());
    const startedAt = performance.now();
    const restarted = service.target.restartOn(() => undefined);
    await reader.ended;
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(reader.comments.at(-1)).toMatch(/^stopping/);
    await restarted;
  });
});
