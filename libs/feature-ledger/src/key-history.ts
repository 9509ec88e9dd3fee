// Records the keys of a fresh ring in a fresh ledger, so that the stream `keys` tells their whole life.
import { Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { Ids } from '@sallyport/engine';
import { KeyRing } from '@sallyport/tokens';
import { SystemRunner } from './system-handlers.js';

@Injectable()
export class KeyHistory implements OnApplicationBootstrap {
  constructor(
    private readonly ids: Ids,
    private readonly ring: KeyRing,
    private readonly runner: SystemRunner,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const ordered = { actor: { kind: 'system' as const }, correlationId: this.ids.uuid() };
    await this.runner.recordFirstKeys(this.ring.describe(), 'first start', ordered);
  }
}
