// Opens the sealed parts of view rows for the person they are about.
import { Injectable, Logger } from '@nestjs/common';
import type { SealedPersonal } from '@sallyport/core-views';
import { isTokenError, PersonalKeys } from '@sallyport/tokens';

/** Opened on read; absent once the account's key is gone. */
export interface PersonalShown {
  readonly ip?: string;
  readonly userAgent?: string;
}

@Injectable()
export class PersonalParts {
  private readonly logger = new Logger('views');

  constructor(private readonly personalKeys: PersonalKeys) {}

  /** Nothing without the account's key, and nothing of a part that does not open: the log tells of it. */
  async open(accountId: string, personal: SealedPersonal | undefined): Promise<PersonalShown> {
    if (personal === undefined) return {};
    try {
      const { ip, userAgent } = (await this.personalKeys.open(accountId, personal, personal.sealed)) ?? {};
      return {
        ...(typeof ip === 'string' ? { ip } : {}),
        ...(typeof userAgent === 'string' ? { userAgent } : {}),
      };
    } catch (error) {
      if (!isTokenError(error)) throw error;
      this.logger.error({ msg: 'a personal part does not open', stream: personal.stream, code: error.code });
      return {};
    }
  }
}
