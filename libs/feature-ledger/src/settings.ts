// What the parts need to know of how the service is set up, and the clients it knows.
import type { Client } from '@sallyport/core-session';

/** Provided by the app. `issuer` may only be known once the service listens: read it when it is needed. */
export abstract class ServiceSettings {
  /** RFC 8414 issuer identifier: a URL without query, fragment and trailing slash. */
  abstract readonly issuer: string;
  /** `aud` of access tokens (RFC 9068). */
  abstract readonly audience: string;
  /** How recent `auth_time` must be for acts on other sessions, devices, password and account. */
  abstract readonly freshSeconds: number;
  abstract readonly signUpEnabled: boolean;
  /** The issuer is loopback: cookies may go over plain http, sign-up is on by default. */
  abstract readonly development: boolean;
}

/** The registered clients. */
export class ClientRegistry {
  private readonly byId: ReadonlyMap<string, Client>;

  constructor(clients: readonly Client[]) {
    this.byId = new Map(clients.map((client) => [client.clientId, client]));
  }

  find(clientId: string): Client | undefined {
    return this.byId.get(clientId);
  }

  all(): readonly Client[] {
    return [...this.byId.values()];
  }
}
