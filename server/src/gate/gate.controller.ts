import { createHash, timingSafeEqual } from 'node:crypto';
import {
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  type OnModuleInit,
  Options,
  Patch,
  Post,
  Req,
  Res,
} from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import { AppError } from '../common/errors/app-error.js';
import { BeforeBody } from '../common/http/before-body.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { DatabaseClock } from '../database/database-clock.js';
import { TokenReader } from '../livekit/token-reader.js';
import { GateProxy } from './gate-proxy.js';
import {
  type GateTarget,
  gateTarget,
  isMethodOpen,
  isWhip,
  presentedToken,
  upstreamUri,
} from './gate-paths.js';

const WHY = 'participants do not sign in; the LiveKit token that they present is checked';

/** Bodies of these requests are read only with a valid token. */
const WITH_BODY = [
  ['POST', '/whip/v1'],
  ['POST', '/whip/v1/*'],
  ['PATCH', '/whip/v1/*'],
] as const;

/** LiveKit's own paths for clients, and the question that other proxies ask. */
@Controller()
export class GateController implements OnModuleInit {
  private readonly reader: TokenReader;
  /** The path that clients have before LiveKit's own, without a slash at its end. */
  private readonly clientPath: string;

  constructor(
    private readonly proxy: GateProxy,
    private readonly beforeBody: BeforeBody,
    private readonly clock: DatabaseClock,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.reader = new TokenReader(config.livekit);
    const { clientUrl } = config.livekit;
    this.clientPath = clientUrl === null ? '' : new URL(clientUrl).pathname.replace(/\/+$/, '');
  }

  onModuleInit(): void {
    for (const [method, path] of WITH_BODY) {
      this.beforeBody.require(method, path, (request, reply) => this.assertToken(request, reply));
    }
  }

  /** Forward auth: nginx `auth_request`, Caddy `forward_auth`, Traefik `ForwardAuth`. */
  @Get('livekit/gate')
  @ApiDoc({
    summary: 'Decide on a connection for another proxy',
    description:
      'Forward auth for nginx, Caddy, Traefik and Envoy. Answers 200 with the `Authorization` to send on, or 401 or 403. Exists only if `ROLECALL_GATE_SECRET` is set.',
    errors: ['gate.path_closed'],
  })
  @Public(WHY)
  async forwardAuth(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!this.isFromProxy(request)) throw closed();
    const target = forwardedTarget(request, this.clientPath);
    const answer = target
      ? await this.proxy.decide({
          target,
          authorization: request.headers.authorization,
          ip: request.ip,
          requestId: String(request.id),
        })
      : ({ status: 403, code: 'gate.path_closed', text: 'This path is not open.' } as const);
    reply.status(answer.status).header('Cache-Control', 'no-store');
    if (answer.status === 200) {
      if (answer.token !== null) {
        reply
          .header('Authorization', `Bearer ${answer.token}`)
          .header('X-Rolecall-Uri', upstreamUri(answer.target));
      }
      await reply.send();
      return;
    }
    if (answer.status === 503) reply.header('Retry-After', '2');
    await reply
      .header('X-Rolecall-Code', answer.code)
      // For proxies that pass on no body of this answer.
      .header('X-Rolecall-Text', answer.text)
      .header('Access-Control-Allow-Origin', '*')
      .type('text/plain; charset=utf-8')
      .send(answer.text);
  }

  /** Rolecall's own answer, also where a proxy in front joins clients and LiveKit. */
  @Get(['rtc/validate', 'rtc/v1/validate'])
  @ApiDoc({
    summary: 'Check a LiveKit token',
    description:
      'LiveKit clients ask here why a connection failed. Answers in plain text as LiveKit does.',
    errors: ['gate.path_closed'],
  })
  @Public(WHY)
  probe(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    if (!this.isFromProxy(request)) this.assertOn();
    return this.pass(request, reply);
  }

  @Get(['rtc', 'rtc/v1'])
  @ApiDoc({
    summary: 'Connect to LiveKit',
    description:
      'The WebSocket of LiveKit clients. The presented token counts as identity only; the connection gets the role that policy gives now.',
    errors: ['gate.path_closed'],
  })
  @Public(WHY)
  signalling(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    return this.pass(request, reply);
  }

  @Post('whip/v1')
  @ApiDoc({
    summary: 'Publish with WHIP',
    description: 'Starts a WHIP session (RFC 9725). Needs `ROLECALL_WHIP=on`.',
    errors: ['gate.path_closed', 'gate.token_invalid'],
  })
  @Public(WHY)
  publish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    return this.pass(request, reply);
  }

  @Patch('whip/v1/*')
  @ApiDoc({
    summary: 'Change a WHIP session',
    description: 'Sends ICE candidates, or restarts ICE.',
    errors: ['gate.path_closed', 'gate.token_invalid'],
  })
  @Public(WHY)
  change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    return this.pass(request, reply);
  }

  @Delete('whip/v1/*')
  @ApiDoc({
    summary: 'End a WHIP session',
    description: 'Stops publishing.',
    errors: ['gate.path_closed'],
  })
  @Public(WHY)
  end(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    return this.pass(request, reply);
  }

  /** Pages of other origins may call these: LiveKit allows all, since tokens are not cookies. */
  @Options(['rtc/validate', 'rtc/v1/validate', 'whip/v1', 'whip/v1/*'])
  @ApiDoc({
    summary: 'Allow pages of other origins',
    description: 'The CORS preflight of the paths for LiveKit clients.',
    errors: ['gate.path_closed'],
  })
  @HttpCode(204)
  @Public(WHY)
  async preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    const target = gateTarget(request.raw.url ?? '');
    if (!target || (isWhip(target) && !this.config.isWhipOn)) throw closed();
    await reply
      .status(204)
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Allow-Methods', 'GET, POST, PATCH, DELETE, OPTIONS')
      .header('Access-Control-Allow-Headers', 'authorization, content-type, if-match')
      .header('Access-Control-Max-Age', '600')
      .send();
  }

  private async pass(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const target = gateTarget(request.raw.url ?? '');
    if (!target || !isMethodOpen(target, request.method)) throw closed();
    if (isWhip(target) && !this.config.isWhipOn) throw closed();
    await this.proxy.pass(target, request, reply);
  }

  /** Another proxy asks only where the gate is not built in, and shows that it is the one. */
  private isFromProxy({ headers }: FastifyRequest): boolean {
    const { gateSecret, isGateOn } = this.config;
    if (isGateOn || gateSecret === null) return false;
    const shown = headers['x-rolecall-gate-secret'];
    return typeof shown === 'string' && isSame(shown, gateSecret);
  }

  private assertToken(request: FastifyRequest, reply: FastifyReply): void {
    this.assertOn();
    const target = gateTarget(request.raw.url ?? '');
    if (!target || (isWhip(target) && !this.config.isWhipOn)) throw closed();
    const presented = presentedToken(target, request.headers.authorization);
    if (this.reader.read(presented, this.clock.now())) return;
    reply.header('Access-Control-Allow-Origin', '*');
    throw new AppError('unauthenticated', 'gate.token_invalid', 'The token is not valid.');
  }

  private assertOn(): void {
    if (!this.config.isGateOn || this.config.livekit.url === null) throw closed();
  }
}

/**
 * The request that the proxy received; null when it may not pass. The proxy may have taken the path
 * of LIVEKIT_CLIENT_URL away before it asks.
 */
function forwardedTarget({ headers }: FastifyRequest, clientPath: string): GateTarget | null {
  const uri = toldBy(headers['x-original-uri'], headers['x-forwarded-uri']);
  const method = toldBy(headers['x-original-method'], headers['x-forwarded-method']);
  if (typeof uri !== 'string' || method === undefined) return null;
  const isBelow = clientPath !== '' && uri.startsWith(`${clientPath}/`);
  const target = gateTarget(isBelow ? uri.slice(clientPath.length) : uri);
  return target && isMethodOpen(target, method) ? target : null;
}

type Header = string | string[] | undefined;

/**
 * Where both headers are there, they must say the same: a client may have sent one of them. Null
 * when there is none, undefined when they differ.
 */
function toldBy(one: Header, other: Header): string | null | undefined {
  const said = one ?? other ?? null;
  if (Array.isArray(said)) return undefined;
  return (other ?? said) === said ? said : undefined;
}

/** Takes the same time for every wrong one. */
function isSame(shown: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(shown), digest(secret));
}

function closed(): AppError {
  return new AppError('not_found', 'gate.path_closed', 'There is nothing here.');
}
