import { Controller, Get, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, SignedIn } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import type { Actor } from '../actor/actor.js';
import { SeatPolicy } from '../seats/public/policy.js';
import { EventStreams } from './event-streams.js';
import { assertMaySee, eventsQuery, type EventsQuery, feedTopic, roomOf } from './topics.js';

/** Signed in is enough to ask; each topic is checked by itself. */
@Controller('api/v1/events')
export class EventsController {
  constructor(
    private readonly streams: EventStreams,
    private readonly policy: SeatPolicy,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'Listen to events',
    description:
      'Server-sent events (`text/event-stream`). Each topic needs the permission to read what it is about: `rooms`, `room:<name>` or `me`. `Last-Event-ID` resumes where a stream broke.',
    errors: ['access.denied', 'events.too_many_streams', 'room.not_found'],
  })
  @SignedIn()
  async stream(
    @CurrentActor() actor: Actor,
    @Query({ schema: eventsQuery }) query: EventsQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const topics = query.topics.map((shown) => feedTopic(actor, shown));
    for (const topic of topics) assertMaySee(actor, topic);
    await Promise.all(
      topics.map(async (topic) => {
        const room = roomOf(topic);
        if (room !== null) await this.policy.assertRoom(room);
      }),
    );
    const header = request.headers['last-event-id'];
    const lastEventId = typeof header === 'string' ? header : query.lastEventId;
    await this.streams.open(request, reply, actor, topics, query.topics, toId(lastEventId));
  }
}

/** Something that was never an id of ours is resumed from nowhere: by a `reset`. */
function toId(text: string | undefined): number | null {
  if (text === undefined || text === '') return null;
  return /^\d{1,15}$/.test(text) ? Number(text) : -1;
}
