import { Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { ActRequests } from './commands/act-requests.js';
import { ActStrategy } from './commands/act-strategy.js';
import { CommandStrategy } from './commands/command-strategy.js';
import { ImmediateActs } from './commands/immediate-acts.js';
import { OperationRunner } from './commands/operation-runner.js';
import { RecentOperations } from './commands/recent-operations.js';
import { LeasesService } from './commands/leases.service.js';
import { Observations } from './observation/observations.js';
import { SceneSilence } from './observation/scene-silence.js';
import { SeatBatchStore } from './store/seat-batch-store.js';
import { SeatApplier } from './convergence/seat-applier.js';
import { SeatChecks } from './repair/seat-checks.js';
import { SeatContexts } from './commands/seat-contexts.js';
import { RoomCounts, SeatExtras, SeatOrigins } from './model/extensions.js';
import { SeatGuards } from './commands/seat-guards.js';
import { SeatOperations } from './store/seat-operations.js';
import { PermissionOrigins } from './repair/permission-origins.js';
import { SettledSeats } from './repair/settled-seats.js';
import { SeatPolicy } from './model/seat-policy.js';
import { SeatRules } from './model/extensions.js';
import { SeatReader } from './store/seat-reader.js';
import { SeatStore } from './store/seat-store.js';
import { OperationReader } from './store/operation-reader.js';
import { RoleFallbacks } from './commands/role-fallbacks.js';
import { BatchesInProgress } from './convergence/batches-in-progress.js';
import { PublishDelays } from './convergence/publish-delays.js';
import { SeatCalls } from './convergence/seat-calls.js';
import { SceneSeats } from './commands/scene-seats.js';
import { SessionEnd } from './commands/session-end.js';
import { SeatTokens } from './commands/seat-tokens.js';
import { SeatViews } from './views/seat-views.js';
import { CommandPlanner } from './commands/command-planner.js';
import { SilenceWatch } from './observation/silence-watch.js';
import { AdmissionStore } from './store/admission-store.js';
import { DeletedRoomStore } from './store/deleted-room-store.js';
import { SessionStore } from './store/session-store.js';
import { KeptSeats } from './store/kept-seats.js';
import { ObservationStore } from './store/observation-store.js';
import { SeatsController } from './api/seats.controller.js';
import { SeatsService } from './commands/seats.service.js';

const SEATS = [
  ActRequests,
  ActStrategy,
  AdmissionStore,
  BatchesInProgress,
  CommandStrategy,
  DeletedRoomStore,
  ImmediateActs,
  KeptSeats,
  LeasesService,
  Observations,
  ObservationStore,
  OperationReader,
  OperationRunner,
  PermissionOrigins,
  PublishDelays,
  RecentOperations,
  RoleFallbacks,
  RoomCounts,
  SceneSeats,
  SceneSilence,
  SeatApplier,
  SeatBatchStore,
  SeatCalls,
  SeatChecks,
  SeatContexts,
  SeatExtras,
  SeatGuards,
  SeatOperations,
  SeatOrigins,
  SeatPolicy,
  SeatReader,
  SeatRules,
  SeatStore,
  SeatTokens,
  SeatViews,
  CommandPlanner,
  SeatsService,
  SessionEnd,
  SessionStore,
  SettledSeats,
  SilenceWatch,
];

/** Seats: one identity in one room, its desired and its observed state, and what brings them together. */
@Module({ controllers: [SeatsController], providers: SEATS, exports: SEATS })
export class SeatsModule implements OnModuleInit {
  constructor(
    private readonly housekeeping: Housekeeping,
    private readonly deletedRooms: DeletedRoomStore,
  ) {}

  onModuleInit(): void {
    this.housekeeping.add(() => this.deletedRooms.expire());
  }
}
