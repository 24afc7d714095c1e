import { Module } from '@nestjs/common';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { Lurkers } from './lurkers.js';
import { PresenceService } from './presence.service.js';
import { RoomSessions } from './room-sessions.js';

/** Who is in which room: from webhooks and from the sweep. */
@Module({
  imports: [RoomsModule, SeatsModule],
  providers: [Lurkers, PresenceService, RoomSessions],
  exports: [PresenceService, RoomSessions],
})
export class PresenceModule {}
