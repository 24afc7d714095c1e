import { Module } from '@nestjs/common';
import { EventsModule } from '../events/events.module.js';
import { PresenceModule } from '../presence/presence.module.js';
import { RoomsModule } from '../rooms/rooms.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { WebhooksModule } from '../webhooks/webhooks.module.js';
import { LiveKitAudit } from './livekit-audit.js';
import { OwnRooms } from './own-rooms.js';
import { PolicyWatch } from './policy-watch.js';
import { ProgramLists } from './program-lists.js';
import { ReconcilerService } from './reconciler.service.js';
import { Sweep } from './sweep.js';
import { SweepLock } from './sweep-lock.js';

/** Desired against observed, again and again. */
@Module({
  imports: [EventsModule, PresenceModule, RoomsModule, SeatsModule, WebhooksModule],
  providers: [
    LiveKitAudit,
    OwnRooms,
    PolicyWatch,
    ProgramLists,
    ReconcilerService,
    Sweep,
    SweepLock,
  ],
  exports: [ProgramLists, ReconcilerService],
})
export class ReconcilerModule {}
