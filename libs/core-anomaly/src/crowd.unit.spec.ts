// Rules across accounts: one network that fails at many, many on one network or one key; none of them locks.
import { RuleMemory } from './rule-memory.js';
import type { ObservedEvent } from './observed-event.js';
import { contextOf, day, from, minute, noon } from './spec-examples.js';

const second = 1000;

/** Events of many accounts, each with a device it had before. */
class Town {
  readonly memory = new RuleMemory(contextOf());
  private positions = 0;

  start(accountId: string, at: number, more: { device?: string; tag?: string; jkt?: string } = {}) {
    const { device = `phone-${accountId}`, tag, jkt = `key-${accountId}-${device}` } = more;
    const time = new Date(at).toISOString();
    const network = from('CH', tag === undefined ? {} : { dayTag: tag });
    const state = {
      accountId,
      deviceId: device,
      jkt,
      startedAt: time,
      rotatedAt: time,
      generation: 0,
      network,
    };
    return this.add(
      { type: 'session.started', stream: `session-${accountId}-${device}`, at, data: { state } },
      accountId,
    );
  }

  fail(who: string, at: number, { tag = 'tag', known = true } = {}) {
    const time = new Date(at).toISOString();
    const data = { count: 5, since: time, until: time, ipTag: 'x', network: from('CH', { dayTag: tag }) };
    const stream = known ? `login-${who}` : `login-name-${who}`;
    return this.add({ type: 'login.failed', stream, at, data }, known ? who : '*');
  }

  private add(of: { type: string; stream: string; at: number; data: object }, partitionKey: string) {
    this.positions += 1;
    const { at, ...rest } = of;
    const event: ObservedEvent = {
      id: `e${this.positions}`,
      revision: 0,
      position: String(this.positions),
      recordedAt: new Date(at).toISOString(),
      actor: { kind: 'user' },
      partitionKey,
      ...rest,
    };
    return this.memory.observe(event);
  }
}

describe('failures of many accounts from one network', () => {
  const stuffed = () => {
    const town = new Town();
    for (const name of ['ada', 'bob']) town.start(name, noon - 5 * day, { tag: 'home' });
    for (let n = 0; n < 12; n += 1) town.fail(`name${n}`, noon + n * second, { known: n % 2 === 0 });
    return town;
  };

  it('ask for step-up where the network then gets in on a new device', () => {
    const said = stuffed().start('ada', noon + minute, { device: 'new', tag: 'tag' });
    expect(said.findings).toMatchObject([
      {
        rule: 'failures_address',
        accountId: 'ada',
        sessionId: 'ada-new',
        action: 'step_up',
        evidence: { failures: 60, accounts: 12 },
      },
    ]);
    expect(said.decisions).toMatchObject([{ accountId: 'ada', action: 'step_up', sessionId: 'ada-new' }]);
  });

  it('are found late too, and of all who got in', () => {
    const town = new Town();
    for (const name of ['ada', 'bob']) {
      town.start(name, noon - 5 * day, { tag: 'home' });
      town.start(name, noon + minute, { device: 'new', tag: 'tag' });
    }
    const said = Array.from({ length: 12 }, (_, n) => town.fail(`name${n}`, noon + n * second));
    expect(said.flatMap(({ decisions }) => decisions.map(({ accountId }) => accountId))).toEqual([
      'ada',
      'bob',
    ]);
  });

  it('leave people on their known devices alone, and other networks', () => {
    const town = stuffed();
    expect(town.start('ada', noon + minute, { tag: 'tag' }).findings).toEqual([]);
    expect(town.start('bob', noon + minute, { device: 'new', tag: 'other' }).findings).toEqual([]);
  });

  it('of few accounts are a family that mistypes', () => {
    const town = new Town();
    town.start('ada', noon - 5 * day);
    for (let n = 0; n < 50; n += 1) town.fail(`name${n % 9}`, noon + n * second);
    expect(town.start('ada', noon + minute, { device: 'new', tag: 'tag' }).findings).toEqual([]);
  });
});

describe('many accounts', () => {
  const arrive = (town: Town, count: number, more: { device?: string; jkt?: string }) =>
    Array.from({ length: count }, (_, n) => {
      town.start(`a${n}`, noon - 5 * day + n * minute, {});
      return town.start(`a${n}`, noon + n * minute, { tag: 'tag', ...more });
    });

  it('that get a new device from one network are each asked for step-up, once', () => {
    const said = arrive(new Town(), 11, { device: 'new' });
    expect(said.slice(0, 9).flatMap(({ findings }) => findings)).toEqual([]);
    expect(said[9]?.findings.map(({ rule, accountId }) => [rule, accountId])).toEqual(
      Array.from({ length: 10 }, (_, n) => ['shared_network', `a${n}`]),
    );
    expect(said[10]?.findings.map(({ accountId }) => accountId)).toEqual(['a10']);
  });

  it('behind one carrier on the devices they have are what a carrier is for', () => {
    const said = arrive(new Town(), 200, {});
    expect(said.flatMap(({ findings }) => findings)).toEqual([]);
  });

  it('that one key signs in to are asked for step-up', () => {
    const said = arrive(new Town(), 6, { jkt: 'one' });
    expect(said.slice(0, 5).flatMap(({ findings }) => findings)).toEqual([]);
    expect(said[5]?.findings.map(({ rule }) => rule)).toEqual(Array(6).fill('shared_key'));
  });

  it('never lead to more than their rule says, whatever they are found with', () => {
    const town = new Town();
    arrive(town, 40, { device: 'new', jkt: 'one' });
    const actions = [...town.memory.accounts.values()].flatMap(({ open }) =>
      open.map(({ action }) => action),
    );
    expect(actions.filter((action) => action !== 'step_up')).toEqual([]);
  });

  it('are counted once, however often their events come', () => {
    const town = new Town();
    const states = [town.memory.crowd('network:tag')];
    arrive(town, 3, { device: 'new' });
    expect(states[0]?.starts).toHaveLength(3);
    (town as unknown as { positions: number }).positions -= 1;
    town.start('a2', noon + 2 * minute, { tag: 'tag', device: 'new' });
    expect(states[0]?.starts).toHaveLength(3);
  });
});

describe('the memory of crowds', () => {
  it('is bounded, whatever strangers send', () => {
    const town = new Town();
    for (let n = 0; n < 500; n += 1) town.fail(`name${n}`, noon + n * second);
    expect(town.memory.crowd('network:tag').failures).toHaveLength(64);
    const small = new RuleMemory(contextOf(), 2);
    const [a] = [small.crowd('a'), small.crowd('b'), small.crowd('c')];
    expect(small.crowd('a')).not.toBe(a);
  });
});
