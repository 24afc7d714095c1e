import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AppError } from '../common/errors/app-error.js';
import { isOwnOrigin } from '../common/http/own-origin.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';

/** Which pages of other origins may call a route for end users. No cookie counts for them. */
@Injectable()
export class CrossOrigin {
  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {}

  /** Lets the page read the answer, if its origin is on the list. */
  allow({ headers }: FastifyRequest, reply: FastifyReply): void {
    reply.header('Vary', 'Origin');
    if (!this.isListed(headers.origin)) return;
    reply.header('Access-Control-Allow-Origin', headers.origin);
    reply.header('Access-Control-Expose-Headers', 'Retry-After, X-Request-Id');
  }

  /** The answer to the question that browsers ask before the request itself. */
  allowRequest(request: FastifyRequest, reply: FastifyReply): void {
    this.allow(request, reply);
    if (!this.isListed(request.headers.origin)) return;
    reply.header('Access-Control-Allow-Methods', 'POST');
    reply.header('Access-Control-Allow-Headers', 'authorization, content-type, idempotency-key');
    reply.header('Access-Control-Max-Age', '600');
  }

  /** Programs send no origin. A page that could not read the answer gets none. */
  assertAllowed({ headers }: FastifyRequest): void {
    const { origin, host } = headers;
    if (origin === undefined || this.isListed(origin) || isOwnOrigin(origin, host, this.config)) {
      return;
    }
    throw new AppError(
      'forbidden',
      'request.wrong_origin',
      'Pages of this origin may not ask for tokens. An admin can add it to ROLECALL_CORS_ORIGINS.',
    );
  }

  private isListed(origin: string | undefined): boolean {
    return origin !== undefined && this.config.corsOrigins.includes(origin);
  }
}
