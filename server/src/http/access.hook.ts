import { Injectable } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { FastifyReply } from 'fastify';
import { AppError } from '../common/errors/app-error.js';
import { BeforeBody } from '../common/http/before-body.js';
import type { AccessRule, RequestWithActor } from '../actor/access.decorators.js';
import { AccessGuard } from './access.guard.js';
import { readRoutes } from './route-table.js';

/** Decides who may before a request's body is read: nobody makes the server hold what it refuses. */
@Injectable()
export class AccessHook {
  private rules: ReadonlyMap<string, AccessRule> | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    private readonly guard: AccessGuard,
    private readonly beforeBody: BeforeBody,
  ) {}

  /** Undefined for what is no controller's: files of the dashboard. */
  ruleOf(method: string, url: string | undefined): AccessRule | undefined {
    this.rules ??= new Map(
      readRoutes(this.discovery, this.scanner).flatMap(({ method: of, path, rule }) =>
        rule ? [[`${of} ${path}`, rule]] : [],
      ),
    );
    return this.rules.get(`${method === 'HEAD' ? 'GET' : method} ${url ?? ''}`);
  }

  async onRequest(request: RequestWithActor, reply: FastifyReply): Promise<void> {
    if (request.is404) {
      throw new AppError('not_found', 'route.not_found', 'There is nothing at this address.');
    }
    const rule = this.ruleOf(request.method, request.routeOptions.url);
    if (!rule) return;
    await this.guard.decide(rule, request, reply);
    if (rule.kind === 'public') await this.beforeBody.check(request, reply);
  }
}
