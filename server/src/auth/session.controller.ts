import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Post,
  Put,
  Req,
  Res,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, Public, SignedIn } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { isOwnOrigin } from '../common/http/own-origin.js';
import { AppError } from '../common/errors/app-error.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { SESSION_ABSOLUTE_SECONDS } from './auth.service.js';
import {
  changePasswordBody,
  type ChangePasswordBody,
  meResponse,
  signInBody,
  type SignInBody,
} from './auth.schemas.js';
import {
  clearedCookies,
  deviceCookie,
  deviceCookieName,
  readCookie,
  readSessionCookie,
  sessionCookies,
} from './session-cookie.js';
import { SessionsService, accessOf } from './sessions.service.js';

@Controller('api/v1')
export class SessionController {
  constructor(
    private readonly sessions: SessionsService,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  @Post('session')
  @ApiDoc({
    summary: 'Sign in',
    description:
      'Sets the session cookie. A wrong password and an unknown e-mail get the same answer.',
    example: { email: 'kim@example.org', password: 'a long passphrase' },
    errors: [
      'auth.wrong_credentials',
      'auth.too_many_attempts',
      'auth.busy',
      'request.wrong_origin',
      'database.unavailable',
    ],
  })
  @HttpCode(200)
  @Public('signing in is how one becomes somebody')
  @Answers(meResponse)
  async signIn(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body({ schema: signInBody }) body: SignInBody,
  ) {
    const { origin, host, cookie } = request.headers;
    const { publicUrl } = this.config;
    if (origin !== undefined && !isOwnOrigin(origin, host, this.config)) {
      throw new AppError(
        'forbidden',
        'request.wrong_origin',
        `Sign in at ${publicUrl}: Rolecall is set up for that address.`,
      );
    }
    const { secret, deviceSecret, me } = await this.sessions.signIn(body.email, body.password, {
      ip: request.ip,
      requestId: request.id,
      userAgent: request.headers['user-agent'],
      oldSecret: readSessionCookie(cookie, publicUrl),
      deviceSecret: readCookie(cookie, deviceCookieName(publicUrl)),
    });
    reply.header('Set-Cookie', [
      ...sessionCookies(publicUrl, secret, SESSION_ABSOLUTE_SECONDS),
      deviceCookie(publicUrl, deviceSecret),
    ]);
    return me;
  }

  @Delete('session')
  @ApiDoc({
    summary: 'Sign out',
    description: 'Ends the session of the cookie that is sent.',
  })
  @HttpCode(204)
  @SignedIn()
  async signOut(
    @CurrentActor() actor: Actor,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    if (actor.sessionId) await this.sessions.signOut(actor);
    reply.header('Set-Cookie', clearedCookies(this.config.publicUrl));
  }

  @Get('me')
  @ApiDoc({
    summary: 'Read who is signed in',
    description:
      'The operator or API key, their permissions, their room limit and the most that they may hand out.',
  })
  @SignedIn()
  @Answers(meResponse)
  me(@CurrentActor() actor: Actor) {
    if (actor.kind === 'operator') return this.sessions.me(actor.id as string);
    return {
      operator: { id: actor.id as string, email: '', name: actor.label },
      ...accessOf(actor),
      accessRoles: [],
    };
  }

  @Put('me/password')
  @ApiDoc({
    summary: 'Change your own password',
    description: 'Ends every other session of the operator.',
    example: { currentPassword: 'a long passphrase', newPassword: 'an even longer passphrase' },
    errors: ['auth.wrong_password', 'auth.weak_password', 'auth.too_many_attempts', 'auth.busy'],
  })
  @HttpCode(204)
  @SignedIn({ operators: true })
  async changePassword(
    @CurrentActor() actor: Actor,
    @Body({ schema: changePasswordBody }) body: ChangePasswordBody,
  ): Promise<void> {
    await this.sessions.changePassword(actor, body.currentPassword, body.newPassword);
  }
}
