import { Body, Controller, Header, Post, Req } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { AppError, fieldError } from '../common/errors/app-error.js';
import { WHY_NOT_IN } from '../common/errors/why-not-in.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import type { RequestWithEndUser } from '../end-users/end-user-auth.js';
import type { EndUser } from '../end-users/user-tokens.js';
import { type Issued, IssuanceService } from './issuance.service.js';
import {
  fieldRefused,
  readRequest,
  tokenSourceBody,
  type TokenSourceBody,
  type TokenSourceRequest,
  tokenSourceResponse,
} from './token-source.schemas.js';

/**
 * LiveKit's TokenSource convention, for backends that hold an API key and for end users themselves.
 * The role is always what policy says: a client cannot ask for grants.
 */
@Controller()
export class TokenSourceController {
  constructor(private readonly issuance: IssuanceService) {}

  @Post('livekit/token')
  @ApiDoc({
    summary: 'Issue a token by the TokenSource convention',
    description:
      'For clients and backends that speak LiveKit’s TokenSource convention. The role is what policy says. A backend sends its API key and names the identity. An end user sends the JWT of your application: the identity is in it, and the body may only add a display name. Takes the older `{room, userId}` too, and then answers `{token, url}`.',
    example: {
      room_name: 'town-hall',
      participant_identity: 'ana-91',
      participant_name: 'Ana Ruiz',
    },
    errors: [
      'token.refused',
      'token.field_refused',
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
      'ledger.not_cosigned',
    ],
  })
  @RequirePermission('token.issue', { endUsers: true })
  @Header('Cache-Control', 'no-store')
  @Answers(tokenSourceResponse)
  async tokenSource(
    @CurrentActor() actor: Actor,
    @Req() { endUser }: RequestWithEndUser,
    @Body({ schema: tokenSourceBody }) body: TokenSourceBody,
  ) {
    const request = readRequest(body);
    const issued = endUser
      ? await this.issueToEndUser(actor, endUser, request)
      : await this.issueToBackend(actor, request);
    if (request.isOlder) return { token: issued.token, url: issued.serverUrl };
    return { server_url: issued.serverUrl, participant_token: issued.token };
  }

  private async issueToBackend(actor: Actor, request: TokenSourceRequest): Promise<Issued> {
    const { config, name, metadata, attributes } = request;
    if (config.value !== undefined) {
      throw fieldError(config.field, 'is not taken from clients: it can start agents and egress');
    }
    const room = required(request.room);
    const identity = required(request.identity);
    const body = {
      room,
      identity,
      name: name.value,
      metadata: metadata.value,
      attributes: attributes.value,
    };
    return this.issuance.issue(actor, body).catch((error: unknown) => {
      throw inItsWords(error, request);
    });
  }

  /** The identity is the one in their JWT. A person who is new is added, if policy gives a role. */
  private async issueToEndUser(
    actor: Actor,
    { identity, name }: EndUser,
    request: TokenSourceRequest,
  ): Promise<Issued> {
    const room = required(request.room);
    const { identity: asked, config, metadata, attributes } = request;
    if (asked.value !== undefined && asked.value !== identity) {
      const refusal = { room, identity: asked.value };
      await this.issuance.recordRefusal(actor, refusal, 'token.other_identity');
      throw fieldRefused(asked.field, 'is not you: your token says who you are');
    }
    if (config.value !== undefined) {
      throw fieldRefused(config.field, 'is not taken from clients: it can start agents and egress');
    }
    for (const { value, field } of [metadata, attributes]) {
      if (value === undefined) continue;
      throw fieldRefused(field, 'is not taken from end users: your application sets it for them');
    }
    const body = { room, identity, name: request.name.value ?? name ?? undefined };
    return this.issuance.issue(actor, { ...body, createUser: true }).catch((error: unknown) => {
      throw forThemselves(error);
    });
  }
}

function required({ value, field }: { value: string | undefined; field: string }): string {
  if (value === undefined) throw fieldError(field, 'is required');
  return value;
}

const NOT_THERE: Record<string, ['room' | 'identity', string]> = {
  'room.not_found': ['room', 'there is no such room'],
  'user.not_found': ['identity', 'nobody has this identity'],
};

/** The convention calls fields otherwise, and has none to create what is not there. */
function inItsWords(error: unknown, request: TokenSourceRequest): unknown {
  const meant = error instanceof AppError ? NOT_THERE[error.code] : undefined;
  if (!(error instanceof AppError) || !meant) return error;
  const [field, text] = [request[meant[0]].field, meant[1]];
  return new AppError(error.kind, error.code, `${field}: ${text}`, { errors: { [field]: text } });
}

/** The ledger has the whole reason. A room that is not there is refused like one that is not theirs. */
function forThemselves(error: unknown): unknown {
  if (!(error instanceof AppError)) return error;
  const isRefused = error.kind === 'forbidden' || error.kind === 'not_found';
  if (!isRefused && error.code !== 'user.identity_taken') return error;
  const { refusal } = error.options.extra ?? {};
  const code = error.code === 'user.identity_taken' ? 'user.deleted' : refusal;
  const text = WHY_NOT_IN[String(code)];
  return new AppError('forbidden', 'token.refused', text ?? 'You may not join this room.', {
    extra: { refusal: text === undefined ? 'no_role' : code },
  });
}
