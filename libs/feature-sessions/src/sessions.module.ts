// Wires what a signed-in person sees and does: needs `EventStore`,
// `Feed`, `ViewStore` (read-only) and `ViewProgress` from the app.
import { Module } from '@nestjs/common';
import { LedgerModule } from '@sallyport/feature-ledger';
import { AccountController } from './account.controller.js';
import { AccessRules, SignedIn } from './caller.js';
import { DevicesController } from './devices.controller.js';
import { ViewMetrics } from './metrics.js';
import { PersonalParts } from './personal-parts.js';
import { SessionViews } from './session-views.js';
import { SessionsController } from './sessions.controller.js';
import { EventStreams } from './timeline/event-streams.js';
import { OperatorHistory } from './timeline/operator-history.js';
import { Storyteller } from './timeline/storyteller.js';
import { TimelineController } from './timeline/timeline.controller.js';
import { Timeline } from './timeline/timeline.js';
import { TravelController } from './travel.controller.js';
import { ViewWait } from './view-wait.js';

const views = [PersonalParts, SessionViews, Storyteller, Timeline, ViewMetrics, ViewWait];

@Module({
  imports: [LedgerModule],
  controllers: [
    AccountController,
    DevicesController,
    SessionsController,
    TimelineController,
    TravelController,
  ],
  providers: [...views, AccessRules, EventStreams, OperatorHistory, SignedIn],
})
export class SessionsModule {}
