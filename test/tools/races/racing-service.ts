// A process of the service as races use it: here, or an operating system's process of its own.
import type { CommandBus, QueryBus } from '@nestjs/cqrs';
import type { AuthorizationCodes } from '@sallyport/feature-ledger';

type Issue = Parameters<AuthorizationCodes['issue']>[0];

export interface RacingService {
  readonly commands: Pick<CommandBus, 'execute'>;
  readonly queries: Pick<QueryBus, 'execute'>;
  readonly codes: {
    issue(of: Issue): string | Promise<string>;
    open(code: string): ReturnType<AuthorizationCodes['open']>;
  };
  nonce(floorMs?: number): string | Promise<string>;
  /** As it is stored, wrapped. */
  personalKey(accountId: string): Promise<Uint8Array | undefined>;
  /** Moves a clock that stands still on by a millisecond. */
  tick(): void;
  stop(): Promise<void>;
}
