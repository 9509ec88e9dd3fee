// Scenarios of places: people who travel, thieves who say that they do, and accounts used in two places.
import type { App } from '../client/index.js';
import { addresses, decisionsOn, holdsOf, judged, rulesThatFired, underRules } from './judgement.js';
import { idsOf, type Account, type Scenario, type Stage } from './stage.js';

const { zurich, basel, brussels, singapore } = addresses;
const hourSeconds = 3600;
const daySeconds = 24 * hourSeconds;
const flightSeconds = 14 * hourSeconds;

const traveller: Scenario = {
  name: 'traveller-without-notice',
  title: 'who travels without a word stays signed in, and shows by signing in once that it is them',
  needsClock: true,
  needsPlaces: true,
  async play(stage) {
    const person = await stage.person(zurich);
    const app = await stage.phone(person);
    const { sid } = idsOf(app.tokens);
    await fly(stage, app, singapore);
    await app.refresh();
    await judged(stage);
    stage.check('the phone goes on in the same session', idsOf(app.tokens).sid === sid);
    await fires(stage, person, ['new_country']);
    await holds(stage, app, ['session']);
    await app.signIn({ ...person, address: singapore });
    await judged(stage);
    await holds(stage, app, []);
    await app.refresh();
    await judged(stage);
    await decides(stage, person, ['step_up sent']);
    const told = ['opened', 'device-linked', 'sensitive-actions-held', 'hold-released(step_up)'];
    await stage.streamTells(`account-${person.accountId}`, told);
  },
};

const strict = 'version: 1\nrules:\n  new_country: { action: reauthenticate }\n';

const announced: Scenario = {
  name: 'traveller-with-notice',
  title: 'a notice softens what comes of a journey to step-up, for devices that were known when it was filed',
  needsClock: true,
  needsPlaces: true,
  needsOwn: true,
  play: (stage) =>
    underRules(stage, strict, async () => {
      const [told, silent] = [await stage.person(zurich), await stage.person(zurich)];
      const [tablet, phone] = [await stage.phone(told), await stage.phone(told)];
      const other = await stage.phone(silent);
      await stage.target.operator.advanceClock(4 * daySeconds);
      await phone.signIn(told);
      await filesNotice(stage, phone);
      await fly(stage, tablet, singapore);
      other.network.address = singapore;
      await Promise.all([tablet.refresh(), other.refresh()]);
      await judged(stage);
      await tablet.refresh();
      stage.check('with a notice: the session goes on', tablet.store.read() !== undefined);
      await holds(stage, tablet, ['session']);
      await decides(stage, told, ['step_up sent']);
      const reason = 'reauthentication_required';
      await stage.signsOut('without: these rules end it', other.refresh(), reason);
      await decides(stage, silent, ['reauthenticate sent']);
    }),
};

const thiefAnnounced: Scenario = {
  name: 'thief-files-notice-first',
  title: 'a notice that a thief filed excuses neither the session it came from nor the devices of thieves',
  needsClock: true,
  needsPlaces: true,
  async play(stage) {
    const person = await stage.person(zurich);
    const owner = await stage.phone(person);
    await stage.target.operator.advanceClock(4 * daySeconds);
    await owner.refresh();
    // With the password, and from a country that surprises nobody.
    const first = await stage.phone({ ...person, address: basel });
    await filesNotice(stage, first);
    await judged(stage);
    await fires(stage, person, []);
    await stage.phone({ ...person, address: singapore });
    await judged(stage);
    await fires(stage, person, ['concurrent_countries', 'impossible_travel', 'new_country']);
    await decides(stage, person, ['hold sent']);
    await owner.refresh();
    await holds(stage, owner, ['account']);
    await owner.signIn(person);
    await holds(stage, owner, ['account']);
    const findings = await stage.target.operator.findings(person.accountId);
    const softened = findings.filter(({ evidence }) => Object.hasOwn(evidence as object, 'softened'));
    stage.check('nothing was softened', softened.length === 0, softened);
    await stage.target.operator.release(person.accountId);
    await owner.refresh();
    await holds(stage, owner, []);
  },
};

const twoPlaces: Scenario = {
  name: 'concurrent-countries',
  title: 'an account used in two countries at once is asked who it is, on the device that is known less long',
  needsClock: true,
  needsPlaces: true,
  async play(stage) {
    const person = await stage.person(zurich);
    const phone = await stage.phone(person);
    await stage.target.operator.advanceClock(10);
    const tablet = await stage.phone(person);
    await stage.target.operator.advanceClock(4 * daySeconds);
    await phone.refresh();
    await stage.target.operator.advanceClock(300);
    tablet.network.address = brussels;
    await tablet.refresh();
    await judged(stage);
    await fires(stage, person, ['concurrent_countries', 'new_country']);
    await phone.refresh();
    await holds(stage, tablet, ['session']);
    await holds(stage, phone, []);
    await tablet.refresh();
    stage.check('both stay signed in', idsOf(phone.tokens).sub === idsOf(tablet.tokens).sub);
  },
};

async function fly(stage: Stage, app: App, address: string): Promise<void> {
  await stage.target.operator.advanceClock(flightSeconds);
  app.network.address = address;
}

/** For the next weeks, from the app's session. */
async function filesNotice(stage: Stage, app: App): Promise<void> {
  const events = await stage.target.ledger.events(`session-${idsOf(app.tokens).sid}`);
  const now = Date.parse(events.at(-1)?.recordedAt ?? '');
  const until = new Date(now + 21 * daySeconds * 1000).toISOString();
  const { status, body } = await app.call('POST', '/v1/travel-notices', { until, countries: ['SG'] });
  stage.check('the notice is taken', status === 201, body);
}

async function fires(stage: Stage, person: Account, rules: readonly string[]): Promise<void> {
  const seen = await rulesThatFired(stage, person);
  stage.check(`the rules find: ${rules.join(', ') || 'nothing'}`, String(seen) === String(rules), seen);
}

async function decides(stage: Stage, person: Account, decisions: readonly string[]): Promise<void> {
  const seen = await decisionsOn(stage, person);
  stage.check(`and decide: ${decisions.join(', ')}`, String(seen) === String(decisions), seen);
}

async function holds(stage: Stage, app: App, scopes: readonly string[]): Promise<void> {
  const seen = await holdsOf(stage, app);
  const what = scopes.length === 0 ? 'nothing is held' : `sensitive actions are held: ${scopes.join(', ')}`;
  stage.check(what, String(seen) === String(scopes), seen);
}

export const journeys: readonly Scenario[] = [traveller, announced, thiefAnnounced, twoPlaces];
