import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RoomRemoval } from '../rooms/room-removal.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { UserRemoval } from '../users/user-removal.js';
import { UsersModule } from '../users/users.module.js';
import { Assignment } from './assignment.entity.js';
import { AssignmentsController } from './assignments.controller.js';
import { HeldAssignments } from './held-assignments.js';
import { AssignmentsService } from './assignments.service.js';

@Module({
  imports: [TypeOrmModule.forFeature([Assignment]), RoomsModule, UsersModule],
  controllers: [AssignmentsController],
  providers: [AssignmentsService, HeldAssignments],
  exports: [AssignmentsService, HeldAssignments],
})
export class AssignmentsModule implements OnModuleInit {
  constructor(
    private readonly assignments: AssignmentsService,
    private readonly rooms: RoomRemoval,
    private readonly users: UserRemoval,
  ) {}

  onModuleInit(): void {
    this.rooms.add((tx, actor, room) => this.assignments.endAllOf(tx, actor, { room }));
    this.users.add((tx, actor, user) => this.assignments.endAllOf(tx, actor, { user }));
  }
}
