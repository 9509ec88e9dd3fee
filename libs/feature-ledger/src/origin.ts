// What an event may say about where its request came from.
import { Injectable } from '@nestjs/common';
import type { Client, Network } from '@sallyport/core-session';
import { GeoLookup } from '@sallyport/engine';
import type { JsonObject } from '@sallyport/engine';
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
   * request it is. Errors of the secret store pass through.
   */
  async ofAccount(accountId: string, { ip }: RequestOrigin, client?: Client): Promise<Network | undefined> {
    const ipTag = await this.personalKeys.networkTag(accountId, ip);
    if (ipTag === undefined) return undefined;
    const network = await this.tagged(ip, ipTag);
    return client?.serverSide === true ? { ...network, server: true } : network;
  }

  /** The same with a tag of the caller's, for sign-in names that nobody has. */
  tagged(ip: string, ipTag: string): Network | Promise<Network> {
    const dayTag = this.dayTags.tag(ip);
    const facts = this.geo.find(ip);
    return typeof dayTag === 'string'
      ? networkOf(facts, ipTag, dayTag)
      : dayTag.then((tag) => networkOf(facts, ipTag, tag));
  }
}

function networkOf(facts: ReturnType<GeoLookup['find']>, ipTag: string, dayTag: string): Network {
  const { country, asn, kind, place } = facts;
  const network = { country, asn, kind, ipTag, dayTag };
  return place === undefined ? network : { ...network, place };
}

/** The personal part of an event: sealed under the account's key before it is stored. */
export function personalOrigin(origin: RequestOrigin): JsonObject {
  return {
    ip: origin.ip,
    ...(origin.userAgent === undefined ? {} : { userAgent: origin.userAgent.slice(0, 256) }),
  };
}
