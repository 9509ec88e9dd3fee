// The yardstick of the bench does what it is held to do: real tokens, real proofs, each used once.
import { startBare, type Bare } from './bare-process.js';
import { LoadConnection, type LoadSession, type Seen } from './connection.js';

describe('the yardstick of the bench', () => {
  let bare: Bare;

  beforeAll(async () => {
    bare = await startBare({ cores: 'all', sessions: 2 });
  });

  afterAll(() => bare.stop());

  async function refresh(sessions: readonly LoadSession[]): Promise<Seen> {
    const seen: Seen = { latencies: [], errors: 0 };
    const connection = await LoadConnection.open(bare.side.issuer, sessions);
    await connection.runUntil(performance.now() + 200, seen);
    connection.close();
    return seen;
  }

  it.each(['bearer', 'dpop'] as const)('refreshes its sessions again and again: %s', async (kind) => {
    const seen = await refresh(bare.side.sessions[kind]);
    expect(seen.firstError).toBeUndefined();
    expect(seen.latencies.length).toBeGreaterThan(bare.side.sessions[kind].length);
  });

  it('gives nothing for a token it did not make, nor for one that was used', async () => {
    const [first, second] = bare.side.sessions.bearer as [LoadSession, LoadSession];
    const used = first.refreshToken;
    await refresh([first]);
    const altered = `${second.refreshToken.slice(0, -2)}xx`;
    for (const refreshToken of [used, altered]) {
      const seen = await refresh([{ ...second, refreshToken }]);
      expect(seen.errors).toBe(seen.latencies.length);
      expect(seen.firstError).toContain('invalid_grant');
    }
  });

  it('gives nothing for a proof that another token was signed with', async () => {
    const [session] = bare.side.sessions.dpop as [LoadSession];
    const old = session.key!.proof({ nonce: undefined, token: 'another' });
    const key = { ...session.key!, proof: () => old } as unknown as LoadSession['key'];
    const seen = await refresh([{ ...session, key }]);
    expect(seen.errors).toBe(seen.latencies.length);
  });
});
