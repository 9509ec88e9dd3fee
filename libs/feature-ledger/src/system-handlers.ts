// Runs the orders of operators about keys and cutoffs.
import { Injectable } from '@nestjs/common';
import { CommandHandler } from '@nestjs/cqrs';
import type { ICommandHandler } from '@nestjs/cqrs';
import { declareCutoff, streams } from '@sallyport/core-session';
import type { CutoffScope, KeyEvent, KeyPurpose } from '@sallyport/core-session';
import type { Position } from '@sallyport/engine';
import { KeyRing } from '@sallyport/tokens';
import type { KeyDescription } from '@sallyport/tokens';
import { LedgerError } from './errors.js';
import { Ledger } from './ledger.js';
import type { Ordered, Written } from './session-commands.js';
import { DeclareStoreRestored, RotateKey } from './system-commands.js';

/** Appends to the system's own streams. */
@Injectable()
export class SystemRunner {
  constructor(
    private readonly ledger: Ledger,
    private readonly ring: KeyRing,
  ) {}

  async cutOff(
    cutoff: { readonly scope: CutoffScope; readonly reason: string },
    ordered: Ordered,
  ): Promise<Written> {
    const { appended } = await this.ledger.run(
      this.ledger.cutoffs,
      {
        stream: streams.cutoffs,
        load: async (fresh) => {
          const { state, revision } = fresh
            ? await this.ledger.cutoffs.fetch(streams.cutoffs)
            : await this.ledger.cutoffs.load(streams.cutoffs);
          return { state, revision, guards: [] };
        },
        decide: (state, revision) => ({
          events: [declareCutoff(state, cutoff, revision + 1)],
          answer: undefined,
        }),
        own: () => undefined,
      },
      { ordered, partitionKey: '*' },
    );
    return { position: appended?.position ?? '0' };
  }

  /** Records what the key ring did; ids and purposes only. */
  async recordKeys(changed: readonly KeyDescription[], reason: string, ordered: Ordered): Promise<Position> {
    const events = changed.flatMap((key) => keyEvents(key, reason));
    if (events.length === 0) return '0';
    const { appended } = await this.ledger.run(
      this.ledger.cutoffs,
      {
        stream: streams.keys,
        load: () => Promise.resolve({ state: undefined, revision: -1, guards: [] }),
        decide: () => ({ events, atAnyRevision: true, answer: undefined }),
        own: () => undefined,
      },
      { ordered, partitionKey: '*' },
    );
    return appended?.position ?? '0';
  }

  /** The same in a ledger that has none yet: of processes that start together one records them. */
  async recordFirstKeys(made: readonly KeyDescription[], reason: string, ordered: Ordered): Promise<void> {
    const events = made.flatMap((key) => keyEvents(key, reason));
    await this.ledger.run(
      this.ledger.cutoffs,
      {
        stream: streams.keys,
        load: async () => {
          const [revision = -1] = await this.ledger.store.heads([streams.keys]);
          return { state: undefined, revision, guards: [] };
        },
        decide: (_state, revision) => ({ events: revision === -1 ? events : [], answer: undefined }),
        own: () => undefined,
      },
      { ordered, partitionKey: '*' },
    );
  }

  async rotate(
    purpose: KeyPurpose,
    reason: string,
    ordered: Ordered,
  ): Promise<Written & { readonly keyId: string }> {
    const changed = await this.ring.rotate(purpose);
    const current = this.ring.describe().find((key) => key.purpose === purpose && key.status === 'current');
    if (current === undefined) throw new LedgerError('key_unknown');
    return { position: await this.recordKeys(changed, reason, ordered), keyId: current.keyId };
  }

  async restored(reason: string, ordered: Ordered): Promise<Written> {
    // First the cutoff: whatever has good standing under a retired key was started after it.
    const cutoff = await this.cutOff({ scope: { kind: 'all' }, reason }, ordered);
    const position = await this.recordKeys(await this.ring.retireRefreshKeys(), reason, ordered);
    return position === '0' ? cutoff : { position };
  }
}

function keyEvents(key: KeyDescription, reason: string): KeyEvent[] {
  if (key.purpose === 'index') return [];
  const { purpose, keyId } = key;
  switch (key.status) {
    case 'next':
      return [{ type: 'keys.created', data: { purpose, keyId, reason } }];
    case 'current':
      return [{ type: 'keys.activated', data: { purpose, keyId, reason } }];
    case 'previous':
      return [];
    case 'retired':
    case 'bad':
      return [{ type: 'keys.retired', data: { purpose, keyId, reason } }];
    default:
      throw new Error(`unknown key status ${String(key.status)}`);
  }
}

@CommandHandler(RotateKey)
export class RotateKeyHandler implements ICommandHandler<RotateKey> {
  constructor(private readonly runner: SystemRunner) {}

  execute({ input, ordered }: RotateKey): Promise<Written & { readonly keyId: string }> {
    return this.runner.rotate(input.purpose, input.reason, ordered);
  }
}

@CommandHandler(DeclareStoreRestored)
export class DeclareStoreRestoredHandler implements ICommandHandler<DeclareStoreRestored> {
  constructor(private readonly runner: SystemRunner) {}

  execute({ input, ordered }: DeclareStoreRestored): Promise<Written> {
    return this.runner.restored(input.reason, ordered);
  }
}
