import { Body, Controller, Get, Headers, Param, Post, Put, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { BUILT_IN_ROLES } from '../actor/built-in-roles.js';
import { ALL_PERMISSIONS, PERMISSIONS } from '../actor/permissions.js';
import { AppError } from '../common/errors/app-error.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { sendRecord } from '../common/http/etag.js';
import { idParams, keyParams } from '../common/http/fields.js';
import { listQuery, sendPage } from '../common/http/lists.js';
import {
  accessRoleResponse,
  createdOperatorResponse,
  createOperatorBody,
  type CreateOperatorBody,
  listOperatorsQuery,
  type ListOperatorsQuery,
  operatorResponse,
  permissionResponse,
  updateOperatorBody,
  type UpdateOperatorBody,
} from './operators.schemas.js';
import { OperatorsService } from './operators.service.js';

@Controller('api/v1/operators')
export class OperatorsController {
  constructor(private readonly operators: OperatorsService) {}

  @Get()
  @ApiDoc({
    summary: 'List operators',
    description: 'Everybody who can sign in to the dashboard.',
  })
  @RequirePermission('operator.read')
  @Answers(z.array(operatorResponse))
  async list(
    @Query({ schema: listOperatorsQuery }) query: ListOperatorsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'operators', query.range, await this.operators.list(query));
  }

  @Post()
  @ApiDoc({
    summary: 'Create an operator',
    description:
      'Without a password a temporary one is generated and shown once. Nobody can give access that they do not hold.',
    example: {
      email: 'lee@example.org',
      name: 'Lee',
      access: [{ role: 'moderator', rooms: ['town-*'] }],
    },
    errors: ['access.escalation', 'auth.weak_password', 'operator.email_taken'],
  })
  @RequirePermission('operator.create')
  @Answers(createdOperatorResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createOperatorBody }) body: CreateOperatorBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { view, revision, temporaryPassword } = await this.operators.create(actor, body);
    return sendRecord(reply, revision, {
      ...view,
      ...(temporaryPassword ? { temporaryPassword } : {}),
    });
  }

  @Get(':id')
  @ApiDoc({
    summary: 'Read an operator',
    description: 'One operator with their access.',
    errors: ['operator.not_found'],
  })
  @RequirePermission('operator.read')
  @Answers(operatorResponse)
  get(
    @Param({ schema: idParams }) { id }: { id: string },
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, id);
  }

  @Put(':id')
  @ApiDoc({
    summary: 'Change an operator',
    description:
      'Changes the name, the access, the password, or disables the account. Nobody changes their own access, and the last admin stays.',
    example: { isDisabled: true },
    errors: [
      'operator.not_found',
      'operator.own_access',
      'operator.last_admin',
      'access.escalation',
      'auth.weak_password',
      'record.changed',
      'request.read_only',
    ],
  })
  @RequirePermission('operator.update')
  @Answers(operatorResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: { id: string },
    @Body({ schema: updateOperatorBody }) body: UpdateOperatorBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.operators.update(actor, id, body, ifMatch);
    return this.send(reply, id);
  }

  private async send(reply: FastifyReply, id: string) {
    const { view, revision } = await this.operators.get(id);
    return sendRecord(reply, revision, view);
  }
}

const listAccessRolesQuery = listQuery(['key', 'name', 'id'], {}, ['key', 'ASC']);

/** Access roles are built in, so they can only be read. */
@Controller('api/v1')
export class AccessRolesController {
  @Get('access-roles')
  @ApiDoc({
    summary: 'List access roles',
    description: 'The access roles and what they allow. They are built in.',
  })
  @RequirePermission('operator.read')
  @Answers(z.array(accessRoleResponse))
  accessRoles(
    @Query({ schema: listAccessRolesQuery }) query: z.infer<typeof listAccessRolesQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const wanted = query.filter.id;
    const [field, order] = query.sort;
    const rows = BUILT_IN_ROLES.map((role) => ({ id: role.key, ...role }))
      .filter(({ id }) => !wanted || wanted.includes(id))
      .sort((a, b) => {
        const [first, second] = order === 'ASC' ? [a, b] : [b, a];
        return first[field as 'key' | 'name'].localeCompare(second[field as 'key' | 'name']);
      });
    const page = { rows: rows.slice(query.range[0], query.range[1] + 1), total: rows.length };
    return sendPage(reply, 'access-roles', query.range, page);
  }

  @Get('access-roles/:key')
  @ApiDoc({
    summary: 'Read an access role',
    description: 'One access role with its permissions and ceiling.',
    errors: ['access_role.not_found'],
  })
  @RequirePermission('operator.read')
  @Answers(accessRoleResponse)
  accessRole(@Param({ schema: keyParams }) { key }: { key: string }) {
    const role = BUILT_IN_ROLES.find((known) => known.key === key);
    if (!role) throw new AppError('not_found', 'access_role.not_found', 'No such access role.');
    return { id: role.key, ...role };
  }

  @Get('permissions')
  @ApiDoc({
    summary: 'List permissions',
    description: 'Every permission that an access role or API key can hold.',
  })
  @RequirePermission('operator.read')
  @Answers(z.array(permissionResponse))
  permissions() {
    return ALL_PERMISSIONS.map((id) => ({ id, ...PERMISSIONS[id] }));
  }
}
