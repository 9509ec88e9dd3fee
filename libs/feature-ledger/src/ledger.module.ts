// Wires the ledger: needs the ports, key ring, clients and settings from a global module of the app; what
// only rules order needs the ports alone.
import { Module } from '@nestjs/common';
import { CqrsModule } from '@nestjs/cqrs';
import { Credentials, PersonalKeys } from '@sallyport/tokens';
import { AccessTokens } from './access-tokens.js';
import {
  AccountRunner,
  LockAccountHandler,
  RevokeAllSessionsHandler,
  RevokeDeviceHandler,
  UnlockAccountHandler,
} from './account-handlers.js';
import { AuthorizationCodes } from './authorization-codes.js';
import { ChangePasswordHandler, OpenAccountHandler } from './credential-handlers.js';
import {
  FlagSessionHandler,
  HoldSensitiveActionsHandler,
  ReleaseHoldHandler,
  RequireReauthenticationHandler,
} from './enforcement-handlers.js';
import { EraseAccountHandler } from './erase-account.js';
import { EventSeals, KeyedSeals, NoSeals } from './event-seals.js';
import { ExchangeCodeHandler } from './exchange-code.js';
import { KeyHistory } from './key-history.js';
import { Ledger } from './ledger.js';
import { LoginRecorder } from './login-recorder.js';
import { LedgerMetrics } from './metrics.js';
import { Names } from './names.js';
import { NetworkUpkeep } from './network-upkeep.js';
import { Networks } from './origin.js';
import { AuthenticateAccessHandler, ReadAccountHandler, ReadSessionHandler } from './query-handlers.js';
import { RefreshSessionHandler } from './refresh-session.js';
import { RequestProofs } from './request-proofs.js';
import { ReuseRecorder } from './reuse-recorder.js';
import { RevokeSessionHandler, RevokeTokenHandler } from './revoke-session.js';
import { Passwords, SignInHandler } from './sign-in.js';
import { StepUps } from './step-ups.js';
import {
  DeclareStoreRestoredHandler,
  RotateKeyHandler,
  SystemRunner,
} from './system-handlers.js';
import {
  FileTravelNoticeHandler,
  TrustDeviceHandler,
  WithdrawTravelNoticeHandler,
} from './travel-handlers.js';

const keyedSeals = {
  provide: EventSeals,
  useFactory: (personal: PersonalKeys, credentials: Credentials) => new KeyedSeals(personal, credentials),
  inject: [PersonalKeys, Credentials],
};

const services = [
  keyedSeals,
  AccessTokens,
  AccountRunner,
  AuthorizationCodes,
  KeyHistory,
  Ledger,
  LedgerMetrics,
  LoginRecorder,
  Names,
  Networks,
  NetworkUpkeep,
  Passwords,
  RequestProofs,
  ReuseRecorder,
  StepUps,
  SystemRunner,
];

const handlers = [
  AuthenticateAccessHandler,
  ChangePasswordHandler,
  DeclareStoreRestoredHandler,
  EraseAccountHandler,
  ExchangeCodeHandler,
  FileTravelNoticeHandler,
  FlagSessionHandler,
  HoldSensitiveActionsHandler,
  LockAccountHandler,
  OpenAccountHandler,
  ReadAccountHandler,
  ReadSessionHandler,
  RefreshSessionHandler,
  ReleaseHoldHandler,
  RequireReauthenticationHandler,
  RevokeAllSessionsHandler,
  RevokeDeviceHandler,
  RevokeSessionHandler,
  RevokeTokenHandler,
  RotateKeyHandler,
  SignInHandler,
  TrustDeviceHandler,
  UnlockAccountHandler,
  WithdrawTravelNoticeHandler,
];

@Module({ imports: [CqrsModule], providers: [...services, ...handlers], exports: [...services, CqrsModule] })
export class LedgerModule {}

const orders = [
  FlagSessionHandler,
  HoldSensitiveActionsHandler,
  LockAccountHandler,
  ReleaseHoldHandler,
  RequireReauthenticationHandler,
];
const ordered = [{ provide: EventSeals, useFactory: () => new NoSeals() }, AccountRunner, Ledger];

/** What rules may order, for a process without any key: needs `Clock`, `Ids` and `EventStore` only. */
@Module({ imports: [CqrsModule], providers: [...ordered, ...orders], exports: [...ordered, CqrsModule] })
export class LedgerOrdersModule {}
