import { Module } from '@nestjs/common';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { UsersModule } from '../users/users.module.js';
import { IssuanceController } from './issuance.controller.js';
import { IssuanceService } from './issuance.service.js';

@Module({
  imports: [RoomsModule, SeatsModule, UsersModule],
  controllers: [IssuanceController],
  providers: [IssuanceService],
  exports: [IssuanceService],
})
export class IssuanceModule {}
