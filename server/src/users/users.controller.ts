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
  createUserBody,
  type CreateUserBody,
  listUsersQuery,
  lookAlikesQuery,
  type LookAlikesQuery,
  lookAlikesResponse,
  type ListUsersQuery,
  updateUserBody,
  type UpdateUserBody,
  userResponse,
  userWithWarnings,
} from './users.schemas.js';
import { LookAlikes } from './look-alikes.js';
import { UsersService } from './users.service.js';

type IdParams = z.infer<typeof idParams>;

@Controller('api/v1/users')
export class UsersController {
  constructor(
    private readonly users: UsersService,
    private readonly lookAlikes: LookAlikes,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'List users',
    description: 'Everybody who joins rooms.',
  })
  @RequirePermission('user.read')
  @Answers(z.array(userResponse))
  async list(
    @Query({ schema: listUsersQuery }) query: ListUsersQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'users', query.range, await this.users.list(query));
  }

  @Post()
  @ApiDoc({
    summary: 'Create a user',
    description:
      'The identity cannot change and is never used again, not even after a deletion. `warnings` names users whose identity people may take for it.',
    example: { identity: 'ana-91', name: 'Ana Ruiz', attributes: { team: 'north' } },
    errors: ['user.identity_taken'],
  })
  @RequirePermission('user.create')
  @Answers(userWithWarnings)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createUserBody }) body: CreateUserBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { view, revision } = await this.users.create(actor, body);
    return sendRecord(reply, revision, view);
  }

  @Get('look-alikes')
  @ApiDoc({
    summary: 'Find users with a similar identity',
    description:
      'Users whose identity people may take for this one: another case, invisible characters, letters of another script. Ask before you create a user.',
  })
  @RequirePermission('user.read')
  @Answers(lookAlikesResponse)
  async listLookAlikes(@Query({ schema: lookAlikesQuery }) { identity }: LookAlikesQuery) {
    return { data: await this.lookAlikes.find(identity) };
  }

  @Get(':id')
  @ApiDoc({
    summary: 'Read a user',
    description: 'One user, by id.',
    errors: ['user.not_found'],
  })
  @RequirePermission('user.read')
  @Answers(userWithWarnings)
  get(
    @Param({ schema: idParams }) { id }: IdParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, id);
  }

  @Put(':id')
  @ApiDoc({
    summary: 'Change a user',
    description:
      'Changes the fields that are sent. A suspended user is removed from every room and gets no token.',
    example: { name: 'Ana R.', isSuspended: true },
    errors: ['user.not_found', 'record.changed', 'request.read_only'],
  })
  @RequirePermission('user.update')
  @Answers(userWithWarnings)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Body({ schema: updateUserBody }) body: UpdateUserBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.users.update(actor, id, body, ifMatch);
    return this.send(reply, id);
  }

  @Delete(':id')
  @ApiDoc({
    summary: 'Delete a user',
    description: 'Removes them from every room. The ledger keeps their entries.',
    errors: ['user.not_found', 'record.changed'],
  })
  @HttpCode(204)
  @RequirePermission('user.delete')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.users.delete(actor, id, ifMatch);
  }

  private async send(reply: FastifyReply, id: string) {
    const { view, revision } = await this.users.get(id);
    return sendRecord(reply, revision, view);
  }
}
