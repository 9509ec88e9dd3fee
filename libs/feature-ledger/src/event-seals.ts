// Seals what an event may not hold in clear. Who orders nothing about people or passwords needs no keys.
import type { JsonObject } from '@sallyport/engine';
import type { Credentials, PersonalKeys } from '@sallyport/tokens';

interface Place {
  readonly stream: string;
  readonly eventId: string;
}

export abstract class EventSeals {
  abstract credential(place: Place, data: JsonObject): string;
  /** Undefined where the account was erased. */
  abstract personal(accountId: string, place: Place, data: JsonObject): Promise<string | undefined>;
}

export class KeyedSeals extends EventSeals {
  constructor(
    private readonly personalKeys: PersonalKeys,
    private readonly credentials: Credentials,
  ) {
    super();
  }

  credential(place: Place, data: JsonObject): string {
    return this.credentials.seal(place, data);
  }

  personal(accountId: string, place: Place, data: JsonObject): Promise<string | undefined> {
    return this.personalKeys.seal(accountId, place, data);
  }
}

/** Of a process without keys: it refuses rather than write anything in clear. */
export class NoSeals extends EventSeals {
  credential(): never {
    throw new Error('this process has no key to seal a credential with');
  }

  personal(): never {
    throw new Error('this process has no key to seal personal data with');
  }
}
