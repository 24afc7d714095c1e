import { Inject, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Actor, type AccessHold } from '../actor/actor.js';
import { networkOf } from '../common/http/client-address.js';
import { RateLimit } from '../common/rate-limit.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { CrossOrigin } from './cross-origin.js';
import { type EndUser, UserTokens } from './user-tokens.js';

export interface RequestWithEndUser extends FastifyRequest {
  /** Set where an end user asks for themselves. */
  endUser?: EndUser;
}

/** Tokens for themselves, where policy gives them a role; who is new is added with the first one. */
const OWN_TOKENS: AccessHold = {
  permissions: new Set(['token.issue', 'user.create']),
  rooms: null,
  ceiling: null,
};

/** Authenticates the application's end users by the JWT that the application gave them. */
@Injectable()
export class EndUserAuth {
  private readonly perUser: RateLimit;
  private readonly perAddress: RateLimit;

  constructor(
    private readonly tokens: UserTokens,
    private readonly crossOrigin: CrossOrigin,
    @Inject(APP_CONFIG) { rateUser, rateUserAddress }: AppConfig,
  ) {
    this.perUser = new RateLimit(rateUser);
    this.perAddress = new RateLimit(rateUserAddress);
  }

  /** Null for a request that carries no user JWT: others may be known by another credential. */
  async authenticate(request: RequestWithEndUser): Promise<Actor | null> {
    if (!this.tokens.isOn) return null;
    const token = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i.exec(request.headers.authorization ?? '');
    if (!token) return null;
    // Before the signature is checked: that is what a wrong token costs.
    await this.perAddress.consume(networkOf(request.ip));
    this.crossOrigin.assertAllowed(request);
    const user = await this.tokens.verify(token[1] as string);
    await this.perUser.consume(user.identity);
    request.endUser = user;
    const { identity } = user;
    return new Actor('user', identity, identity, [OWN_TOKENS], request.id, request.ip);
  }
}
