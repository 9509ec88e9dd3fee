// What an event may say about where its request came from.
import { Injectable } from '@nestjs/common';
import type { Client, Network } from '@sallyport/core-session';
import { GeoLookup } from '@sallyport/engine';
import type { GeoFacts, JsonObject } from '@sallyport/engine';
import { DayTags, PersonalKeys } from '@sallyport/tokens';
import type { RequestOrigin } from './session-commands.js';

/** Derives the coarse network of a request when its event is made; the address itself goes no further. */
@Injectable()
export class Networks {
  constructor(
    private readonly geo: GeoLookup,
    private readonly personalKeys: PersonalKeys,
    private readonly dayTags: DayTags,
  ) {}

  /**
   * The network, tagged under the account's own key; undefined once that is gone. `client`: whose token
   * request it is. At once where the keys are in memory; errors of the secret store pass through.
   */
  ofAccount(
    accountId: string,
    { ip }: RequestOrigin,
    client?: Client,
  ): Network | Promise<Network | undefined> {
    const server = client?.serverSide === true;
    const ipTag = this.personalKeys.networkTag(accountId, ip);
    const dayTag = this.dayTags.tag(ip);
    const facts = this.geo.find(ip);
    if (typeof ipTag === 'string' && typeof dayTag === 'string') {
      return networkOf(facts, { ipTag, dayTag }, server);
    }
    return Promise.all([ipTag, dayTag]).then(([own, day]) => {
      return own === undefined ? undefined : networkOf(facts, { ipTag: own, dayTag: day }, server);
    });
  }

  /** The same with a tag of the caller's, for sign-in names that nobody has. */
  async tagged(ip: string, ipTag: string): Promise<Network> {
    return networkOf(this.geo.find(ip), { ipTag, dayTag: await this.dayTags.tag(ip) }, false);
  }
}

function networkOf(
  { country, asn, kind, place }: GeoFacts,
  { ipTag, dayTag }: { readonly ipTag: string; readonly dayTag: string },
  server: boolean,
): Network {
  const network = { country, asn, kind, ipTag, dayTag };
  if (place === undefined && !server) return network;
  return { ...network, ...(place && { place }), ...(server && { server }) };
}

/** The personal part of an event: sealed under the account's key before it is stored. */
export function personalOrigin(origin: RequestOrigin): JsonObject {
  return {
    ip: origin.ip,
    ...(origin.userAgent === undefined ? {} : { userAgent: origin.userAgent.slice(0, 256) }),
  };
}
