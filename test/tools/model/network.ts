// Steps of the network and of time: requests and answers that are late, lost or doubled; restarts, new keys.
import { LocalService } from './local-service.js';
import { pick, takeFrom } from './world.js';
import type { World } from './world.js';

const sleepsMs = [1_000, 61_000, 3_700_000, 86_400_000, 12 * 86_400_000];

export async function refresh(world: World, who: number): Promise<void> {
  const request = pick(world.phones, who)?.request();
  if (request !== undefined) world.wire.push(request);
}

export async function deliver(world: World, who: number): Promise<void> {
  const request = takeFrom(world.wire, who);
  if (request !== undefined) world.answers.push(await world.send(request));
}

/** A phone refreshes on a good network, and again where it is told to. */
export async function roundTrip(world: World, who: number): Promise<void> {
  const phone = pick(world.phones, who);
  for (let tries = 0; tries < 3; tries += 1) {
    const request = phone?.request();
    if (request === undefined || phone === undefined) return;
    const answer = await world.send(request);
    world.receive(answer);
    if (answer.answer.kind === 'tokens') return;
  }
}

export async function receive(world: World, who: number): Promise<void> {
  const answer = takeFrom(world.answers, who);
  if (answer !== undefined) world.receive(answer);
}

export async function duplicate(world: World, who: number): Promise<void> {
  const request = pick(world.wire, who);
  if (request !== undefined) world.wire.push(request);
}

export async function loseRequest(world: World, who: number): Promise<void> {
  takeFrom(world.wire, who);
}

export async function loseAnswer(world: World, who: number): Promise<void> {
  takeFrom(world.answers, who);
}

/** Requests of one phone and whatever else is under way arrive at once. */
export async function parallel(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  const own = Array.from({ length: 1 + (how % 3) }, () => phone?.request());
  const all = [...own.filter((request) => request !== undefined), ...world.wire.splice(0, 2)];
  world.answers.push(...(await Promise.all(all.map((request) => world.send(request)))));
}

export async function sleep(world: World, _who: number, how: number): Promise<void> {
  // Long sleeps are rare, or sessions would mostly expire.
  const ms = how % 16 === 0 ? sleepsMs[4] : sleepsMs[how % 4];
  world.ground.clock.advance(ms ?? 0);
}

export async function restart(world: World): Promise<void> {
  await world.service.stop();
  world.service = await LocalService.start(world.ground);
}

/** The process dies with requests in it: whether they were decided, nobody is told. */
export async function kill(world: World): Promise<void> {
  const doomed = world.service;
  const inside = world.wire.splice(0, 3).map((request) => world.ask(doomed, request).catch(() => undefined));
  world.service = await LocalService.start(world.ground);
  await Promise.all(inside);
  await doomed.stop();
}

export async function rotateRefreshKey(world: World): Promise<void> {
  await world.service.ring.rotate('refresh');
}

export async function rotateSigningKey(world: World): Promise<void> {
  await world.service.ring.rotate('signing');
}
