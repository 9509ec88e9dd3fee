// The simulator through the front door: a few people and one thief of each kind, whom the service found, and
// whether its rules, run over that history again, would find the same.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OwnTarget } from '../tools/target/target.js';
import { simulateOverHttp } from '../tools/simulate/http/run.js';
import { attacks } from '../tools/simulate/thief.js';
import { run } from './audit-command.js';

it('plays a population over HTTP and scores what the operators are told', async () => {
  const env = { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1', SALLYPORT_LOG_LEVEL: 'error' };
  const target = await OwnTarget.start({ env });
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-simulated-'));
  try {
    const service = { issuer: target.issuer, dataDir: target.dataDir };
    const played = await simulateOverHttp({ seed: 3, accounts: 9, days: 1, service });
    expect(played).toMatchObject({ clockMoved: true, issuer: target.issuer });
    const [score] = played.runs;
    expect(score).toMatchObject({ countryRules: 'on' });
    expect(Object.keys(score?.attackers.kinds ?? {})).toEqual(attacks.toSorted());
    // Too few to judge the rules by; enough to see that what they find arrives here.
    expect(score?.attackers.caughtByRules).toBeGreaterThan(2);
    expect(score?.honest).toMatchObject({ accounts: 2, disturbed: 0 });
    const events = await target.ledger.all();
    const networks = events.map(({ data }) => data['network'] as { country?: string } | undefined);
    expect(new Set(networks.map((network) => network?.country)).size).toBeGreaterThan(3);
    const days = events.map(({ recordedAt }) => recordedAt.slice(0, 10));
    expect(new Set(days).size).toBeGreaterThan(2);
    const rules = join(folder, 'defaults.yaml');
    writeFileSync(rules, '');
    const again = await run(['rules', '--config', rules, '--data-dir', target.dataDir, '--json']);
    expect(JSON.parse(again.out)).toMatchObject({ holds: true, differing: 0, unjudged: [] });
    expect(again.code).toBe(0);
  } finally {
    await target.stop();
    rmSync(folder, { recursive: true });
  }
}, 120_000);
