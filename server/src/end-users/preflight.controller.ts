import { Controller, HttpCode, Options, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Public } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import { CrossOrigin } from './cross-origin.js';

@Controller()
export class PreflightController {
  constructor(private readonly crossOrigin: CrossOrigin) {}

  @Options('livekit/token')
  @ApiDoc({
    summary: 'Allow pages of listed origins',
    description:
      'The CORS preflight of `POST /livekit/token`. Only origins in `ROLECALL_CORS_ORIGINS` are allowed, and never with cookies.',
  })
  @HttpCode(204)
  @Public('a browser asks here whether a page of another origin may ask; a list decides')
  async preflight(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    this.crossOrigin.allowRequest(request, reply);
    await reply.status(204).send();
  }
}
