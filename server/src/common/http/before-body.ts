import { Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Throws to refuse a request by its headers. */
export type HeaderCheck = (request: FastifyRequest, reply: FastifyReply) => unknown;

/**
 * What public routes ask of a request before its body is read, when the headers tell who sends it.
 * Routes with another access rule need none: the guard decides them before the body as well.
 */
@Injectable()
export class BeforeBody {
  private readonly checks = new Map<string, HeaderCheck>();

  /** `path` as the route declares it, from the root. */
  require(method: string, path: string, check: HeaderCheck): void {
    this.checks.set(`${method} ${path}`, check);
  }

  async check(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    await this.checks.get(`${request.method} ${request.routeOptions.url ?? ''}`)?.(request, reply);
  }
}
