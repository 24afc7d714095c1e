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
import { roomParams } from '../common/http/fields.js';
import { sendPage } from '../common/http/lists.js';
import {
  closedRoomResponse,
  closeRoomBody,
  type CloseRoomBody,
  createRoomBody,
  type CreateRoomBody,
  listRoomsQuery,
  type ListRoomsQuery,
  roomResponse,
  updatedRoomResponse,
  updateRoomBody,
  type UpdateRoomBody,
} from './rooms.schemas.js';
import { RoomClosing } from './room-closing.js';
import { RoomsService } from './rooms.service.js';

type RoomParams = z.infer<typeof roomParams>;

@Controller('api/v1/rooms')
export class RoomsController {
  constructor(
    private readonly rooms: RoomsService,
    private readonly closing: RoomClosing,
  ) {}

  @Get()
  @RequirePermission('room.read')
  @Answers(z.array(roomResponse))
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: listRoomsQuery }) query: ListRoomsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'rooms', query.range, await this.rooms.list(actor, query));
  }

  @Post()
  @RequirePermission('room.create')
  @Answers(roomResponse)
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: createRoomBody }) body: CreateRoomBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.rooms.create(actor, body);
    return this.send(reply, body.name);
  }

  @Get(':room')
  @RequirePermission('room.read', { room: 'room' })
  @Answers(roomResponse)
  get(
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, room);
  }

  @Put(':room')
  @RequirePermission('room.update', { room: 'room' })
  @Answers(updatedRoomResponse)
  async update(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: updateRoomBody }) body: UpdateRoomBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const appliesAtNextStart = await this.rooms.update(actor, room, body, ifMatch);
    return this.send(reply, room, appliesAtNextStart.length > 0 ? { appliesAtNextStart } : {});
  }

  @Delete(':room')
  @HttpCode(204)
  @RequirePermission('room.delete', { room: 'room' })
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<void> {
    await this.closing.delete(actor, room, ifMatch);
  }

  @Post(':room/close')
  @HttpCode(200)
  @RequirePermission('room.close', { room: 'room' })
  @Answers(closedRoomResponse)
  async close(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: closeRoomBody }) body: CloseRoomBody,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, room, await this.closing.close(actor, room, body.reason, ifMatch));
  }

  @Post(':room/open')
  @HttpCode(200)
  @RequirePermission('room.close', { room: 'room' })
  @Answers(roomResponse)
  async open(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Headers('if-match') ifMatch: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    await this.closing.open(actor, room, ifMatch);
    return this.send(reply, room);
  }

  private async send<T extends object>(reply: FastifyReply, room: string, extra?: T) {
    const { view, revision } = await this.rooms.get(room);
    return sendRecord(reply, revision, { ...view, ...extra });
  }
}
