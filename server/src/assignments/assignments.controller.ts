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
import { idParams } from '../common/http/fields.js';
import { sendPage } from '../common/http/lists.js';
import {
  assignmentResponse,
  createAssignmentBody,
  type CreateAssignmentBody,
  listAssignmentsQuery,
  type ListAssignmentsQuery,
  updateAssignmentBody,
  type UpdateAssignmentBody,
} from './assignments.schemas.js';
import type { AssignmentView } from './assignment-record.js';
import { AssignmentsService } from './assignments.service.js';

type IdParams = z.infer<typeof idParams>;

@Controller('api/v1/assignments')
export class AssignmentsController {
  constructor(private readonly assignments: AssignmentsService) {}

  @Get()
  @ApiDoc({
    summary: 'List assignments',
    description: 'The assignments that touch rooms the caller may see.',
  })
  @RequirePermission('assignment.read')
  @Answers(z.array(assignmentResponse))
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: listAssignmentsQuery }) query: ListAssignmentsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const page = await this.assignments.list(actor, query);
    return sendPage(reply, 'assignments', query.range, page);
  }

  @Post()
  @ApiDoc({
    summary: 'Create an assignment',
    description:
      'Gives a user, or everyone, a role template in one room, in rooms that match a pattern, or in all rooms. The caller cannot assign more than they may hand out.',
    example: {
      subject: { everyone: true },
      scope: { pattern: 'town-*' },
      template: 'viewer',
      reason: 'Open to all',
    },
    errors: [
      'access.beyond_ceiling',
      'role_template.not_published',
      'user.not_found',
      'role_template.not_found',
      'room.not_found',
      'assignment.window_empty',
    ],
  })
  @RequirePermission('assignment.create')
  @Answers(assignmentResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createAssignmentBody }) body: CreateAssignmentBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.assignments.create(actor, body));
  }

  @Get(':id')
  @ApiDoc({
    summary: 'Read an assignment',
    description: 'Who gets which role where, and from when until when.',
    errors: ['assignment.not_found'],
  })
  @RequirePermission('assignment.read')
  @Answers(assignmentResponse)
  async get(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.assignments.get(actor, id));
  }

  @Put(':id')
  @ApiDoc({
    summary: 'Change an assignment',
    description: 'Changes the fields that are sent. The subject cannot change.',
    example: { priority: 10, validUntil: '2031-01-01T00:00:00Z' },
    errors: [
      'assignment.not_found',
      'access.beyond_ceiling',
      'role_template.not_published',
      'role_template.not_found',
      'room.not_found',
      'record.changed',
      'request.read_only',
      'assignment.window_empty',
    ],
  })
  @RequirePermission('assignment.update')
  @Answers(assignmentResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Body({ schema: updateAssignmentBody }) body: UpdateAssignmentBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return send(reply, await this.assignments.update(actor, id, body, ifMatch));
  }

  @Delete(':id')
  @ApiDoc({
    summary: 'Delete an assignment',
    description: 'People who have the role through it lose it within seconds.',
    errors: ['assignment.not_found', 'access.beyond_ceiling', 'record.changed'],
  })
  @HttpCode(204)
  @RequirePermission('assignment.delete')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.assignments.delete(actor, id, ifMatch);
  }
}

function send(reply: FastifyReply, found: { view: AssignmentView; revision: number }) {
  return sendRecord(reply, found.revision, found.view);
}
