import {
  Body,
  Controller,
  Delete,
  Get,
  Headers,
  HttpCode,
  Param,
  Post,
  Put,
  Query,
  Res,
} from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { sendRecord } from '../common/http/etag.js';
import { sendPage } from '../common/http/lists.js';
import {
  createTemplateBody,
  type CreateTemplateBody,
  diffQuery,
  type DiffQuery,
  diffResponse,
  draftBody,
  type DraftBody,
  impactResponse,
  listTemplatesQuery,
  type ListTemplatesQuery,
  previewBody,
  type PreviewBody,
  publishBody,
  type PublishBody,
  publishedResponse,
  templateParams,
  templatePreviewResponse,
  templateResponse,
  updateTemplateBody,
  type UpdateTemplateBody,
  versionParams,
  versionResponse,
} from './role-templates.schemas.js';
import { RoleTemplateReader } from './role-template-reader.js';
import { RoleTemplatesService } from './role-templates.service.js';

type KeyParams = z.infer<typeof templateParams>;

@Controller('api/v1/role-templates')
export class RoleTemplatesController {
  constructor(
    private readonly reader: RoleTemplateReader,
    private readonly templates: RoleTemplatesService,
  ) {}

  @Get()
  @RequirePermission('role_template.read')
  @Answers(z.array(templateResponse))
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: listTemplatesQuery }) query: ListTemplatesQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'role-templates', query.range, await this.reader.list(actor, query));
  }

  @Post()
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createTemplateBody }) body: CreateTemplateBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(actor, reply, await this.templates.create(actor, body));
  }

  @Post('preview')
  @HttpCode(200)
  @RequirePermission('role_template.read')
  @Answers(templatePreviewResponse)
  preview(@Body({ schema: previewBody }) body: PreviewBody) {
    return this.reader.preview(body);
  }

  @Get(':key')
  @RequirePermission('role_template.read')
  @Answers(templateResponse)
  get(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(actor, reply, key);
  }

  @Put(':key')
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Body({ schema: updateTemplateBody }) body: UpdateTemplateBody & Record<string, unknown>,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.templates.update(actor, key, body, ifMatch);
    return this.send(actor, reply, key);
  }

  @Delete(':key')
  @HttpCode(204)
  @RequirePermission('role_template.write')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
  ): Promise<void> {
    await this.templates.delete(actor, key);
  }

  @Put(':key/draft')
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async saveDraft(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Body({ schema: draftBody }) body: DraftBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.templates.saveDraft(actor, key, body, ifMatch);
    return this.send(actor, reply, key);
  }

  @Delete(':key/draft')
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async discardDraft(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.templates.discardDraft(actor, key, ifMatch);
    return this.send(actor, reply, key);
  }

  @Post(':key/publish')
  @RequirePermission('role_template.publish')
  @Answers(publishedResponse)
  async publish(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Body({ schema: publishBody }) body: PublishBody,
    @Headers('if-match') ifMatch: string | undefined,
  ) {
    const { version, publishedAt } = await this.templates.publish(
      actor,
      key,
      body.message,
      ifMatch,
    );
    return { template: key, version, publishedAt };
  }

  @Post(':key/archive')
  @HttpCode(200)
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async archive(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.templates.setArchived(actor, key, true);
    return this.send(actor, reply, key);
  }

  @Post(':key/unarchive')
  @HttpCode(200)
  @RequirePermission('role_template.write')
  @Answers(templateResponse)
  async unarchive(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.templates.setArchived(actor, key, false);
    return this.send(actor, reply, key);
  }

  @Get(':key/versions')
  @RequirePermission('role_template.read')
  @Answers(z.array(versionResponse))
  versions(@CurrentActor() actor: Actor, @Param({ schema: templateParams }) { key }: KeyParams) {
    return this.reader.versions(actor, key);
  }

  @Get(':key/versions/:n')
  @RequirePermission('role_template.read')
  @Answers(versionResponse)
  async version(
    @Param({ schema: versionParams }) { key, n }: z.infer<typeof versionParams>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const version = await this.reader.version(key, n);
    reply.header('Cache-Control', 'private, max-age=31536000, immutable');
    return version;
  }

  @Get(':key/diff')
  @RequirePermission('role_template.read')
  @Answers(diffResponse)
  diff(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
    @Query({ schema: diffQuery }) query: DiffQuery,
  ) {
    return this.reader.diff(actor, key, query);
  }

  @Get(':key/impact')
  @RequirePermission('role_template.read')
  @Answers(impactResponse)
  impact(@CurrentActor() actor: Actor, @Param({ schema: templateParams }) { key }: KeyParams) {
    return this.reader.impact(actor, key);
  }

  private async send(actor: Actor, reply: FastifyReply, key: string) {
    const { view, revision } = await this.reader.get(actor, key);
    return sendRecord(reply, revision, view);
  }
}
