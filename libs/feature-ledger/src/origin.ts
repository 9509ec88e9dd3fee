// What an event may say about where its request came from.
import type { Network } from '@sallyport/core-session';
import type { JsonObject } from '@sallyport/engine';
import type { PersonalKeys } from '@sallyport/tokens';
import type { RequestOrigin } from './session-commands.js';

/** The coarse network, with a tag of the address under the account's own key; undefined once it is gone. */
export async function coarseNetwork(
  keys: PersonalKeys,
  accountId: string,
  origin: RequestOrigin,
): Promise<Network | undefined> {
  const ipTag = await keys.networkTag(accountId, origin.ip);
  return ipTag === undefined ? undefined : { country: null, asn: null, kind: 'unknown', ipTag };
}

/** The personal part of an event: sealed under the account's key before it is stored. */
export function personalOrigin(origin: RequestOrigin): JsonObject {
  return {
    ip: origin.ip,
    ...(origin.userAgent === undefined ? {} : { userAgent: origin.userAgent.slice(0, 256) }),
  };
}
