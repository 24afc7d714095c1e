import { Controller, Get, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { LedgerReads } from '../ledger/reads/ledger-reads.js';
import { SEARCH_PROBLEMS } from '../database/search-pool.js';
import { exposureQuery, type ExposureQuery, exposureResponse } from './exposure.schemas.js';
import { ExposureService } from './exposure.service.js';

@Controller('api/v1/exposure')
export class ExposureController {
  constructor(
    private readonly exposure: ExposureService,
    private readonly reads: LedgerReads,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'List who could still come in',
    description:
      'Tokens that were issued and live, and the tokens that LiveKit refreshes for people in rooms, each decided by policy as it is now: to which room, as what, until when. With a room limit only those rooms.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(exposureResponse)
  async list(@CurrentActor() actor: Actor, @Query({ schema: exposureQuery }) query: ExposureQuery) {
    const page = await this.exposure.list(actor, query);
    const { room, identity, issuer } = query;
    const asked = Object.entries({ room, identity, issuer }).filter(([, of]) => of !== undefined);
    await this.reads.looked(actor, 'exposure', Object.fromEntries(asked));
    return page;
  }
}
