import { Module, type OnModuleInit } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RoomCounts } from '../seats/public/policy.js';
import { SeatsModule } from '../seats/seats.module.js';
import { LiveRooms } from './live-rooms.js';
import { RoomClosing } from './room-closing.js';
import { RoomsController } from './rooms.controller.js';
import { RoomsService } from './rooms.service.js';
import { Room } from './room.entity.js';
import { RoomRemoval } from './room-removal.js';
import { RoomStore } from './room-store.js';

@Module({
  imports: [SeatsModule, TypeOrmModule.forFeature([Room])],
  controllers: [RoomsController],
  providers: [LiveRooms, RoomClosing, RoomRemoval, RoomStore, RoomsService],
  exports: [LiveRooms, RoomClosing, RoomRemoval, RoomStore, RoomsService],
})
export class RoomsModule implements OnModuleInit {
  constructor(
    private readonly counts: RoomCounts,
    private readonly rooms: RoomStore,
  ) {}

  onModuleInit(): void {
    this.counts.provide((room) => this.rooms.count(room));
  }
}
