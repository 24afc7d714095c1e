import { Module } from '@nestjs/common';
import { SeatsModule } from '../seats/seats.module.js';
import { Lurkers } from './lurkers.js';
import { PresenceService } from './presence.service.js';
import { RoomSessions } from './room-sessions.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookInbox } from './webhook-inbox.js';
import { WebhookProcessor } from './webhook-processor.js';

/** Who is in which room: told by webhooks, asked by the sweep. */
@Module({
  imports: [SeatsModule],
  controllers: [WebhookController],
  providers: [Lurkers, PresenceService, RoomSessions, WebhookInbox, WebhookProcessor],
  exports: [PresenceService, RoomSessions, WebhookInbox, WebhookProcessor],
})
export class PresenceModule {}
