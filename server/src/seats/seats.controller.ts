import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../access/access.decorators.js';
import type { Actor } from '../access/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { roomParams, seatParams } from '../common/http/fields.js';
import { SeatPolicy } from './seat-policy.js';
import { SeatViews } from './seat-views.js';
import {
  blockBody,
  type BlockBody,
  changeBody,
  type ChangeBody,
  muteBody,
  type MuteBody,
  reasonBody,
  type ReasonBody,
  seatChangeResponse,
  seatResponse,
} from './seats.schemas.js';
import { SeatsService } from './seats.service.js';

type SeatParams = z.infer<typeof seatParams>;

@Controller('api/v1/rooms/:room/seats')
export class SeatsController {
  constructor(
    private readonly seats: SeatsService,
    private readonly views: SeatViews,
    private readonly policy: SeatPolicy,
  ) {}

  @Get()
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(z.array(seatResponse))
  async list(@Param({ schema: roomParams }) { room }: z.infer<typeof roomParams>) {
    await this.policy.assertRoom(room);
    return this.views.list(room);
  }

  @Get(':identity')
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(seatResponse)
  one(@Param({ schema: seatParams }) { room, identity }: SeatParams) {
    return this.views.one(room, identity);
  }

  @Post(':identity/promote')
  @HttpCode(200)
  @RequirePermission('seat.promote', { room: 'room' })
  @Answers(seatChangeResponse)
  promote(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: changeBody }) body: ChangeBody,
  ) {
    return this.seats.promote(actor, room, identity, body);
  }

  @Post(':identity/demote')
  @HttpCode(200)
  @RequirePermission('seat.demote', { room: 'room' })
  @Answers(seatChangeResponse)
  demote(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: changeBody }) body: ChangeBody,
  ) {
    return this.seats.demote(actor, room, identity, body);
  }

  @Post(':identity/block')
  @HttpCode(200)
  @RequirePermission('seat.block', { room: 'room' })
  @Answers(seatChangeResponse)
  block(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: blockBody }) body: BlockBody,
  ) {
    return this.seats.block(actor, room, identity, body);
  }

  @Post(':identity/unblock')
  @HttpCode(200)
  @RequirePermission('seat.block', { room: 'room' })
  @Answers(seatChangeResponse)
  unblock(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
  ) {
    return this.seats.unblock(actor, room, identity, body);
  }

  @Post(':identity/remove')
  @HttpCode(200)
  @RequirePermission('seat.remove', { room: 'room' })
  @Answers(seatChangeResponse)
  remove(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
  ) {
    return this.seats.remove(actor, room, identity, body);
  }

  @Post(':identity/mute')
  @HttpCode(200)
  @RequirePermission('seat.mute', { room: 'room' })
  @Answers(seatChangeResponse)
  mute(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: muteBody }) body: MuteBody,
  ) {
    return this.seats.mute(actor, room, identity, body);
  }
}
