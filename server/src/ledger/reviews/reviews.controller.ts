import { Body, Controller, Get, Post } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { LedgerReads } from '../reads/ledger-reads.js';
import { reviewBody, type ReviewBody, reviewResponse, reviewsResponse } from './reviews.schemas.js';
import { ReviewsService } from './reviews.service.js';

@Controller('api/v1/ledger-reviews')
export class ReviewsController {
  constructor(
    private readonly reviews: ReviewsService,
    private readonly reads: LedgerReads,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'List reviews of the ledger',
    description: 'What auditors have signed off, and the parts with entries that nobody has.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(reviewsResponse)
  async list(@CurrentActor() actor: Actor) {
    const reviews = await this.reviews.list(actor);
    await this.reads.lookedBeside(actor);
    return reviews;
  }

  @Post()
  @ApiDoc({
    summary: 'Sign off a part of the ledger',
    description:
      'Says that its entries were reviewed, and what was found. A review is an entry itself and cannot be taken back. With a room limit it is about these rooms only.',
    example: { until: '2026-11-30T00:00:00Z', note: 'All issuances of November', findings: [] },
  })
  @RequirePermission('ledger.review')
  @Answers(reviewResponse)
  add(@CurrentActor() actor: Actor, @Body({ schema: reviewBody }) body: ReviewBody) {
    return this.reviews.add(actor, body);
  }
}
