import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { idParams } from '../common/http/fields.js';
import { sendPage } from '../common/http/lists.js';
import {
  apiKeyResponse,
  createApiKeyBody,
  createdApiKeyResponse,
  type CreateApiKeyBody,
  listApiKeysQuery,
  type ListApiKeysQuery,
} from './api-keys.schemas.js';
import { ApiKeysService } from './api-keys.service.js';

@Controller('api/v1/api-keys')
export class ApiKeysController {
  constructor(private readonly apiKeys: ApiKeysService) {}

  @Get()
  @ApiDoc({
    summary: 'List API keys',
    description:
      'All keys, also revoked ones. The keys themselves are not stored, only their hashes.',
  })
  @RequirePermission('api_key.read')
  @Answers(z.array(apiKeyResponse))
  async list(
    @Query({ schema: listApiKeysQuery }) query: ListApiKeysQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'api-keys', query.range, await this.apiKeys.list(query));
  }

  @Post()
  @ApiDoc({
    summary: 'Create an API key',
    description:
      'The answer holds the key. It is shown once. A key cannot hold more than its creator does.',
    example: { name: 'Town backend', permissions: ['token.issue', 'room.read'], rooms: ['town-*'] },
    errors: ['access.escalation'],
  })
  @RequirePermission('api_key.create')
  @Answers(createdApiKeyResponse)
  create(@CurrentActor() actor: Actor, @Body({ schema: createApiKeyBody }) body: CreateApiKeyBody) {
    return this.apiKeys.create(actor, body);
  }

  @Get(':id')
  @ApiDoc({
    summary: 'Read an API key',
    description: 'One key, without its secret.',
    errors: ['api_key.not_found'],
  })
  @RequirePermission('api_key.read')
  @Answers(apiKeyResponse)
  get(@Param({ schema: idParams }) { id }: { id: string }) {
    return this.apiKeys.get(id);
  }

  @Delete(':id')
  @ApiDoc({
    summary: 'Revoke an API key',
    description: 'The key stops working at once. It stays in the list as revoked.',
    errors: ['api_key.not_found', 'access.escalation'],
  })
  @HttpCode(204)
  @RequirePermission('api_key.revoke')
  async revoke(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: { id: string },
  ): Promise<void> {
    await this.apiKeys.revoke(actor, id);
  }
}
