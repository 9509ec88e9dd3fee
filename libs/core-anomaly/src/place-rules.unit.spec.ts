// Rules on where an account is used from: when each fires, when it does not, and what is unknown to it.
import { actionsOf, from, History, hour, noon, rulesOf } from './spec-examples.js';

const home = from('CH');
const abroad = from('BR');
const phone = { device: 'phone', network: home };

describe('impossible travel', () => {
  it('is a distance that nobody travels in the time, less both radii', () => {
    const history = new History();
    history.start('s1', noon, phone);
    const said = history.refresh('s1', noon + hour, { device: 'phone', network: abroad });
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
});
