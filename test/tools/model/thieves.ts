// Steps of thieves, with tokens, proofs and keys that they stole from phones.
import { newId, ProofSigner } from '../client/index.js';
import { tokenUrl } from './local-service.js';
import { roundTrip } from './network.js';
import type { Phone, WireRequest } from './phone.js';
import { isSampled, Violation } from './rules.js';
import { pick } from './world.js';
import type { World } from './world.js';

const strangersKey = new ProofSigner(tokenUrl);

/** The phone's token, without a proof or with one of another key. */
export async function thiefToken(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  if (phone?.stored === undefined) return;
  await steal(world, phone, { token: phone.stored.token, proof: strangersProof(world, how) });
}

/** The phone's token with a proof that the phone used before. */
export async function thiefOldProof(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  const usedByPhone = world.used.filter((request) => request.phone === phone);
  const old = pick(usedByPhone, how);
  if (phone?.key === undefined || phone.stored === undefined || old === undefined) return;
  await steal(world, phone, { token: phone.stored.token, proof: old.proof });
}

/** A whole request of the phone's, sent again. */
export async function thiefCopies(world: World, who: number): Promise<void> {
  const copied = pick(world.used, who);
  if (copied?.phone.key === undefined) return;
  await steal(world, copied.phone, copied);
}

/** A token the phone has used already. */
export async function thiefOlderToken(world: World, who: number, how: number): Promise<void> {
  const old = pick(world.used, who);
  if (old === undefined) return;
  await steal(world, old.phone, { token: old.token, proof: strangersProof(world, how) });
}

/** The key itself is stolen: what the thief is granted cannot be told apart, but leaves its trace. */
export async function thiefKey(world: World, who: number, how: number): Promise<void> {
  const phone = pick(world.phones, who);
  // Rarely: a compromised phone tests little else.
  if (phone?.key === undefined || phone.stored === undefined || how % 4 !== 0) return;
  const attempt = how % 8 === 0 ? newId() : undefined;
  const proof = phone.key.proof({ nonce: world.service.nonce(), attempt });
  const before = await world.state(phone.of.sessionId);
  phone.compromised = true;
  const { answer } = await world.send({ phone, clientId: phone.clientId, token: phone.stored.token, proof });
  const { generation } = await world.state(phone.of.sessionId);
  const rotated = answer.kind === 'tokens' && generation > before.generation;
  if (!rotated || !phone.of.usesAttempts || before.usesAttempts !== true) return;
  await roundTrip(world, world.phones.indexOf(phone));
  const after = await world.state(phone.of.sessionId);
  if (!after.flags?.includes('forked')) throw new Violation('a rotation by a stolen key left no trace');
}

function strangersProof(world: World, how: number): string | undefined {
  return how % 2 === 0 ? undefined : strangersKey.proof({ nonce: world.service.nonce() });
}

async function steal(
  world: World,
  phone: Phone,
  stolen: Pick<WireRequest, 'token' | 'proof'>,
): Promise<void> {
  const { token, proof } = stolen;
  const request: WireRequest = { phone, clientId: phone.clientId, token, proof };
  const before = await world.state(phone.of.sessionId);
  const answer = await world.ask(world.service, request);
  world.answered(answer);
  if (phone.key === undefined) {
    // A stolen bearer token works once; its second use ends the session, whoever makes it.
    phone.compromised = true;
    if (answer.kind === 'tokens') world.used.push(request);
    return;
  }
  if (answer.kind === 'tokens' && !isSampled(before)) {
    throw new Violation('a thief without the key was given a token');
  }
}
