// A candidate rule set over the history of a service: the same as its own rules, or other, and about whom.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run, type Ran } from './audit-command.js';
import { UnderTest } from './under-test.js';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-candidates-'));
let service: UnderTest;
let careless: { accountId: string };

/** Somebody's old token is used again with their key: the rules ask for step-up. */
beforeAll(async () => {
  service = await UnderTest.start();
  await service.target.operator.untilRulesRun();
  const opened = await service.newPerson();
  careless = opened;
  const session = await service.phone('phone', { person: opened });
  await session.rotate(await session.rotate(session.first));
  await session.refresh(session.first);
  const deadline = Date.now() + 10_000;
  while (!(await isDecided())) {
    if (Date.now() > deadline) throw new Error('the rules decided nothing');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
});
afterAll(async () => {
  await service.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function isDecided(): Promise<boolean> {
  const events = await service.target.ledger.events(`anomaly-${careless.accountId}`);
  return events.some(({ type }) => type === 'anomaly.decision-taken');
}

/** Beside the running service. */
function rules(yaml: string, ...args: string[]): Promise<Ran> {
  const file = join(mkdtempSync(join(folder, 'rules-')), 'candidate.yaml');
  writeFileSync(file, yaml);
  return run(['rules', '--data-dir', service.target.dataDir, '--config', file, ...args]);
}

describe('a candidate rule set', () => {
  it('that is the active one would have done the same', async () => {
    const same = expect.stringMatching(/\nsame\n$/) as string;
    expect(await rules('')).toEqual({ code: 0, err: '', out: same });
    const { out } = await rules('', '--json');
    const counts = { would: { step_up: 1 }, happened: { step_up: 1 } };
    expect(JSON.parse(out)).toMatchObject({ holds: true, differing: 0, ...counts });
  });

  it('that differs says about whom, where first, and exits with 1', async () => {
    const off = 'rules: { stale_token: off }';
    const { accountId } = careless;
    const told = await rules(off, '--json');
    expect(told.code).toBe(1);
    const divergence = { would: [], happened: [{ action: 'step_up', rule: 'stale_token', outcome: 'sent' }] };
    expect(JSON.parse(told.out)).toMatchObject({ holds: false, accounts: [{ accountId, divergence }] });
    const { code, out } = await rules(off);
    expect({ code, out }).toEqual({ code: 1, out: expect.stringContaining(`account ${accountId} at `) });
    expect(out).toMatch(/would nothing, did step_up session \S+ \(stale_token\)/);
    expect((await rules(off, '--to', '1')).code).toBe(0);
  });

  it('is told all its mistakes', async () => {
    const { code, err } = await rules('rules: { stale_token: loud, no_rule: off }');
    expect({ code, lines: err.trim().split('\n').length }).toEqual({ code: 2, lines: 2 });
  });
});
