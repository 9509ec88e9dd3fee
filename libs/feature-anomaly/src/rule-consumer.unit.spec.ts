// What the consumer promises: each event once; states, outbox and checkpoint together, whatever happens.
import fc from 'fast-check';
import { canonicalRuleSet, defaultRuleSetConfig, RuleMemory } from '@sallyport/core-anomaly';
import { EngineError } from '@sallyport/engine';
import type { JsonObject, ViewCommit } from '@sallyport/engine';
import { MemoryViewStore } from '@sallyport/testing';
import { digestOf, hashed, shortDigest } from './digests.js';
import type { ConsumerParts } from './rule-consumer.js';
import { ruleViews } from './rule-rows.js';
import { countryPlaces, day, hour, minute, noon, Street, Watched } from './spec-examples.js';

const abroad = { device: 'thief', country: 'BR' };

/** Ada at home for days, then somebody with her password elsewhere. */
async function takenOver(street = new Street()): Promise<Street> {
  await street.start('ada-s1', noon, {});
  await street.refresh('ada-s1', noon + 4 * day);
  await street.start('ada-s2', noon + 4 * day + minute, abroad);
  return street;
}

/** The store is new: nothing in it is history. */
async function begun(more: Partial<ConsumerParts> = {}): Promise<Watched> {
  const watched = new Watched(new Street(), new MemoryViewStore(), more);
  await watched.street.append('keys', 'keys.created', { accountId: '*', data: {} });
  await watched.run();
  return watched;
}

describe('the consumer of the rules', () => {
  it('tells what is to be done, once, with the event it rests on as it is in the store', async () => {
    const watched = await begun();
    await takenOver(watched.street);
    await watched.run();
    expect(watched.actions).toEqual(['ada hold']);
    const [said] = watched.outbox.filter(({ kind }) => kind === 'said').slice(-1);
    const [event] = await watched.street.store.read('session-ada-s2', 0, 1);
    const { id, stream, revision, position } = event!;
    expect(said).toMatchObject({ trigger: { id, stream, revision, position, digest: digestOf(event!) } });
  });

  it('keeps what is to be done until it is told that it was sent, whatever dies before', async () => {
    const watched = await begun();
    await takenOver(watched.street);
    await watched.run();
    await watched.run();
    expect(watched.actions).toEqual(['ada hold', 'ada hold']);
    await watched.run({ kind: 'sent', keys: watched.outbox.map(({ key }) => key) });
    watched.reports.length = 0;
    await watched.run();
    expect(watched.actions).toEqual([]);
  });

  it('holds nobody for what happened before there were rules', async () => {
    const watched = new Watched(await takenOver());
    await watched.run();
    expect(watched.outbox).toEqual([]);
    await watched.street.fork('ada-s1', noon + 4 * day + hour);
    await watched.run();
    expect(watched.actions).toEqual(['ada lock']);
  });

  it('goes on with the rule set that an event activates, from that event on', async () => {
    const watched = await begun();
    const off = { ...defaultRuleSetConfig.rules, reuse_forked: { mode: 'observe', action: 'hold' } as const };
    const config = { ...defaultRuleSetConfig, rules: off };
    const data = { hash: hashed(config).hash, config: canonicalRuleSet(config), reason: 'less' };
    await watched.street.start('ada-s1', noon);
    await watched.street.fork('ada-s1', noon + minute);
    await watched.street.append('rules', 'rules.activated', { accountId: '*', data });
    await watched.street.fork('bob-s2', noon + 3 * hour);
    await watched.run();
    const said = watched.outbox.flatMap((item) => (item.kind === 'said' ? item.decisions : []));
    expect(said).toMatchObject([
      { mode: 'enforce', action: 'step_up', ruleSet: hashed(defaultRuleSetConfig).hash },
      { mode: 'observe', action: 'hold', ruleSet: data.hash },
    ]);
    const statuses = watched.reports.filter(({ kind }) => kind === 'status');
    expect(statuses.at(-1)).toMatchObject({ ruleSet: { hash: data.hash }, paused: false });
  });

  it('lists the latest findings that the ledger has', async () => {
    const watched = await begun();
    const finding = { findingId: 'f1', rule: 'new_country', mode: 'enforce', severity: 'medium' };
    await watched.street.append('anomaly-ada', 'anomaly.detected', { accountId: 'ada', data: finding });
    await watched.run();
    const rows = await watched.views.list(ruleViews.finding, 2, 'latest');
    expect(rows.map(({ body }) => body)).toMatchObject([{ ...finding, accountId: 'ada' }]);
  });

  it('deletes what it remembers of networks after three months', async () => {
    const watched = await begun();
    await watched.street.start('ada-s1', noon, { dayTag: 'tag' });
    await watched.run();
    const crowds = async () => [...(await watched.views.load(ruleViews.crowd, 2, ['network:tag'])).keys()];
    expect(await crowds()).toEqual(['network:tag']);
    await watched.street.start('bob-s2', noon + 90 * day);
    await watched.run();
    expect(await crowds()).toEqual(['network:tag']);
    await watched.street.start('bob-s2', noon + 92 * day);
    await watched.run();
    expect(await crowds()).toEqual([]);
  });
});

describe('a consumer that writes what leads to nothing later', () => {
  class CountingViews extends MemoryViewStore {
    readonly commits: ViewCommit[] = [];

    override async commit(commit: ViewCommit): Promise<void> {
      this.commits.push(commit);
      await super.commit(commit);
    }
  }

  it('writes many batches together, and at once what is to be sent', async () => {
    const views = new CountingViews();
    await views.commit({ projection: 'rules', generation: 2, from: null, to: '0', changes: [] });
    const watched = new Watched(new Street(), views, { batchSize: 1, commitMs: 60_000 });
    await watched.street.start('ada-s1', noon);
    for (let n = 1; n <= 5; n += 1) await watched.street.refresh('ada-s1', noon + n * hour);
    await watched.run();
    expect(views.commits.slice(1)).toMatchObject([{ from: '0', to: '6' }]);
    await watched.street.refresh('ada-s1', noon + 7 * hour);
    await watched.street.fork('ada-s1', noon + 8 * hour);
    await watched.street.refresh('ada-s1', noon + 9 * hour);
    await watched.run();
    expect(views.commits.slice(2)).toMatchObject([{ from: '6', to: '8' }, { from: '8', to: '9' }]);
    expect(watched.actions).toEqual(['ada step_up']);
  });

  it('finds the event that fails among what it had not written', async () => {
    const watched = await begun({ batchSize: 1, commitMs: 60_000 });
    await watched.street.start('ada-s1', noon);
    await watched.street.refresh('ada-s1', noon + hour);
    await watched.street.poison('ada', noon + day);
    await watched.street.start('bob-s9', noon + day);
    await watched.run();
    const [parked] = await watched.views.list(ruleViews.parked, 2, 'parked');
    expect(parked).toMatchObject({ key: 'ada', body: { parkedAt: '4' } });
    const states = await watched.views.load(ruleViews.account, 2, ['ada', 'bob']);
    expect([...states.keys()].sort()).toEqual(['ada', 'bob']);
  });
});

describe('an account whose event cannot be judged', () => {
  const poisoned = async () => {
    const watched = await begun();
    await watched.street.start('ada-s1', noon);
    await watched.street.start('bob-s9', noon);
    await watched.street.poison('ada', noon + day);
    await watched.street.fork('ada-s1', noon + 2 * day);
    await watched.street.fork('bob-s9', noon + 2 * day);
    await watched.run();
    return watched;
  };

  it('is parked and held, and nobody else', async () => {
    const watched = await poisoned();
    expect(watched.actions).toEqual(['bob step_up']);
    expect(watched.outbox.filter(({ kind }) => kind === 'parked')).toMatchObject([
      { kind: 'parked', accountId: 'ada', parkedAt: '4' },
    ]);
    expect(watched.reports.filter(({ kind }) => kind === 'fault')).toMatchObject([
      { accountId: 'ada', position: '4' },
    ]);
    const [row] = await watched.views.list(ruleViews.parked, 2, 'parked');
    expect(row).toMatchObject({ key: 'ada', body: { parkedAt: '4', from: '4' } });
  });

  it('stays parked when the retry fails as well', async () => {
    const watched = await poisoned();
    await watched.run({ kind: 'retry', accountId: 'ada' });
    expect((await watched.views.list(ruleViews.parked, 2, 'parked')).map(({ key }) => key)).toEqual(['ada']);
    expect(watched.outbox.filter(({ kind }) => kind === 'drained')).toEqual([]);
  });

  it('is drained in order once it can be judged, then released', async () => {
    const watched = await poisoned();
    const [event] = await watched.street.store.read('session-ada-p', 0, 1);
    Object.assign(event as object, { type: 'account.opened' });
    watched.reports.length = 0;
    await watched.run({ kind: 'retry', accountId: 'ada' });
    const own = watched.outbox.filter(({ accountId }) => accountId === 'ada').slice(-2);
    expect(own).toMatchObject([
      { kind: 'said', decisions: [{ action: 'step_up' }] },
      { kind: 'drained', parkedAt: '4' },
    ]);
    expect(await watched.views.list(ruleViews.parked, 2, 'parked')).toEqual([]);
  });

  it('stops everything when there are too many of them', async () => {
    const street = new Street();
    const watched = new Watched(street, undefined, { maxParked: 1 });
    await street.poison('ada', noon);
    await street.poison('bob', noon);
    const stop = new AbortController();
    const ended = watched.runUntil(stop);
    await new Promise((resolve) => setTimeout(resolve, 100));
    stop.abort();
    await ended;
    expect(watched.reports.filter(({ kind }) => kind === 'status').at(-1)).toMatchObject({
      parked: 2,
      stopped: true,
    });
  });
});

describe('an event that only the bus has', () => {
  it('moves nothing from beyond the head, and can be forgotten by a rebuild', async () => {
    const watched = await begun();
    await watched.street.start('ada-s1', noon);
    const [real] = await watched.street.store.read('session-ada-s1', 0, 1);
    await watched.street.start('bob-s2', noon);
    await watched.run();
    const before = await watched.views.load(ruleViews.account, 2, ['ada']);
    const forged = { ...real!, position: '3', id: 'forged', type: 'session.reuse-detected' };
    const data = { ...(forged.data as JsonObject), cause: 'forked', presented: 1 };
    await watched.run({ kind: 'inject', event: { ...forged, data, position: '99' } });
    expect(await watched.views.load(ruleViews.account, 2, ['ada'])).toEqual(before);
    await watched.run({ kind: 'inject', event: { ...forged, data } });
    expect(watched.actions).toContain('ada step_up');
    await watched.run({ kind: 'rebuild', accountId: 'ada' });
    expect(await watched.views.load(ruleViews.account, 2, ['ada'])).toEqual(before);
  });
});

describe('states after random histories', () => {
  const act = fc.record({
    who: fc.constantFrom('ada', 'bob', 'cyd'),
    kind: fc.constantFrom('start' as const, 'refresh' as const, 'refresh' as const, 'fork' as const),
    country: fc.constantFrom('CH', 'ES', 'BR'),
    device: fc.constantFrom('d1', 'd2'),
  });

  /** Commits that fail before or after they count, as told. */
  class FailingViews extends MemoryViewStore {
    constructor(private readonly faults: ('before' | 'after' | 'none')[]) {
      super();
    }

    /** There were rules before the history. */
    begin(): Promise<void> {
      return super.commit({ projection: 'rules', generation: 2, from: null, to: '0', changes: [] });
    }

    override async commit(commit: ViewCommit): Promise<void> {
      const fault = this.faults.shift() ?? 'none';
      if (fault === 'before') throw new EngineError('store_unavailable');
      await super.commit(commit);
      if (fault === 'after') throw new EngineError('store_unavailable');
    }
  }

  it('are those of one pass in memory, however often it dies on the way, as is what is told', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 1, maxLength: 25 }),
        fc.array(fc.constantFrom('before' as const, 'after' as const, 'none' as const), { maxLength: 6 }),
        fc.constantFrom(0, 2, 60_000),
        async (acts, faults, commitMs) => {
          const street = new Street();
          for (const [n, { who, kind, country, device }] of acts.entries()) {
            const at = noon + n * 20 * minute;
            if (kind === 'fork') await street.fork(`${who}-${device}`, at);
            else
              await street[kind](`${who}-${device}`, at, {
                country,
                device: `${who}-${device}`,
                dayTag: 't',
              });
          }
          const views = new FailingViews([...faults]);
          await views.begin();
          const watched = new Watched(street, views, { batchSize: 3, commitMs });
          // What a failing store did not take when it stopped is read again at the next start.
          for (let starts = 0; starts <= faults.length; starts += 1) await watched.run();
          const memory = new RuleMemory({
            set: hashed(defaultRuleSetConfig),
            countryPlaces,
            digest: shortDigest,
          });
          const said = street.store.log.events.map((event) => memory.observe(event));
          const rows = await views.load(ruleViews.account, 2, ['ada', 'bob', 'cyd']);
          for (const [who, state] of memory.accounts) {
            expect(rows.get(who)?.body['state']).toEqual(JSON.parse(JSON.stringify(state)));
          }
          const told = new Map(watched.outbox.map((item) => [item.key, item]));
          const decisions = [...told.values()].flatMap((item) =>
            item.kind === 'said' ? item.decisions : [],
          );
          expect(decisions.map(({ id }) => id)).toEqual(
            said.flatMap((one) => one.decisions.map(({ id }) => id)),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
