// Rules on where an account is used from: when each fires, when it does not, and what is unknown to it.
import { actionsOf, contextOf, countryPlaces, from, History, hour, minute, noon } from './spec-examples.js';
import { day, rulesOf, rulesWith } from './spec-examples.js';

const home = from('CH');
const abroad = from('BR');
const phone = { device: 'phone', network: home };
const phoneAbroad = { device: 'phone', network: abroad };
const other = { device: 'other', network: abroad };

describe('impossible travel', () => {
  it('is a distance that nobody travels in the time, less both radii', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const said = history.refresh('s1', noon + hour, phoneAbroad);
    expect(rulesOf(said)).toEqual(['new_country', 'impossible_travel']);
    expect(said.findings[1]).toMatchObject({
      rule: 'impossible_travel',
      accountId: 'ada',
      sessionId: 's1',
      deviceId: 'phone',
      action: 'step_up',
      mode: 'enforce',
      ruleSet: 'set',
      trigger: { position: '2', stream: 'session-s1', revision: 2, eventId: 'event-2' },
      cites: [{ position: '1', stream: 'session-s1', revision: 1 }],
      evidence: {
        at: '2026-11-02T13:00:00.000Z',
        country: 'BR',
        previousCountry: 'CH',
        previousAt: '2026-11-02T12:00:00.000Z',
        minKm: 500,
        minKmh: 900,
        newDevice: false,
      },
    });
    const { distanceKm, speedKmh } = said.findings[1]?.evidence ?? {};
    expect(distanceKm).toBeGreaterThan(5000);
    expect(speedKmh).toBe(distanceKm);
    expect(actionsOf(said)).toEqual(['step_up s1']);
  });

  it('is a flight that took its time in no case', () => {
    const history = new History();
    history.start('s1', noon, phone);
    expect(rulesOf(history.refresh('s1', noon + 12 * hour, phoneAbroad))).toEqual(['new_country']);
  });

  it('is no border that somebody crossed: both radii may overlap', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const across = { device: 'phone', network: from('DE') };
    expect(rulesOf(history.refresh('s1', noon + minute, across))).toEqual(['new_country']);
  });

  it('takes the place of a city database before the country', () => {
    const place = (lat: number, lon: number) => from('US', { place: { lat, lon, radiusKm: 20 } });
    const history = new History();
    history.start('s1', noon, { device: 'phone', network: place(40.5, -74) });
    const west = { device: 'phone', network: place(37.5, -122.5) };
    expect(rulesOf(history.refresh('s1', noon + hour, west))).toEqual(['impossible_travel']);
    const back = { device: 'phone', network: place(40.5, -74.5) };
    expect(rulesOf(history.refresh('s1', noon + 9 * hour, back))).toEqual([]);
  });

  it.each(['vpn', 'hosting', 'tor'] as const)('never takes a %s network for a place', (kind) => {
    const history = new History();
    history.start('s1', noon, phone);
    expect(
      rulesOf(history.refresh('s1', noon + minute, { device: 'phone', network: from('JP', { kind }) })),
    ).toEqual(['new_network_kind']);
    expect(rulesOf(history.refresh('s1', noon + 2 * minute, phone))).toEqual([]);
  });

  it('knows nothing of a network without a country, and of a country that is in no table', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.refresh('s1', noon + minute, { device: 'phone', network: from(null) });
    expect(rulesOf(history.refresh('s1', noon + 2 * minute, { device: 'phone' }))).toEqual([]);
    const nowhere = { device: 'phone', network: from('NZ') };
    expect(rulesOf(history.refresh('s1', noon + 3 * minute, nowhere))).toEqual(['new_country']);
    expect(countryPlaces.has('NZ')).toBe(false);
  });

  it('is no business of a server that acts for somebody', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const server = { device: 'phone', network: from('BR', { server: true, kind: 'hosting' }) };
    expect(rulesOf(history.refresh('s1', noon + minute, server))).toEqual([]);
  });

  it('blames the device that is known less long, whichever was used last', () => {
    const history = new History();
    history.start('old', noon, phone);
    history.start('new', noon + day, other);
    const said = history.refresh('old', noon + day + hour, phone);
    expect(said.findings.map(({ sessionId }) => sessionId)).toEqual(['new']);
  });

  it('speaks of one session once in a while, not of each of its requests', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.refresh('s1', noon + minute, phoneAbroad);
    expect(rulesOf(history.refresh('s1', noon + 2 * minute, phone))).toEqual([]);
    expect(rulesOf(history.refresh('s1', noon + 3 * minute, phoneAbroad))).toEqual([]);
    expect(rulesOf(history.refresh('s1', noon + 2 * hour, phone))).toEqual(['impossible_travel']);
  });

  it('finds out late too, when the use in between comes late', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.refresh('s1', noon + 4 * hour, phone);
    const said = history.refresh('s1', noon + 2 * hour, phoneAbroad);
    expect(rulesOf(said)).toContain('impossible_travel');
  });

  it('asks nothing where its person was before and said so with a password, on a known device', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.refresh('s1', noon + minute, phoneAbroad);
    history.add('session.step-up-completed', { stream: 'session-s1', at: noon + 2 * minute });
    history.refresh('s1', noon + 3 * hour, phone);
    history.add('session.step-up-completed', { stream: 'session-s1', at: noon + 3 * hour });
    const again = history.refresh('s1', noon + 3 * hour + minute, phoneAbroad);
    expect(again.findings).toEqual([]);
    const later = history.refresh('s1', noon + 6 * hour, phone);
    expect(later.findings.map(({ rule, action }) => [rule, action])).toEqual([['impossible_travel', 'flag']]);
  });
});

describe('a new country', () => {
  it('is any but the first that the account is seen in, once', () => {
    const history = new History();
    expect(rulesOf(history.start('s1', noon, phone))).toEqual([]);
    const said = history.refresh('s1', noon + day, { device: 'phone', network: from('ES') });
    expect(said.findings).toMatchObject([{ rule: 'new_country', evidence: { country: 'ES', usual: 'CH' } }]);
    expect(rulesOf(history.refresh('s1', noon + 2 * day, phone))).toEqual([]);
    expect(rulesOf(history.refresh('s1', noon + 3 * day, { device: 'phone', network: from('ES') }))).toEqual(
      [],
    );
  });

  it('is the one that turns out not to be the first, when an earlier use comes late', () => {
    const history = new History();
    history.start('s2', noon + day, other);
    const said = history.start('s1', noon, phone);
    expect(said.findings).toMatchObject([
      { rule: 'new_country', sessionId: 's2', evidence: { country: 'BR', usual: 'CH' } },
    ]);
  });

  it('stays quiet when the rule is off, and decides nothing in observe', () => {
    const off = new History(contextOf(rulesWith({ new_country: { mode: 'off' } })));
    off.start('s1', noon, phone);
    expect(rulesOf(off.refresh('s1', noon + day, { device: 'phone', network: from('ES') }))).toEqual([]);
    const watching = new History(contextOf(rulesWith({ new_country: { mode: 'observe' } })));
    watching.start('s1', noon, phone);
    const said = watching.refresh('s1', noon + day, { device: 'phone', network: from('ES') });
    expect(said.findings).toMatchObject([{ rule: 'new_country', mode: 'observe' }]);
    expect(said.decisions).toMatchObject([{ mode: 'observe', action: 'step_up' }]);
    expect(watching.state.open).toEqual([]);
  });
});

describe('a new kind of network', () => {
  it('is the first that hides its person, after others that do not', () => {
    const history = new History();
    history.start('s1', noon, phone);
    history.refresh('s1', noon + minute, { device: 'phone', network: from('CH', { kind: 'mobile' }) });
    const tor = { device: 'phone', network: from('CH', { kind: 'tor' }) };
    const said = history.refresh('s1', noon + 2 * minute, tor);
    expect(said.findings).toMatchObject([
      { rule: 'new_network_kind', evidence: { kind: 'tor', usual: 'residential mobile' } },
    ]);
    expect(rulesOf(history.refresh('s1', noon + 3 * minute, tor))).toEqual([]);
  });

  it('is none where kinds are unknown, and none for who always hides', () => {
    const unknown = new History();
    unknown.start('s1', noon, { device: 'phone', network: from('CH', { kind: 'unknown' }) });
    const vpn = { device: 'phone', network: from('CH', { kind: 'vpn' }) };
    expect(rulesOf(unknown.refresh('s1', noon + minute, vpn))).toEqual([]);
    const always = new History();
    always.start('s1', noon, vpn);
    expect(rulesOf(always.refresh('s1', noon + minute, vpn))).toEqual([]);
  });
});

describe('use in two countries at once', () => {
  const apart = {
    rules: rulesWith({ impossible_travel: { mode: 'off' }, new_country: { mode: 'off' } }).rules,
  };

  it('is two devices far apart within a quarter of an hour', () => {
    const history = new History(contextOf(apart));
    history.start('s1', noon, phone);
    const said = history.start('s2', noon + 14 * minute, { device: 'tablet', network: from('ES') });
    expect(said.findings).toMatchObject([
      {
        rule: 'concurrent_countries',
        sessionId: 's2',
        evidence: { country: 'ES', previousCountry: 'CH', gapSeconds: 840, windowSeconds: 900 },
      },
    ]);
  });

  it.each([
    ['one device', 14 * minute, { device: 'phone', network: from('ES') }],
    ['neighbours', 14 * minute, { device: 'tablet', network: from('DE') }],
    ['a little later', 16 * minute, { device: 'tablet', network: from('ES') }],
  ])('is not %s', (_, afterMs, use) => {
    const history = new History(contextOf(apart));
    history.start('s1', noon, phone);
    expect(rulesOf(history.start('s2', noon + afterMs, use))).toEqual([]);
  });
});
