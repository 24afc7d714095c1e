import { Module } from '@nestjs/common';
import { LeasesService } from './leases.service.js';
import { OperationsController } from './operations.controller.js';
import { SeatApplier } from './seat-applier.js';
import { SeatChecks } from './seat-checks.js';
import { SeatObservations } from './seat-observations.js';
import { SeatOperations } from './seat-operations.js';
import { SeatPolicy } from './seat-policy.js';
import { SeatStore } from './seat-store.js';
import { SeatViews } from './seat-views.js';
import { SeatsController } from './seats.controller.js';
import { SeatsService } from './seats.service.js';

/** One identity in one room: what is wished, what LiveKit has, and the one way between them. */
@Module({
  controllers: [SeatsController, OperationsController],
  providers: [
    LeasesService,
    SeatApplier,
    SeatChecks,
    SeatObservations,
    SeatOperations,
    SeatPolicy,
    SeatStore,
    SeatViews,
    SeatsService,
  ],
  exports: [
    LeasesService,
    SeatChecks,
    SeatObservations,
    SeatPolicy,
    SeatStore,
    SeatViews,
    SeatsService,
  ],
})
export class SeatsModule {}
