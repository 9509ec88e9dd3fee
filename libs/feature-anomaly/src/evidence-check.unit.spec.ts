// What of the evidence is compared with the store before anything is done on it.
import type { Finding } from '@sallyport/core-anomaly';
import { digestOf } from './digests.js';
import { isInStore } from './evidence-check.js';
import type { OutboxItem } from './rule-rows.js';
import { minute, noon, Street, Watched } from './spec-examples.js';

type Said = Extract<OutboxItem, { kind: 'said' }>;

/** Ada at home, then far away: a finding that cites the use at home. */
async function travelled(): Promise<{ readonly street: Street; readonly said: Said }> {
  const street = new Street();
  const watched = new Watched(street);
  await street.append('keys', 'keys.created', { accountId: '*', data: {} });
  await watched.run();
  await street.start('ada-s1', noon);
  await street.refresh('ada-s1', noon + minute, { country: 'BR' });
  await watched.run();
  const said = watched.outbox.find((item) => item.kind === 'said' && item.findings.some(citesSome));
  if (said?.kind !== 'said') throw new Error('nothing was found');
  return { street, said };
}

function citesSome({ cites }: Finding): boolean {
  return cites.length > 0;
}

/** The same with what was read at the cited places. */
function reading(said: Said, digest: string): Said {
  const findings = said.findings.map((one) => {
    return { ...one, cites: one.cites.map((cite) => ({ ...cite, digest })) };
  });
  return { ...said, findings };
}

describe('evidence', () => {
  it('holds when the store has the trigger and each cited event as they were read', async () => {
    const { street, said } = await travelled();
    expect(await isInStore(street.store, said)).toBe(true);
    const [home] = await street.store.read('session-ada-s1', 0, 1);
    if (home === undefined) throw new Error('nobody was at home');
    expect(await isInStore(street.store, reading(said, digestOf(home)))).toBe(true);
  });

  it('does not hold when a cited event was read otherwise, though one stands at its place', async () => {
    const { street, said } = await travelled();
    expect(await isInStore(street.store, reading(said, 'of something else'))).toBe(false);
  });

  it('does not hold when the trigger was read otherwise', async () => {
    const { street, said } = await travelled();
    const trigger = { ...said.trigger, digest: 'of something else' };
    expect(await isInStore(street.store, { ...said, trigger })).toBe(false);
  });
});
