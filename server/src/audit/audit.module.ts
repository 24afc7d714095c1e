import { Module } from '@nestjs/common';
import { SeatsModule } from '../seats/seats.module.js';
import { ChallengeController } from './challenge.controller.js';
import { ChallengeService } from './challenge.service.js';
import { ExposureController } from './exposure.controller.js';
import { ExposureService } from './exposure.service.js';
import { SeatLineage } from './seat-lineage.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

/** What an auditor asks that is more than a list of entries. */
@Module({
  imports: [SeatsModule],
  controllers: [ChallengeController, ExposureController, SessionsController],
  providers: [ChallengeService, ExposureService, SeatLineage, SessionsService],
  exports: [ChallengeService],
})
export class AuditModule {}
