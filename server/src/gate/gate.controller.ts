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
import { Public } from '../access/access.decorators.js';
import { AppError } from '../common/errors/app-error.js';
import { BeforeBody } from '../common/http/before-body.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { TokenReader } from '../livekit/token-reader.js';
import { GateProxy } from './gate-proxy.js';
import { type GateTarget, gateTarget, presentedToken } from './gate-paths.js';

const WHY = 'participants do not sign in; the LiveKit token that they present is checked';

/** What is sent to these is read only for who holds a token of ours. */
const WITH_BODY = [
  ['POST', '/whip/v1'],
  ['POST', '/whip/v1/*'],
  ['PATCH', '/whip/v1/*'],
] as const;

/** LiveKit's own paths for clients, and the question that other proxies ask. */
@Controller()
export class GateController implements OnModuleInit {
  private readonly reader: TokenReader;

  constructor(
    private readonly proxy: GateProxy,
    private readonly beforeBody: BeforeBody,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {
    this.reader = new TokenReader(config.livekit);
  }

  onModuleInit(): void {
    for (const [method, path] of WITH_BODY) {
      this.beforeBody.require(method, path, (request, reply) => this.assertToken(request, reply));
    }
  }

  /** Forward auth: nginx `auth_request`, Caddy `forward_auth`, Traefik `ForwardAuth`. */
  @Get('livekit/gate')
  @Public(WHY)
  async forwardAuth(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const target = forwardedTarget(request);
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
      await reply.header('Authorization', `Bearer ${answer.token}`).send();
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

  @Get(['rtc', 'rtc/v1', 'rtc/validate', 'rtc/v1/validate'])
  @Public(WHY)
  signalling(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.pass(request, reply);
  }

  @Post(['whip/v1', 'whip/v1/*'])
  @Public(WHY)
  publish(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.pass(request, reply);
  }

  @Patch('whip/v1/*')
  @Public(WHY)
  change(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.pass(request, reply);
  }

  @Delete('whip/v1/*')
  @Public(WHY)
  end(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    return this.pass(request, reply);
  }

  /** Pages of other origins may call these: LiveKit allows all, since tokens are not cookies. */
  @Options(['rtc/validate', 'rtc/v1/validate', 'whip/v1', 'whip/v1/*'])
  @HttpCode(204)
  @Public(WHY)
  async preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.assertOn();
    const asked = request.headers['access-control-request-headers'];
    await reply
      .status(204)
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Allow-Methods', 'GET, POST, PATCH, DELETE, OPTIONS')
      .header('Access-Control-Allow-Headers', asked ?? 'authorization, content-type')
      .header('Access-Control-Max-Age', '600')
      .send();
  }

  private async pass(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.assertOn();
    const target = gateTarget(request.raw.url ?? '');
    if (!target) throw closed();
    await this.proxy.pass(target, request, reply);
  }

  private assertToken(request: FastifyRequest, reply: FastifyReply): void {
    this.assertOn();
    const target = gateTarget(request.raw.url ?? '');
    if (!target) throw closed();
    if (this.reader.read(presentedToken(target, request.headers.authorization))) return;
    reply.header('Access-Control-Allow-Origin', '*');
    throw new AppError('unauthenticated', 'gate.token_invalid', 'The token is not valid.');
  }

  private assertOn(): void {
    if (!this.config.isGateOn || this.config.livekit.url === null) throw closed();
  }
}

/** Both headers, when both are there, must say the same: a client may have sent one of them. */
function forwardedTarget({ headers }: FastifyRequest): GateTarget | null {
  const given = [headers['x-original-uri'], headers['x-forwarded-uri']].filter(
    (value) => value !== undefined,
  );
  const [uri] = given;
  if (typeof uri !== 'string' || given.some((other) => other !== uri)) return null;
  return gateTarget(uri);
}

function closed(): AppError {
  return new AppError('not_found', 'gate.path_closed', 'There is nothing here.');
}
