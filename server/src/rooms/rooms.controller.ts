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
  @ApiDoc({
    summary: 'List rooms',
    description: 'The rooms that the caller may see, with how many are in them now.',
  })
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
  @ApiDoc({
    summary: 'Create a room',
    description: 'Adds the room to Rolecall. LiveKit creates it when somebody joins.',
    example: {
      name: 'town-hall',
      title: 'Town hall',
      maxParticipants: 500,
      defaultTemplate: 'viewer',
    },
    errors: [
      'room.name_taken',
      'access.denied',
      'access.beyond_ceiling',
      'role_template.not_published',
      'role_template.not_found',
    ],
  })
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
  @ApiDoc({
    summary: 'Read a room',
    description: 'One room with its options, its scene and how long silencing took.',
  })
  @RequirePermission('room.read', { room: 'room' })
  @Answers(roomResponse)
  get(
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return this.send(reply, room);
  }

  @Put(':room')
  @ApiDoc({
    summary: 'Change a room',
    description:
      'Changes the fields that are sent. `appliesAtNextStart` names the options that a running room does not take over.',
    example: { title: 'Town hall, evening', maxParticipants: 1000 },
    errors: [
      'record.changed',
      'request.read_only',
      'access.beyond_ceiling',
      'role_template.not_published',
      'role_template.not_found',
      'livekit.unavailable',
    ],
  })
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
  @ApiDoc({
    summary: 'Delete a room',
    description: 'Closes the room, removes everybody and deletes it. The ledger keeps its entries.',
    errors: ['record.changed', 'room.not_ended'],
  })
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
  @ApiDoc({
    summary: 'Close a room',
    description: 'Removes everybody. Nobody can join or get a token until it is opened.',
    example: { reason: 'The meeting is over' },
    errors: ['record.changed'],
  })
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
  @ApiDoc({
    summary: 'Open a closed room',
    description: 'People can join again.',
    errors: ['record.changed'],
  })
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

  private async send<T extends object>(reply: FastifyReply, room: string, extra = {} as T) {
    const { view, revision } = await this.rooms.get(room);
    return sendRecord(reply, revision, { ...view, ...extra });
  }
}
