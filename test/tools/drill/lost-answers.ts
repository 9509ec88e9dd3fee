// Scenarios of honest phones on bad networks: nobody is signed out for what got lost, doubled or delayed.
import { AnswerLost, type App } from '../client/index.js';
import { idsOf, type Scenario, type Stage } from './stage.js';

const daySeconds = 86_400;

async function loseAnswer(stage: Stage, app: App): Promise<void> {
  app.network.loseAnswers();
  const error = await stage.rejects('the answer to a refresh gets lost', app.refresh());
  if (error !== undefined && !(error instanceof AnswerLost)) throw error;
}

const lostAnswer: Scenario = {
  name: 'lost-answer',
  title: 'a lost answer signs nobody out: the same key gets the same successor again',
  async play(stage) {
    const app = await stage.phone(await stage.person());
    await app.refresh();
    const sent = app.tokens.refreshToken;
    await loseAnswer(stage, app);
    stage.check('the app keeps the token it sent', app.tokens.refreshToken === sent);
    const again = await app.refresh();
    const lost = app.network.lost[0]?.body;
    stage.check(
      'the retry gets the very token that was lost',
      again.refreshToken === lost?.['refresh_token'],
    );
    stage.check('and an access token of its own', again.accessToken !== lost?.['access_token']);
    await app.refresh();
    stage.check('refreshing goes on', app.tokens.refreshToken !== again.refreshToken);
    const { sid } = idsOf(app.tokens);
    await stage.sessionTells(sid, [
      'started',
      'refresh-rotated',
      'refresh-rotated',
      'rotation-retried',
      'refresh-rotated',
    ]);
  },
};

const lostAnswerDays: Scenario = {
  name: 'lost-answer-days',
  title: 'a lost answer is given again days later, until the session expires',
  needsClock: true,
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    await loseAnswer(stage, app);
    await stage.target.operator.advanceClock(9 * daySeconds);
    await loseAnswer(stage, app);
    await stage.target.operator.advanceClock(9 * daySeconds);
    const again = await app.refresh();
    const lost = app.network.lost.map((answer) => answer.body['refresh_token']);
    stage.check(
      '18 days later it is still the same token',
      lost.length === 2 && new Set([...lost, again.refreshToken]).size === 1,
    );
    await app.refresh();
    await stage.target.operator.advanceClock(31 * daySeconds);
    await stage.signsOut('a session not refreshed for 31 days has expired', app.refresh(), 'expired');
    await stage.sessionTells(sid, [
      'started',
      'refresh-rotated',
      'rotation-retried',
      'rotation-retried',
      'refresh-rotated',
    ]);
  },
};

const refreshForDays: Scenario = {
  name: 'refresh-for-days',
  title: 'a phone on a bad network refreshes for weeks and stays signed in',
  needsClock: true,
  async play(stage) {
    const app = await stage.phone(await stage.person());
    const { sid } = idsOf(app.tokens);
    for (let round = 0; round < 30; round += 1) {
      await stage.target.operator.advanceClock(daySeconds / 2);
      if (round % 3 === 0) app.network.loseAnswers(1 + (round % 2));
      while (!(await refreshed(app))) await stage.target.operator.advanceClock(600);
    }
    stage.check(
      '15 days, 30 refreshes, 15 lost answers: still the same session',
      idsOf(app.tokens).sid === sid,
    );
    stage.check(
      'all answers meant to be lost were lost',
      app.network.lost.length === 15,
      app.network.lost.length,
    );
    const events = await stage.target.ledger.history(`session-${sid}`);
    const count = (name: string): number => events.filter((event) => event === name).length;
    const told = {
      rotated: count('refresh-rotated'),
      retried: count('rotation-retried'),
      all: events.length,
    };
    const holds = told.rotated === 30 && told.retried === 15 && told.all === 46;
    stage.check('the ledger tells one rotation per refresh and one retry per lost answer', holds, told);
  },
};

/** False when the answer got lost. */
async function refreshed(app: App): Promise<boolean> {
  try {
    await app.refresh();
    return true;
  } catch (error) {
    if (error instanceof AnswerLost) return false;
    throw error;
  }
}

const parallelRefresh: Scenario = {
  name: 'parallel-refresh',
  title:
    'refreshes in parallel by one key get one successor; of a bearer token exactly one succeeds and ends it',
  async play(stage) {
    const person = await stage.person();
    const app = await stage.phone(person);
    const { refreshToken } = app.tokens;
    const stranger = stage.stranger(app);
    const how = { key: app.options.key, attempt: app.tokens.attempt };
    await stranger.freshNonce();
    const answers = await Promise.all(Array.from({ length: 8 }, () => stranger.refresh(refreshToken, how)));
    const tokens = answers.map(({ body }) => body['refresh_token']);
    stage.check(
      'all 8 are answered with one and the same token',
      new Set(tokens).size === 1 && tokens[0] !== undefined,
      answers.map(({ status }) => status),
    );
    await Promise.all(Array.from({ length: 4 }, () => app.refresh()));
    stage.check(
      '4 refreshes of one app in parallel leave it signed in',
      app.tokens.refreshToken !== refreshToken,
    );
    await app.refresh();
    const history = await stage.target.ledger.history(`session-${idsOf(app.tokens).sid}`);
    stage.check(
      'the ledger tells of no misuse',
      history.every((name) => /^(started|refresh-rotated|rotation-retried)$/.test(name)),
      history,
    );
    await parallelBearer(stage, await stage.bearerApp(person));
  },
};

async function parallelBearer(stage: Stage, app: App): Promise<void> {
  const { refreshToken } = app.tokens;
  const stranger = stage.stranger(app);
  const answers = await Promise.all(Array.from({ length: 8 }, () => stranger.refresh(refreshToken)));
  const won = answers.filter(({ status }) => status === 200);
  stage.check(
    'bearer: exactly one of 8 succeeds',
    won.length === 1,
    answers.map(({ status }) => status),
  );
  const successor = await stranger.refresh(String(won[0]?.body['refresh_token']));
  stage.check(
    'bearer: and the family has ended',
    successor.body['error'] === 'invalid_grant',
    successor.body,
  );
  await stage.sessionTells(idsOf(app.tokens).sid, [
    'started',
    'refresh-rotated',
    'reuse-detected(superseded)',
    'flagged*',
  ]);
}

export const lostAnswers: readonly Scenario[] = [lostAnswer, lostAnswerDays, refreshForDays, parallelRefresh];
