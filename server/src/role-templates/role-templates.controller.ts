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
import { Answers, ApiDoc } from '../common/http/api-docs.js';
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
  @ApiDoc({
    summary: 'List role templates',
    description: 'Every template with its published version and its draft.',
  })
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
  @ApiDoc({
    summary: 'Create a role template',
    description: 'Makes a template with a draft. Nobody has the role before it is published.',
    example: {
      key: 'panelist',
      name: 'Panelist',
      grants: {
        roomJoin: true,
        canSubscribe: true,
        canPublish: true,
        canPublishSources: ['camera', 'microphone'],
      },
    },
    errors: ['access.beyond_ceiling', 'role_template.key_taken'],
  })
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
  @ApiDoc({
    summary: 'Preview a role template',
    description:
      'The claims of a token with these grants, the grants in words, and what should be reviewed before publishing.',
    example: { grants: { roomJoin: true, canSubscribe: true }, ttl: '1h' },
  })
  @HttpCode(200)
  @RequirePermission('role_template.read')
  @Answers(templatePreviewResponse)
  preview(@Body({ schema: previewBody }) body: PreviewBody) {
    return this.reader.preview(body);
  }

  @Get(':key')
  @ApiDoc({
    summary: 'Read a role template',
    description: 'One template with its published version and its draft.',
    errors: ['role_template.not_found'],
  })
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
  @ApiDoc({
    summary: 'Change a role template',
    description:
      'Changes the name, the description and the colour. Grants change through the draft.',
    example: { name: 'Panel', color: '#1f7a5c' },
    errors: ['role_template.not_found', 'record.changed', 'request.read_only'],
  })
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
  @ApiDoc({
    summary: 'Delete a role template',
    description: 'Only a template that was never published can be deleted; archive the others.',
    errors: ['role_template.not_found', 'role_template.was_published', 'role_template.in_use'],
  })
  @HttpCode(204)
  @RequirePermission('role_template.write')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: templateParams }) { key }: KeyParams,
  ): Promise<void> {
    await this.templates.delete(actor, key);
  }

  @Put(':key/draft')
  @ApiDoc({
    summary: 'Save the draft of a role template',
    description:
      'Replaces the fields that are sent. Nobody’s role changes before the draft is published.',
    example: { ttl: '30m' },
    errors: ['role_template.not_found', 'access.beyond_ceiling', 'record.changed'],
  })
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
  @ApiDoc({
    summary: 'Discard the draft of a role template',
    description: 'The published version stays as it is.',
    errors: ['role_template.not_found', 'role_template.only_draft', 'record.changed'],
  })
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
  @ApiDoc({
    summary: 'Publish the draft of a role template',
    description:
      'Makes an immutable version from the draft. People who have the role get it within seconds.',
    example: { message: 'Panelists may share their screen' },
    errors: [
      'role_template.not_found',
      'role_template.no_draft',
      'access.beyond_ceiling',
      'record.changed',
    ],
  })
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
  @ApiDoc({
    summary: 'Archive a role template',
    description:
      'Nobody can be given the role from then on. Refused while an assignment or a room uses it.',
    errors: ['role_template.not_found', 'role_template.in_use'],
  })
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
  @ApiDoc({
    summary: 'Unarchive a role template',
    description: 'It can be given again.',
    errors: ['role_template.not_found'],
  })
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
  @ApiDoc({
    summary: 'List the versions of a role template',
    description: 'The newest version first.',
    errors: ['role_template.not_found'],
  })
  @RequirePermission('role_template.read')
  @Answers(z.array(versionResponse))
  versions(@CurrentActor() actor: Actor, @Param({ schema: templateParams }) { key }: KeyParams) {
    return this.reader.versions(actor, key);
  }

  @Get(':key/versions/:n')
  @ApiDoc({
    summary: 'Read a version of a role template',
    description: 'Versions never change.',
    errors: ['role_template.not_found', 'role_template.no_version'],
  })
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
  @ApiDoc({
    summary: 'Compare two versions of a role template',
    description: 'What changes for people who have the role, in sentences.',
    errors: ['role_template.not_found', 'role_template.no_version'],
  })
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
  @ApiDoc({
    summary: 'Read who has a role template',
    description:
      'The assignments and rooms that give the role and the connected people who have it, as far as the caller may see them.',
    errors: ['role_template.not_found'],
  })
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
