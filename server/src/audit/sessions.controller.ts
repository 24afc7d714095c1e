import { Controller, Get, Param, Query } from '@nestjs/common';
import type { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../database/search-pool.js';
import { roomParams } from '../common/http/fields.js';
import { LedgerReads } from '../ledger/reads/ledger-reads.js';
import { sessionsQuery, type SessionsQuery, sessionsResponse } from './sessions.schemas.js';
import { SessionsService } from './sessions.service.js';

@Controller('api/v1/rooms/:room/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: SessionsService,
    private readonly reads: LedgerReads,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'List the sessions of a room',
    description:
      'Past and running sessions from the ledger, newest first, with everybody who was there and the issued token that each connection came from. Behind a gate that is known through refreshes; without one the tokens that lived are named.',
    errors: [...SEARCH_PROBLEMS, 'room.not_found'],
  })
  @RequirePermission('ledger.read')
  @Answers(sessionsResponse)
  async list(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: z.infer<typeof roomParams>,
    @Query({ schema: sessionsQuery }) query: SessionsQuery,
  ) {
    const page = await this.sessions.list(actor, room, query);
    await this.reads.looked(actor, 'sessions', { room });
    return page;
  }
}
