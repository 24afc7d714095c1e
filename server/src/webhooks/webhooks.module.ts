import { Module } from '@nestjs/common';
import { PresenceModule } from '../presence/presence.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { WebhookController } from './webhook.controller.js';
import { WebhookInbox } from './webhook-inbox.js';
import { WebhookProcessor } from './webhook-processor.js';

/** LiveKit's webhooks: verified, kept in the inbox, then processed once each. */
@Module({
  imports: [PresenceModule, SeatsModule],
  controllers: [WebhookController],
  providers: [WebhookInbox, WebhookProcessor],
  exports: [WebhookInbox, WebhookProcessor],
})
export class WebhooksModule {}
