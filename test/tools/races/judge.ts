// What must hold after a race: nothing that was decided before the revocation is alive after it.
import { streams } from '@sallyport/core-session';
import { ReadAccount, UnlockAccount } from '@sallyport/feature-ledger';
import { keep, ordered, retried } from './person.js';
import type { Answer, Code, Held } from './person.js';
import type { Raced, Ring } from './race.js';
import type { Sent } from './acts.js';
import type { Trace } from './racing-store.js';

const maxTokensTried = 2;

/** Violations in words; empty when all held. */
export async function judge(raced: Raced, ring: Ring): Promise<string[]> {
  const problems = [...inFlightProblems(raced, ring), ...signInProblems(raced)];
  problems.push(...(await deadProblems(raced, ring)), ...(await aliveProblems(raced, ring)));
  const { name } = raced.revoked;
  if (name === 'lock') problems.push(...(await unlockProblems(raced, ring)));
  if (name === 'password') problems.push(...(await oldPasswordProblems(raced, ring)));
  if (name === 'erasure') problems.push(...(await erasureProblems(raced, ring)));
  return problems;
}

/** Whether the revocation ends the session: decided by marker, as the ledger tells. */
function isEnded(
  { revoked, pairing, scene }: Raced,
  held: { sessionId: string; markerAccount: number },
): boolean {
  if (revoked.revision === undefined) {
    const target = pairing.act === 'exchange' ? scene.code.sessionId : scene.held.sessionId;
    return held.sessionId === target;
  }
  return held.sessionId !== revoked.except && held.markerAccount < revoked.revision;
}

/** Answers given while the revocation was on its way. */
function inFlightProblems(raced: Raced, ring: Ring): string[] {
  const { acted, revocation } = raced;
  const began = revocation.steps[0]?.began ?? 0;
  const problems = acted.sent.flatMap((sent) => {
    if (sent.answer.kind === 'tokens') return isEnded(raced, sent.held) ? releaseProblems(raced, sent) : [];
    const wasAlone = (sent.trace.steps.at(-1)?.ended ?? 0) < began;
    if (!wasAlone || sent.answer.kind === 'busy' || sent.answer.reason === 'stale_token') return [];
    return [`an honest ${sent.what} was refused before the revocation: ${sent.answer.error}`];
  });
  return [...problems, ...successorProblems(acted.sent, ring)];
}

/** A token was released: on an append before the revocation's, or on heads read before it was done. */
function releaseProblems({ revoked, revocation }: Raced, { what, answer, trace }: Sent): string[] {
  const position = answer.kind === 'tokens' ? answer.position : undefined;
  if (position !== undefined && Number(position) > revoked.position) {
    return [`a ${what} appended after the revocation was released`];
  }
  const last = trace.steps.findLast(({ kind }) => kind !== 'read');
  const isRead = last?.kind === 'heads' && last.began > doneAt(revocation);
  return isRead ? [`a ${what} was released on heads that had seen the revocation`] : [];
}

/** When the revocation's append was certainly in the store. */
function doneAt({ steps }: Trace): number {
  return steps.findLast(({ kind, outcome }) => kind === 'append' && outcome === undefined)?.ended ?? Infinity;
}

/** Every generation of a session has one successor. */
export function successorProblems(sent: readonly Pick<Sent, 'answer' | 'held'>[], { by }: Ring): string[] {
  const generations = new Map<string, Set<string>>();
  for (const { answer, held } of sent) {
    for (const token of refreshTokenOf(answer)) {
      const generation = `${held.sessionId}/${by.generationOf(token)}`;
      generations.set(generation, (generations.get(generation) ?? new Set()).add(token));
    }
  }
  const forks = [...generations].filter(([, tokens]) => tokens.size > 1);
  return forks.map(([generation, { size }]) => `generation ${generation} was made ${size} times`);
}

function signInProblems({ acted, revoked, revocation, scene }: Raced): string[] {
  const { signIn } = acted;
  if (signIn === undefined) return [];
  const began = revocation.steps[0]?.began ?? 0;
  const isRight = signIn.password === scene.person.password;
  if (signIn.kind !== 'authenticated') {
    const wasAlone = (signIn.trace.steps.at(-1)?.ended ?? 0) < began;
    return wasAlone && isRight ? [`an honest sign-in was answered ${signIn.kind} before the revocation`] : [];
  }
  const { revision } = revoked;
  if (revision === undefined || signIn.marker === undefined) return [];
  if (signIn.marker < revision) return isRight ? [] : ['a password was good before it was set'];
  const account = streams.account(scene.person.accountId);
  const read = signIn.trace.steps.find(
    ({ kind, streams: [stream] }) => kind === 'read' && stream === account,
  );
  const appended = revocation.steps.find(({ kind }) => kind === 'append')?.began ?? 0;
  return [
    // A read that the append overlaps may have seen it.
    ...((read?.ended ?? 0) < appended
      ? ['a sign-in was decided before the revocation and marked after it']
      : []),
    ...(revoked.name === 'lock' || revoked.name === 'erasure'
      ? [`a sign-in passed after ${revoked.name}`]
      : []),
    ...(revoked.name === 'password' && isRight ? ['the old password signed in after the change'] : []),
  ];
}

/** Requests that start after the revocation was answered: none of an ended session gets anything. */
async function deadProblems(raced: Raced, ring: Ring): Promise<string[]> {
  const problems: string[] = [];
  for (const held of sessionsOf(raced)) {
    if (isEnded(raced, held)) problems.push(...(await livingPartsOf(held, raced, ring)));
  }
  for (const code of [raced.scene.code, raced.scene.unusedCode, ...raced.acted.codes]) {
    const { sessionId, authentication } = code;
    const isDead = isEnded(raced, { sessionId, markerAccount: authentication.marker.account });
    if (isDead && (await exchanged(code, ring)))
      problems.push('a code from before the revocation was exchanged');
  }
  return problems;
}

/** What of an ended session still works, at each process. */
async function livingPartsOf(held: Held, { acted, revoked }: Raced, { by }: Ring): Promise<string[]> {
  const problems: string[] = [];
  const answers = acted.sent
    .filter((sent) => sent.held.sessionId === held.sessionId)
    .map(({ answer }) => answer);
  for (const token of latest([...held.refreshTokens, ...answers.flatMap(refreshTokenOf)])) {
    const answer = await by.refresh(held, token);
    if (answer.kind === 'tokens') problems.push(`a refresh was granted after ${revoked.name}`);
    else if (answer.kind === 'busy' || answer.error !== 'invalid_grant')
      problems.push(`refused as ${nameOf(answer)}`);
    else if (held.key !== undefined && answer.reason === undefined) problems.push('refused without a reason');
  }
  const accessTokens = latest([...held.accessTokens, ...answers.flatMap(accessTokenOf)]);
  for (const service of by.services) {
    for (const token of accessTokens) {
      if (await by.letsIn(service, held, token))
        problems.push(`an access token was good after ${revoked.name}`);
    }
    if ((await by.standing(service, held.sessionId))?.status === 'active')
      problems.push('standing is active');
  }
  return problems;
}

/** Sessions the revocation does not reach go on. */
async function aliveProblems(raced: Raced, { by }: Ring): Promise<string[]> {
  const problems: string[] = [];
  const { name } = raced.revoked;
  for (const held of sessionsOf(raced)) {
    // A bearer session whose last answer is not known to its app may be over: that is the price of bearer.
    const isBusy = raced.acted.sent.some((sent) => sent.held === held && sent.answer.kind === 'busy');
    const inDoubt = held.key === undefined && isBusy;
    if (isEnded(raced, held) || inDoubt || held.refreshTokens.length === 0) continue;
    const answer = await by.refresh(held, held.refreshTokens.at(-1) as string);
    if (!keep(held, answer))
      problems.push(`a session out of reach of ${name} was refused: ${nameOf(answer)}`);
  }
  return problems;
}

async function unlockProblems(raced: Raced, ring: Ring): Promise<string[]> {
  const { person } = raced.scene;
  const locked = await ring.by.signIn(person);
  const unlock = new UnlockAccount({ accountId: person.accountId, reason: 'race' }, ordered);
  await retried(() => ring.by.any.commands.execute(unlock));
  const revived = await deadProblems(raced, ring);
  const again = await ring.by.session(await ring.by.authenticate(person), true);
  const answer = await ring.by.refresh(again, again.refreshTokens[0] as string);
  return [
    ...(locked.kind === 'locked' ? [] : [`a sign-in to a locked account was answered ${locked.kind}`]),
    ...revived.map((problem) => `after unlocking, ${problem}`),
    ...(answer.kind === 'tokens' ? [] : ['a session made after unlocking was refused']),
  ];
}

async function oldPasswordProblems({ scene, revoked }: Raced, { by }: Ring): Promise<string[]> {
  const old = await by.signIn(scene.person);
  const changed = await by.signIn(scene.person, revoked.newPassword);
  return [
    ...(old.kind === 'refused' ? [] : [`the old password was answered ${old.kind}`]),
    ...(changed.kind === 'authenticated' ? [] : [`the new password was answered ${changed.kind}`]),
  ];
}

/** The personal key is gone, and the name means nobody. */
async function erasureProblems({ scene }: Raced, { by }: Ring): Promise<string[]> {
  const { accountId } = scene.person;
  const problems: string[] = [];
  for (const service of by.services) {
    const key = await service.personalKey(accountId);
    if (key !== undefined) problems.push('the personal key is still in the vault');
    const read = await service.queries.execute(new ReadAccount({ id: accountId }));
    if (read?.account.status !== 'erased') problems.push(`the account reads as ${read?.account.status}`);
    if (read?.email !== undefined) problems.push('the e-mail address can still be read');
  }
  const again = await by.signIn(scene.person);
  if (again.kind !== 'refused') problems.push(`a sign-in to an erased account was answered ${again.kind}`);
  return problems;
}

function sessionsOf({ scene, acted }: Raced): Held[] {
  return [...new Set([scene.held, scene.spared, ...acted.sent.map(({ held }) => held)])];
}

async function exchanged(code: Code, { by }: Ring): Promise<boolean> {
  return (await by.exchange(code)).kind === 'tokens';
}

function latest(tokens: readonly string[]): string[] {
  return [...new Set(tokens)].slice(-maxTokensTried);
}

function refreshTokenOf(answer: Answer): string[] {
  return answer.kind === 'tokens' && answer.refreshToken !== undefined ? [answer.refreshToken] : [];
}

function accessTokenOf(answer: Answer): string[] {
  return answer.kind === 'tokens' ? [answer.accessToken] : [];
}

function nameOf(answer: Answer): string {
  return answer.kind === 'failure' ? `${answer.error} ${answer.reason ?? ''}` : answer.kind;
}
