import { Module, type OnModuleInit } from '@nestjs/common';
import { BulkModule } from '../bulk/bulk.module.js';
import { FrameSources } from '../hints/frame-sources.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { RoomScenesController } from './room-scenes.controller.js';
import { RoomScenes } from './room-scenes.service.js';
import { ScenesController } from './scenes.controller.js';
import { ScenesService } from './scenes.service.js';

/** Role per role, what becomes of a room's people for a while; and back. */
@Module({
  imports: [BulkModule, RoomsModule, SeatsModule],
  controllers: [ScenesController, RoomScenesController],
  providers: [RoomScenes, ScenesService],
})
export class ScenesModule implements OnModuleInit {
  constructor(
    private readonly frames: FrameSources,
    private readonly scenes: RoomScenes,
  ) {}

  onModuleInit(): void {
    this.frames.provide('scene', (room) => this.scenes.playing(room));
  }
}
