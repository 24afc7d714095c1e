import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { SeatsModule } from '../seats/seats.module.js';
import { EventFeed } from './event-feed.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';

/** What changes, told to every server process and to whoever watches. */
@Module({
  imports: [AuthModule, SeatsModule],
  controllers: [EventsController],
  providers: [EventFeed, EventStreams],
  exports: [EventFeed],
})
export class EventsModule {}
