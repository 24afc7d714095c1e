import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { Controller, Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { roomParams } from '../../common/http/fields.js';
import { LedgerReads } from '../../ledger/reads/ledger-reads.js';
import {
  operatorParams,
  operatorTimelineResponse,
  personParams,
  personTimelineResponse,
  roomTimelineResponse,
  timelineQuery,
  type TimelineQuery,
} from './timelines.schemas.js';
import { TimelinesService } from './timelines.service.js';

@Controller('api/v1')
export class TimelinesController {
  constructor(
    private readonly timelines: TimelinesService,
    private readonly reads: LedgerReads,
  ) {}

  @Get('people/:identity/timeline')
  @ApiDoc({
    summary: 'Show a person over time',
    description:
      'From the ledger, room by room: when they were there and as what, when they were held or blocked, which roles somebody gave them, which token each connection came from, and what was decided about them. Also of people whom nobody added as a user. With a room limit only those rooms.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(personTimelineResponse)
  async person(
    @CurrentActor() actor: Actor,
    @Param({ schema: personParams }) { identity }: z.infer<typeof personParams>,
    @Query({ schema: timelineQuery }) query: TimelineQuery,
  ) {
    const timeline = await this.timelines.person(actor, identity, query);
    await this.reads.looked(actor, 'timeline', { identity });
    return timeline;
  }

  @Get('rooms/:room/timeline')
  @ApiDoc({
    summary: 'Show a room over time',
    description:
      'From the ledger: when LiveKit ran it, who was there and as what, what was decided, the scenes that it played and when it was closed.',
    errors: [...SEARCH_PROBLEMS, 'room.not_found'],
  })
  @RequirePermission('ledger.read')
  @Answers(roomTimelineResponse)
  async room(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: z.infer<typeof roomParams>,
    @Query({ schema: timelineQuery }) query: TimelineQuery,
  ) {
    const timeline = await this.timelines.room(actor, room, query);
    await this.reads.looked(actor, 'timeline', { room });
    return timeline;
  }

  @Get('operators/:id/timeline')
  @ApiDoc({
    summary: 'Show an operator over time',
    description:
      'From the ledger: what they did in which room, and what they could do then. With a room limit only what they did in those rooms.',
    errors: [...SEARCH_PROBLEMS, 'operator.not_found'],
  })
  @RequirePermission('ledger.read')
  @Answers(operatorTimelineResponse)
  async operator(
    @CurrentActor() actor: Actor,
    @Param({ schema: operatorParams }) { id }: z.infer<typeof operatorParams>,
    @Query({ schema: timelineQuery }) query: TimelineQuery,
  ) {
    const timeline = await this.timelines.operator(actor, id, query);
    await this.reads.looked(actor, 'timeline', { operator: id });
    return timeline;
  }
}
