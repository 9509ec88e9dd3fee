// Scenarios of evidence: failures by the dozen, evidence that somebody made up, and too much of it at once.
import { SignInRefused, type App } from '../client/index.js';
import { addresses, decisionsOn, holdsOf, judged, metricOf, rulesThatFired } from './judgement.js';
import { underRules, until } from './judgement.js';
import { idsOf, type Account, type Scenario, type Stage } from './stage.js';

const { zurich, singapore } = addresses;
const stuffer = '130.60.7.7';
const [names, triesEach] = [11, 3];

const stuffing: Scenario = {
  name: 'credential-stuffing',
  title: 'who tries passwords by the dozen is asked who they are, and known devices notice nothing',
  needsClock: true,
  needsPlaces: true,
  async play(stage) {
    const people = await Promise.all([1, 2, 3].map(() => stage.person(zurich)));
    const phones = await Promise.all(people.map((person) => stage.phone(person)));
    await stage.target.operator.advanceClock(3600);
    await tryPasswords(stage, people);
    const [found, ...others] = people as [Account, ...Account[]];
    const thief = await stage.phone({ ...found, address: stuffer });
    await stage.target.operator.advanceClock(61);
    // Failures are counted for a minute and recorded by a sweep that comes every five seconds.
    await untilFound(stage, found);
    const fired = await rulesThatFired(stage, found);
    stage.check('the sign-in that followed is found', fired.includes('failures_address'), fired);
    const held = await holdsOf(stage, thief);
    stage.check('its sensitive actions are held', String(held) === 'session', held);
    for (const [index, phone] of phones.entries()) {
      const { sid } = idsOf(phone.tokens);
      await phone.refresh();
      const own = await holdsOf(stage, phone);
      stage.check(
        `known device ${index + 1} goes on with nothing held`,
        own.length === 0 && idsOf(phone.tokens).sid === sid,
        own,
      );
    }
    const [third] = others.slice(-1) as [Account];
    await (phones.at(-1) as App).signIn(third);
    await judged(stage);
    stage.check('and can sign in anew', (await decisionsOn(stage, third)).length === 0);
  },
};

/** Wrong passwords, for the people and for names that nobody has. */
async function tryPasswords(stage: Stage, people: readonly Account[]): Promise<void> {
  const wanted = Array.from({ length: names }, (_, n) => people[n]?.username ?? `nobody-${n}@example.org`);
  let refused = 0;
  for (const username of wanted) {
    const app = await stage.newPhone();
    const guess = { username, password: 'correct horse battery', address: stuffer };
    for (let tries = 0; tries < triesEach; tries += 1) {
      await app.obtainCode(guess).catch((error: unknown) => {
        if (!(error instanceof SignInRefused)) throw error;
        refused += 1;
      });
    }
  }
  stage.check('every wrong password is refused', refused === names * triesEach, refused);
}

async function untilFound(stage: Stage, person: Account): Promise<void> {
  await until(async () => (await rulesThatFired(stage, person)).length > 0);
  await judged(stage);
}

const alarms = 'sallyport_evidence_alarms_total';
/** Where one process judges, and where a bus brings events. */
const faultsHere = 'sallyport_rule_faults_total';
const lettersThere = 'sallyport_dead_letters_total{consumer="rules",reason="beyond_head"}';

const forged: Scenario = {
  name: 'forged-evidence',
  title: 'who can write to the bus locks nobody: evidence counts as the store has it',
  needsPlaces: true,
  needsBus: true,
  async play(stage) {
    const { target } = stage;
    const { ledger } = target;
    const person = await stage.person(zurich);
    let other = await stage.person(zurich);
    while (!(await stage.target.apart(person.accountId, other.accountId))) other = await stage.person(zurich);
    const faults = stage.target.hasReplicas ? lettersThere : faultsHere;
    const app = await stage.phone(person);
    await stage.phone(other);
    await judged(stage);
    const before = await metricOf(stage, alarms);
    const [real] = (await ledger.events(`session-${idsOf(app.tokens).sid}`)).slice(-1);
    const [place] = (await ledger.events(`login-${other.accountId}`)).slice(-1);
    if (real === undefined || place === undefined) throw new Error('nothing to forge from');
    const data = { ...real.data, cause: 'forked', presented: 1, count: 1 };
    const reuse = { ...real, type: 'session.reuse-detected', data, position: place.position };
    await target.writeToBus(reuse);
    await judged(stage);
    await until(async () => (await metricOf(stage, alarms)) > before);
    stage.check('it is an alarm', (await metricOf(stage, alarms)) === before + 1);
    const faultsBefore = await metricOf(stage, faults);
    await target.writeToBus({ ...reuse, position: '9000000000000000' });
    await until(async () => (await metricOf(stage, faults)) > faultsBefore);
    stage.check('one beyond all events moves nothing', (await metricOf(stage, faults)) === faultsBefore + 1);
    await judged(stage);
    stage.check('nothing is found or decided', (await rulesThatFired(stage, person)).length === 0);
    await app.refresh();
    stage.check('nothing is held', (await holdsOf(stage, app)).length === 0);
    // The rules were made anew from the store; together with the forged finding this would be a lock.
    app.network.address = singapore;
    await app.refresh();
    await judged(stage);
    const decisions = await decisionsOn(stage, person);
    stage.check('true evidence is judged as ever', String(decisions) === 'step_up sent', decisions);
    await app.refresh();
    stage.check('and the account is open', app.store.read() !== undefined);
  },
};

const brakes = 'sallyport_enforcement_brake_alarms_total';
const paused = 'sallyport_enforcement_paused';
const few = 'version: 1\nlocksPerMinute: 3\nrules:\n  new_country: { action: reauthenticate }\n';

const massLockout: Scenario = {
  name: 'mass-lockout',
  title: 'rules that sign everybody out are stopped: enforcement pauses, with an alarm',
  needsClock: true,
  needsPlaces: true,
  needsOwn: true,
  play: (stage) =>
    underRules(stage, few, async () => {
      const people: Account[] = [];
      const phones: App[] = [];
      for (let n = 0; n < 6; n += 1) {
        const person = await stage.person(zurich);
        people.push(person);
        phones.push(await stage.phone(person));
      }
      // What else was ended within the last minute does not count here.
      await stage.target.operator.advanceClock(120);
      const before = await metricOf(stage, brakes);
      const last = phones.pop() as App;
      await travelAll(stage, phones);
      const ended = await howManyEnded(phones);
      stage.check('as many as the rules allow are signed out, and no more', ended === 3, ended);
      const alarms = (await metricOf(stage, brakes)) - before;
      // Each process that judges says whether it is paused.
      await until(async () => (await metricOf(stage, paused)) > 0);
      const says = await metricOf(stage, paused);
      stage.check('an alarm says so', alarms === 1 && says > 0, [alarms, says]);
      const all = (await Promise.all(people.map((person) => decisionsOn(stage, person)))).flat();
      const braked = all.filter((one) => one === 'reauthenticate braked').length;
      stage.check('what was not carried out is recorded', braked === 2, all);
      await stage.target.operator.resumeEnforcement();
      await travelAll(stage, [last]);
      const reason = 'reauthentication_required';
      await stage.signsOut('resumed: the next one is signed out', last.refresh(), reason);
      await until(async () => (await metricOf(stage, paused)) === 0);
      stage.check('the alarm is over', (await metricOf(stage, paused)) === 0);
      const stillThere = phones.filter((phone) => phone.store.read() !== undefined);
      for (const phone of stillThere) await phone.refresh();
      stage.check('those that were spared stay so', stillThere.length === 2, stillThere.length);
    }),
};

/** Refreshes far away, one after the other. */
async function travelAll(stage: Stage, phones: readonly App[]): Promise<void> {
  for (const phone of phones) {
    phone.network.address = singapore;
    await phone.refresh();
  }
  await judged(stage);
}

async function howManyEnded(phones: readonly App[]): Promise<number> {
  const ends = await Promise.all(
    phones.map((phone) =>
      phone.refresh().then(
        () => 0,
        () => 1,
      ),
    ),
  );
  return ends.reduce((sum: number, end) => sum + end, 0);
}

export const evidence: readonly Scenario[] = [stuffing, forged, massLockout];
