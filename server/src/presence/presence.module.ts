import { Module, type OnModuleInit } from '@nestjs/common';
import { Housekeeping } from '../database/housekeeping.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { BaselineStore } from './baseline-store.js';
import { Lurkers } from './lurkers.js';
import { PresenceService } from './presence.service.js';
import { Profiles } from './profiles.js';
import { RoomSessions } from './room-sessions.js';

/** Who is in which room: from webhooks and from the sweep. */
@Module({
  imports: [RoomsModule, SeatsModule],
  providers: [BaselineStore, Lurkers, PresenceService, Profiles, RoomSessions],
  exports: [PresenceService, Profiles, RoomSessions],
})
export class PresenceModule implements OnModuleInit {
  constructor(private readonly housekeeping: Housekeeping) {}

  onModuleInit(): void {
    this.housekeeping.addExpiry(
      'livekit_baseline',
      'room, identity',
      `seen_at < now() - interval '30 days'`,
    );
  }
}
