import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers } from '../../common/http/api-docs.js';
import { roomParams, seatParams } from '../../common/http/fields.js';
import { actingHint } from '../../hints/acting.js';
import { Hints } from '../../hints/hints.js';
import { ClickedAt } from '../../actor/clicked-at.js';
import { SeatPolicy } from '../model/seat-policy.js';
import { SeatStore } from '../store/seat-store.js';
import { SeatViews, toSeatOperationView } from '../views/seat-views.js';
import {
  actingBody,
  type ActingBody,
  blockBody,
  type BlockBody,
  changeBody,
  type ChangeBody,
  extendBody,
  type ExtendBody,
  holdBody,
  type HoldBody,
  muteBody,
  type MuteBody,
  operationsQuery,
  type OperationsQuery,
  previewBody,
  type PreviewBody,
  reasonBody,
  type ReasonBody,
  removeBody,
  type RemoveBody,
  seatChangeResponse,
  seatOperationResponse,
  seatPreviewResponse,
  seatResponse,
} from '../views/seats.schemas.js';
import { SeatsService } from '../commands/seats.service.js';

type SeatParams = z.infer<typeof seatParams>;

@Controller('api/v1/rooms/:room/seats')
export class SeatsController {
  constructor(
    private readonly seats: SeatsService,
    private readonly views: SeatViews,
    private readonly policy: SeatPolicy,
    private readonly store: SeatStore,
    private readonly hints: Hints,
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
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.promote(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/demote')
  @HttpCode(200)
  @RequirePermission('seat.demote', { room: 'room' })
  @Answers(seatChangeResponse)
  demote(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: changeBody }) body: ChangeBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.demote(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/block')
  @HttpCode(200)
  @RequirePermission('seat.block', { room: 'room' })
  @Answers(seatChangeResponse)
  block(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: blockBody }) body: BlockBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.block(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/unblock')
  @HttpCode(200)
  @RequirePermission('seat.block', { room: 'room' })
  @Answers(seatChangeResponse)
  unblock(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.unblock(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/remove')
  @HttpCode(200)
  @RequirePermission('seat.remove', { room: 'room' })
  @Answers(seatChangeResponse)
  remove(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: removeBody }) body: RemoveBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.remove(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/mute')
  @HttpCode(200)
  @RequirePermission('seat.mute', { room: 'room' })
  @Answers(seatChangeResponse)
  mute(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: muteBody }) body: MuteBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.mute(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/extend')
  @HttpCode(200)
  @RequirePermission('seat.promote', { room: 'room' })
  @Answers(seatChangeResponse)
  extend(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: extendBody }) body: ExtendBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.extend(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/hold')
  @HttpCode(200)
  @RequirePermission('seat.mute', { room: 'room' })
  @Answers(seatChangeResponse)
  hold(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: holdBody }) body: HoldBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.hold(actor, room, identity, body, { clickedAt });
  }

  @Post(':identity/release')
  @HttpCode(200)
  @RequirePermission('seat.mute', { room: 'room' })
  @Answers(seatChangeResponse)
  release(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.release(actor, room, identity, body, { clickedAt });
  }

  /** What an action would do, before the click on it. */
  @Post(':identity/preview')
  @HttpCode(200)
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(seatPreviewResponse)
  preview(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: previewBody }) body: PreviewBody,
  ) {
    return this.seats.preview(actor, room, identity, body);
  }

  @Get(':identity/operations')
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(z.array(seatOperationResponse))
  async operations(
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Query({ schema: operationsQuery }) { limit }: OperationsQuery,
  ) {
    await this.policy.assertRoom(room);
    return (await this.store.listOperations(room, identity, limit)).map(toSeatOperationView);
  }

  /** A soft lock: for five seconds the other moderators see who is about to act on this seat. */
  @Post(':identity/acting')
  @HttpCode(204)
  @RequirePermission('seat.promote', { room: 'room' })
  @Answers(z.void())
  async acting(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: actingBody }) { action }: ActingBody,
  ): Promise<void> {
    await this.policy.assertRoom(room);
    this.hints.publish([actingHint(actor, room, identity, action ?? null)]);
  }
}
