import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { EventFeed } from './event-feed.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';

/** Carries changes to every server process and to the streams of clients. */
@Module({
  imports: [AuthModule, SeatsModule],
  controllers: [EventsController],
  providers: [EventFeed, EventStreams],
  exports: [EventFeed],
})
export class EventsModule {}
