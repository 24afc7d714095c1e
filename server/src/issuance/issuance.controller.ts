import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import type { ProblemCode } from '../common/errors/problems.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import {
  explainQuery,
  type ExplainQuery,
  explainResponse,
  issueBody,
  type IssueBody,
  issueResponse,
  previewResponse,
  tokenSourceBody,
  type TokenSourceBody,
  tokenSourceResponse,
} from './issuance.schemas.js';
import { IssuanceService } from './issuance.service.js';

const ISSUE_EXAMPLE = {
  room: 'town-hall',
  identity: 'ana-91',
  name: 'Ana Ruiz',
  ttl: '10m',
  createRoom: true,
};

/** The problems of every route that issues a token. */
const ISSUE_ERRORS: readonly ProblemCode[] = [
  'token.refused',
  'room.not_found',
  'user.not_found',
  'role_template.not_found',
  'access.denied',
  'seat.above_ceiling',
  'token.void_at_once',
  'ledger.overloaded',
  'ledger.lost_shard',
  'livekit.room_not_started',
  'clock.skewed',
];

@Controller()
export class IssuanceController {
  constructor(private readonly issuance: IssuanceService) {}

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
  issue(@CurrentActor() actor: Actor, @Body({ schema: issueBody }) body: IssueBody) {
    return this.issuance.issue(actor, body);
  }

  @Post('api/v1/tokens/preview')
  @ApiDoc({
    summary: 'Preview a token',
    description: 'The claims that a token would carry, and why. Signs nothing and writes nothing.',
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
  preview(@CurrentActor() actor: Actor, @Body({ schema: issueBody }) body: IssueBody) {
    return this.issuance.preview(actor, body);
  }

  @Get('api/v1/explain')
  @ApiDoc({
    summary: 'Explain a role',
    description:
      'The role that an identity would get in a room now, with every rule that wins, loses or almost applies.',
    errors: ['room.not_found'],
  })
  @RequirePermission('token.preview')
  @Answers(explainResponse)
  explain(@CurrentActor() actor: Actor, @Query({ schema: explainQuery }) query: ExplainQuery) {
    return this.issuance.explain(actor, query.room, query.identity);
  }

  /**
   * LiveKit's TokenSource convention, for backends that hold an API key. The role is always what
   * policy says: a client cannot ask for grants, and what would start agents or egress is refused.
   */
  @Post('livekit/token')
  @ApiDoc({
    summary: 'Issue a token by the TokenSource convention',
    description:
      'For clients and backends that speak LiveKit’s TokenSource convention. The role is what policy says; `room_config` is refused. Takes the older `{room, userId}` too.',
    example: {
      room_name: 'town-hall',
      participant_identity: 'ana-91',
      participant_name: 'Ana Ruiz',
    },
    errors: ISSUE_ERRORS,
  })
  @RequirePermission('token.issue')
  @Answers(tokenSourceResponse)
  async tokenSource(
    @CurrentActor() actor: Actor,
    @Body({ schema: tokenSourceBody }) body: TokenSourceBody,
  ) {
    if (body.room_config !== undefined) {
      throw fieldError('room_config', 'is not taken from clients: it can start agents and egress');
    }
    const olderIdentity = body.userId ?? body.user_id;
    const isOlder = body.room !== undefined || olderIdentity !== undefined;
    const older = { room: 'room', identity: body.user_id === undefined ? 'userId' : 'user_id' };
    const names = {
      room: isOlder && body.room_name === undefined ? older.room : 'room_name',
      identity:
        isOlder && body.participant_identity === undefined
          ? older.identity
          : 'participant_identity',
    };
    const room = body.room_name ?? body.room;
    const identity = body.participant_identity ?? olderIdentity;
    if (room === undefined) throw fieldError(names.room, 'is required');
    if (identity === undefined) throw fieldError(names.identity, 'is required');
    const issued = await this.issuance
      .issue(actor, {
        room,
        identity,
        name: body.participant_name,
        metadata: body.participant_metadata,
        attributes: body.participant_attributes,
      })
      .catch((error: unknown) => {
        throw inItsWords(error, names);
      });
    if (isOlder) return { token: issued.token, url: issued.serverUrl };
    return { server_url: issued.serverUrl, participant_token: issued.token };
  }
}

const NOT_THERE: Record<string, ['room' | 'identity', string]> = {
  'room.not_found': ['room', 'there is no such room'],
  'user.not_found': ['identity', 'nobody has this identity'],
};

/** The convention calls fields otherwise, and has none to create what is not there. */
function inItsWords(error: unknown, names: { room: string; identity: string }): unknown {
  const meant = error instanceof AppError ? NOT_THERE[error.code] : undefined;
  if (!(error instanceof AppError) || !meant) return error;
  const [field, text] = [names[meant[0]], meant[1]];
  return new AppError(error.kind, error.code, `${field}: ${text}`, { errors: { [field]: text } });
}
