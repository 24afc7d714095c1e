import { Module } from '@nestjs/common';
import { EndUsersModule } from '../end-users/end-users.module.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { UsersModule } from '../users/users.module.js';
import { ExplanationsService } from './explanations.service.js';
import { IssuanceRecords } from './issuance-records.js';
import { IssuanceController } from './issuance.controller.js';
import { IssuanceService } from './issuance.service.js';
import { TokenSourceController } from './token-source.controller.js';
import { TokenPlanner } from './token-planner.js';

@Module({
  imports: [EndUsersModule, RoomsModule, SeatsModule, UsersModule],
  controllers: [IssuanceController, TokenSourceController],
  providers: [ExplanationsService, IssuanceRecords, IssuanceService, TokenPlanner],
  exports: [IssuanceService],
})
export class IssuanceModule {}
