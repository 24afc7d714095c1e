import { Controller, Get, Inject, Res } from '@nestjs/common';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { Public } from '../actor/access.decorators.js';
import { ApiDoc } from '../common/http/api-docs.js';
import type { FastifyReply } from 'fastify';
import { readRoutes } from './route-table.js';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { buildOpenApi } from './openapi.js';

@Controller('api/openapi.json')
export class OpenApiController {
  /** One copy for all who ask: anybody may, and may take it slowly. */
  private document: Buffer | null = null;

  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
    @Inject(APP_CONFIG) private readonly config: AppConfig,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'Read this document',
    description: 'OpenAPI 3.1 of exactly the routes that are served.',
  })
  @Public('describes the API, holds no data')
  openApi(@Res() reply: FastifyReply): void {
    this.document ??= Buffer.from(
      JSON.stringify(buildOpenApi(readRoutes(this.discovery, this.scanner), this.config.publicUrl)),
    );
    void reply.type('application/json; charset=utf-8').send(this.document);
  }
}
