import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { RateLimit } from '../../common/rate-limit.js';
import {
  integrityResponse,
  recordedResponse,
  type VerificationBody,
  verificationBody,
} from './integrity.schemas.js';
import { LedgerIntegrity } from './ledger-integrity.js';
import { VerificationRuns } from './verification-runs.js';

/** Each is an entry for good, written by somebody who may only read. */
const REPORTS = { points: 10, seconds: 60 };

@Controller('api/v1/ledger')
export class IntegrityController {
  private readonly reports = new RateLimit(REPORTS);

  constructor(
    private readonly integrity: LedgerIntegrity,
    private readonly runs: VerificationRuns,
  ) {}

  @Get('integrity')
  @ApiDoc({
    summary: 'Read the integrity of the ledger',
    description:
      'The newest checkpoint, who cosigned it, what is not sealed yet, the mirror, what weakens the proofs, and the last runs that verified the ledger.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(integrityResponse)
  view(@CurrentActor() actor: Actor) {
    return this.integrity.view(actor);
  }

  @Post('verifications')
  @HttpCode(201)
  @ApiDoc({
    summary: 'Record that you verified the ledger',
    description:
      'For a browser or another program that verified the tree itself. It becomes an entry `ledger.verified` by you, which says that the server cannot check this claim. At most 10 a minute.',
    example: {
      isProved: true,
      what: 'entries',
      isPinned: true,
      size: 120_000,
      checked: 120_000,
      since: null,
      ms: 4_200,
      wrong: null,
      problems: [],
    },
  })
  @RequirePermission('ledger.read')
  @Answers(recordedResponse)
  async record(
    @CurrentActor() actor: Actor,
    @Body({ schema: verificationBody }) body: VerificationBody,
  ) {
    await this.reports.consume(`${actor.kind} ${actor.id}`);
    return this.runs.recordClaim(actor, body);
  }
}
