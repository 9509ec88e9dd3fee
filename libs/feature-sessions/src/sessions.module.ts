// Wires what a signed-in person sees and does: needs `ViewStore` (read-only) and `ViewProgress` from the app.
import { Module } from '@nestjs/common';
import { LedgerModule } from '@sallyport/feature-ledger';
import { AccountController } from './account.controller.js';
import { AccessRules, SignedIn } from './caller.js';
import { DevicesController } from './devices.controller.js';
import { ViewMetrics } from './metrics.js';
import { SessionViews } from './session-views.js';
import { SessionsController } from './sessions.controller.js';
import { TravelController } from './travel.controller.js';
import { ViewWait } from './view-wait.js';

@Module({
  imports: [LedgerModule],
  controllers: [AccountController, DevicesController, SessionsController, TravelController],
  providers: [AccessRules, SessionViews, SignedIn, ViewMetrics, ViewWait],
})
export class SessionsModule {}
