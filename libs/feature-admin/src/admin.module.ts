// The admin listener as a Nest application of its own, on the parts of the running service.
import { Module, type DynamicModule } from '@nestjs/common';
import { CommandBus, QueryBus } from '@nestjs/cqrs';
import { Clock, ViewStore } from '@sallyport/engine';
import { KeyRing } from '@sallyport/tokens';
import { AccountHistory } from './account-history.js';
import { AccountViews } from './account-views.js';
import { AccountsController } from './accounts.controller.js';
import { AdminCredential, AdminGuard } from './admin-guard.js';
import { BusController, BusPort } from './bus.controller.js';
import { ClockMover } from './clock-mover.js';
import { AdminHistoryController } from './history.controller.js';
import { RuleAdministration } from './rule-administration.js';
import { AdminRulesController } from './rules.controller.js';
import { AdminSessionsController } from './sessions.controller.js';
import { sharedPart } from './shared-part.js';
import { ShownPosition } from './shown-position.js';
import { SystemController } from './system.controller.js';

/** Parts of the service, which the two applications share. */
export interface AdminParts {
  readonly credential: string;
  readonly commands: CommandBus;
  readonly queries: QueryBus;
  readonly views: ViewStore;
  readonly ring: KeyRing;
  readonly clock: Clock;
  readonly mover: ClockMover;
  /** Undefined: there is none, unless the service was started for tests. */
  readonly bus: BusPort | undefined;
  readonly history: AccountHistory;
  readonly rules: RuleAdministration;
  readonly shown: ShownPosition;
}

@Module({})
export class AdminModule {
  static on(parts: AdminParts): DynamicModule {
    return {
      module: AdminModule,
      controllers: [
        AccountsController,
        AdminHistoryController,
        AdminRulesController,
        AdminSessionsController,
        BusController,
        SystemController,
      ],
      providers: [
        AccountViews,
        AdminGuard,
        { provide: AdminCredential, useFactory: () => new AdminCredential(parts.credential) },
        { provide: CommandBus, useFactory: () => sharedPart(parts.commands) },
        { provide: QueryBus, useFactory: () => sharedPart(parts.queries) },
        { provide: ViewStore, useFactory: () => sharedPart(parts.views) },
        { provide: KeyRing, useFactory: () => sharedPart(parts.ring) },
        { provide: Clock, useFactory: () => sharedPart(parts.clock) },
        { provide: BusPort, useFactory: () => (parts.bus === undefined ? null : sharedPart(parts.bus)) },
        { provide: AccountHistory, useFactory: () => sharedPart(parts.history) },
        { provide: ClockMover, useFactory: () => sharedPart(parts.mover) },
        { provide: ShownPosition, useFactory: () => sharedPart(parts.shown) },
        { provide: RuleAdministration, useFactory: () => sharedPart(parts.rules) },
      ],
    };
  }
}
