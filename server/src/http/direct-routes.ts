import { type ArgumentMetadata, Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import type { RequestWithActor } from '../actor/access.decorators.js';
import { ValidationPipe } from '../common/http/validation.pipe.js';
import { AccessGuard } from './access.guard.js';
import { Idempotency } from './idempotency.js';
import { ProblemFilter } from './problem.filter.js';
import { readRoutes, type Route } from './route-table.js';

type Handler = (request: RequestWithActor, reply: FastifyReply) => void;

const JSON_TYPE = 'application/json; charset=utf-8';

/** Runs the routes that are marked `@Direct()`: the steps of Nest's pipeline in its order, without it. */
@Injectable()
export class DirectRoutes {
  private handlers: ReadonlyMap<string, Handler> | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly guard: AccessGuard,
    private readonly idempotency: Idempotency,
    private readonly validation: ValidationPipe,
    private readonly problems: ProblemFilter,
  ) {}

  /** Undefined for a route that Nest runs. */
  handlerOf(method: string, url: string): Handler | undefined {
    this.handlers ??= new Map(
      readRoutes(this.discovery, this.scanner)
        .filter(({ isDirect }) => isDirect)
        .map((route) => [`${route.method} ${route.path}`, this.toHandler(route)]),
    );
    return this.handlers.get(`${method} ${url}`);
  }

  private toHandler({ rule, parameters, call, successStatus, path }: Route): Handler {
    const [body, ...others] = parameters;
    if (!rule || body?.kind !== 'body' || others.length > 0) {
      throw new Error(`${path} cannot be direct: its handler takes an actor and a body`);
    }
    const metadata = { type: 'body', schema: body.schema } as ArgumentMetadata;

    const answer = async (request: RequestWithActor, reply: FastifyReply): Promise<void> => {
      await this.guard.beforeHandler(rule, request, reply);
      reply.status(successStatus);
      const work = async (): Promise<unknown> =>
        call(request.actor, await this.validation.transform(request.body, metadata));
      const key = this.idempotency.keyOf(request);
      const value = key ? await this.idempotency.once(key, request, reply, work) : await work();
      reply.header('Content-Type', JSON_TYPE).send(JSON.stringify(value));
    };
    return (request, reply) => {
      answer(request, reply).catch((error: unknown) => this.problems.answer(error, request, reply));
    };
  }
}
