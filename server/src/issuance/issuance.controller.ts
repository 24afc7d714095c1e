import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Direct } from '../actor/direct.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../database/search-pool.js';
import { explainQuery, type ExplainQuery, explainResponse } from './explanations.schemas.js';
import { ExplanationsService } from './explanations.service.js';
import { LedgerReads } from '../ledger/reads/ledger-reads.js';
import { issueBody, type IssueBody, issueResponse, previewResponse } from './issuance.schemas.js';
import { ISSUE_ERRORS } from './issue-errors.js';
import { IssuanceService } from './issuance.service.js';

const ISSUE_EXAMPLE = {
  room: 'town-hall',
  identity: 'ana-91',
  name: 'Ana Ruiz',
  ttl: '10m',
  createRoom: true,
};

@Controller()
export class IssuanceController {
  constructor(
    private readonly issuance: IssuanceService,
    private readonly explanations: ExplanationsService,
    private readonly reads: LedgerReads,
  ) {}

  @Post('api/v1/tokens')
  @ApiDoc({
    summary: 'Issue a token',
    description:
      'Computes the role of the identity in the room, writes the ledger entry, and signs the token. To ask for another role with `template`, the caller needs `token.issue_as`; it must be within their ceiling.',
    example: ISSUE_EXAMPLE,
    errors: ISSUE_ERRORS,
  })
  @RequirePermission('token.issue')
  @Answers(issueResponse)
  @Direct()
  issue(@CurrentActor() actor: Actor, @Body({ schema: issueBody }) body: IssueBody) {
    return this.issuance.issue(actor, body);
  }

  @Post('api/v1/tokens/preview')
  @ApiDoc({
    summary: 'Preview a token',
    description:
      'The claims that a token would carry, and why. Signs nothing; that it was asked is in the ledger, repeated questions as a sum.',
    example: ISSUE_EXAMPLE,
    errors: [
      'token.refused',
      'room.not_found',
      'user.not_found',
      'role_template.not_found',
      'seat.above_ceiling',
    ],
  })
  @HttpCode(200)
  @RequirePermission('token.preview')
  @Answers(previewResponse)
  async preview(@CurrentActor() actor: Actor, @Body({ schema: issueBody }) body: IssueBody) {
    const { room = null, identity = null, user: userId, template } = body;
    try {
      return await this.issuance.preview(actor, body);
    } finally {
      await this.reads.previewed(actor, { room, identity, userId, template });
    }
  }

  @Get('api/v1/explain')
  @ApiDoc({
    summary: 'Explain a role',
    description:
      'The role that an identity would get in a room now, with every rule that wins, loses or almost applies. With `at` the same as of an earlier instant, from the ledger alone; `compareAt` adds another instant and what changed between the two.',
    errors: ['room.not_found', 'access.denied', 'ledger.too_much', ...SEARCH_PROBLEMS],
  })
  @RequirePermission('token.preview')
  @Answers(explainResponse)
  async explain(
    @CurrentActor() actor: Actor,
    @Query({ schema: explainQuery }) query: ExplainQuery,
  ) {
    const { room, identity } = query;
    try {
      return await this.explanations.explain(actor, query);
    } finally {
      await this.reads.previewed(actor, { room, identity });
    }
  }
}
