import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../database/search-pool.js';
import { challengeBody, type ChallengeBody, challengeResponse } from './challenge.schemas.js';
import { ChallengeService } from './challenge.service.js';

@Controller('api/v1/ledger/challenge')
export class ChallengeController {
  constructor(private readonly challenges: ChallengeService) {}

  @Post()
  @HttpCode(200)
  @ApiDoc({
    summary: 'Decide random entries again',
    description:
      'Draws entries that record a decision (tokens, connects, promotions and demotions), decides each again from policy as the ledger has it for that instant, and says where the two agree. It is an entry itself.',
    example: { n: 20, from: '2026-11-01T00:00:00Z' },
    errors: [...SEARCH_PROBLEMS, 'ledger.too_much'],
  })
  @RequirePermission('ledger.read')
  @Answers(challengeResponse)
  challenge(@CurrentActor() actor: Actor, @Body({ schema: challengeBody }) body: ChallengeBody) {
    return this.challenges.run(actor, body);
  }
}
