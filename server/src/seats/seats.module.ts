import { Module } from '@nestjs/common';
import { ActStrategy } from './commands/act-strategy.js';
import { CommandStrategy } from './commands/command-strategy.js';
import { ImmediateActs } from './commands/immediate-acts.js';
import { OperationRunner } from './commands/operation-runner.js';
import { RecentOperations } from './commands/recent-operations.js';
import { LeasesService } from './leases.service.js';
import { Observations } from './observation/observations.js';
import { SceneSilence } from './scene-silence.js';
import { SeatBatchStore } from './seat-batch-store.js';
import { SeatApplier } from './seat-applier.js';
import { SeatChecks } from './seat-checks.js';
import { SeatContexts } from './seat-context.js';
import { SeatExtras } from './seat-extras.js';
import { SeatGuards } from './seat-guards.js';
import { SeatOperations } from './seat-operations.js';
import { SeatPolicy } from './seat-policy.js';
import { SeatRules } from './seat-rules.js';
import { SeatStore } from './seat-store.js';
import { SeatTokens } from './seat-tokens.js';
import { SeatViews } from './seat-views.js';
import { SeatWishes } from './seat-wishes.js';
import { SilenceWatch } from './silence-watch.js';
import { ObservationStore } from './store/observation-store.js';
import { SeatsController } from './seats.controller.js';
import { SeatsService } from './seats.service.js';

const SEATS = [
  ActStrategy,
  CommandStrategy,
  ImmediateActs,
  LeasesService,
  Observations,
  ObservationStore,
  OperationRunner,
  RecentOperations,
  SceneSilence,
  SeatApplier,
  SeatBatchStore,
  SeatChecks,
  SeatContexts,
  SeatExtras,
  SeatGuards,
  SeatOperations,
  SeatPolicy,
  SeatRules,
  SeatStore,
  SeatTokens,
  SeatViews,
  SeatWishes,
  SeatsService,
  SilenceWatch,
];

/** One identity in one room: what is wished, what LiveKit has, and the one way between them. */
@Module({ controllers: [SeatsController], providers: SEATS, exports: SEATS })
export class SeatsModule {}
