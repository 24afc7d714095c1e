import { Module } from '@nestjs/common';
import { AssignmentsModule } from '../assignments/assignments.module.js';
import { LiveRooms } from './live-rooms.js';
import { RoomsController } from './rooms.controller.js';
import { RoomsService } from './rooms.service.js';

@Module({
  imports: [AssignmentsModule],
  controllers: [RoomsController],
  providers: [LiveRooms, RoomsService],
  exports: [LiveRooms, RoomsService],
})
export class RoomsModule {}
