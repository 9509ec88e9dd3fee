// What operators do to the whole service: keys, a restored store, and in tests the clock.
import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { keyPurposes } from '@sallyport/core-session';
import { DeclareStoreRestored, ProblemError, RotateKey, type Written } from '@sallyport/feature-ledger';
import { KeyRing, type KeyDescription } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { reasonOf } from './accounts.controller.js';
import { AdminGuard } from './admin-guard.js';
import { AdminInput, orderedBy } from './admin-input.js';
import { ClockMover } from './clock-mover.js';

const maxAdvanceSeconds = 3650 * 86_400;

@Controller('admin')
@UseGuards(AdminGuard)
export class SystemController {
  constructor(
    private readonly commands: CommandBus,
    private readonly ring: KeyRing,
    private readonly mover: ClockMover,
  ) {}

  @Get('keys')
  keys(): { readonly keys: KeyDescription[] } {
    return { keys: this.ring.describe() };
  }

  @Post('keys/rotate')
  @HttpCode(200)
  rotate(@Req() request: FastifyRequest): Promise<Written & { readonly keyId: string }> {
    const input = AdminInput.read(request.body, (from) => ({
      purpose: from.choice('purpose', keyPurposes),
      reason: from.text('reason'),
    }));
    return this.commands.execute(new RotateKey(input, orderedBy(request)));
  }

  @Post('store/restored')
  @HttpCode(200)
  restored(@Req() request: FastifyRequest): Promise<Written> {
    return this.commands.execute(new DeclareStoreRestored(reasonOf(request), orderedBy(request)));
  }

  /** Moves the service's clock forward; refused unless it was started for tests. */
  @Post('clock/advance')
  @HttpCode(200)
  advance(@Req() request: FastifyRequest): { readonly now: string } {
    const seconds = AdminInput.read(request.body, (from) => from.count('seconds', maxAdvanceSeconds));
    const nowMs = this.mover.advance(seconds * 1000);
    if (nowMs === undefined) {
      throw new ProblemError({
        status: 409,
        code: 'clock_fixed',
        title: 'The clock of this service cannot be moved',
        detail: 'Start it with SALLYPORT_TEST_CLOCK=1 to try what happens in days.',
      });
    }
    return { now: new Date(nowMs).toISOString() };
  }
}
