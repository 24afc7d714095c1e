import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import { ActRoute } from '../../acts/act.decorators.js';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc, type OperationDoc } from '../../common/http/api-docs.js';
import { roomParams, seatParams } from '../../common/http/fields.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { actingHint } from '../../hints/acting.js';
import { Hints } from '../../hints/hints.js';
import { ClickedAt } from '../../actor/clicked-at.js';
import { SeatOrigins } from '../model/extensions.js';
import type { SeatAct } from '../model/seat.js';
import { SeatPolicy } from '../model/seat-policy.js';
import { OperationReader } from '../store/operation-reader.js';
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
  seatDetailResponse,
  seatOperationResponse,
  seatPreviewResponse,
  seatResponse,
} from '../views/seats.schemas.js';
import { SeatsService } from '../commands/seats.service.js';

type SeatParams = z.infer<typeof seatParams>;

/** The route of an act on a seat; `errors` beside those that every act may end with. */
const SeatActRoute = (name: SeatAct, { errors = [], ...doc }: OperationDoc) =>
  ActRoute(name, seatChangeResponse, {
    ...doc,
    errors: ['seat.not_found', 'seat.changed', 'seat.above_ceiling', ...errors],
  });

@Controller('api/v1/rooms/:room/seats')
export class SeatsController {
  constructor(
    private readonly seats: SeatsService,
    private readonly views: SeatViews,
    private readonly policy: SeatPolicy,
    private readonly operationReader: OperationReader,
    private readonly origins: SeatOrigins,
    private readonly hints: Hints,
    private readonly clock: DatabaseClock,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'List the seats of a room',
    description:
      'Everybody in the room, and absent people who have an override, a block or a hold.',
  })
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(z.array(seatResponse))
  async list(@Param({ schema: roomParams }) { room }: z.infer<typeof roomParams>) {
    await this.policy.assertRoom(room);
    return this.views.list(room);
  }

  @Get(':identity')
  @ApiDoc({
    summary: 'Read a seat',
    description: 'One identity in the room, also of a user who has never been there.',
    errors: ['seat.not_found'],
  })
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(seatDetailResponse)
  async one(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
  ) {
    const seat = await this.views.one(room, identity);
    return { ...seat, cameInWith: await this.origins.read(actor, room, identity) };
  }

  @Post(':identity/promote')
  @SeatActRoute('promote', {
    summary: 'Promote a participant',
    description:
      'Gives the seat a higher role: the named template, or the one that the room promotes to. Lasts for the session, or for the time in `for`. An absent participant gets it when they join.',
    example: { template: 'speaker', for: '10m', reason: 'Asked a question', expectEpoch: 4 },
    errors: [
      'seat.is_peek',
      'seat.not_a_person',
      'seat.self',
      'seat.holds_more',
      'stage.full',
      'role_template.not_published',
      'role_template.unusable',
    ],
  })
  promote(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: changeBody }) body: ChangeBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'promote', seat, body, { clickedAt });
  }

  @Post(':identity/demote')
  @SeatActRoute('demote', {
    summary: 'Demote a participant',
    description: 'Ends the promotion. With a template, gives that role instead.',
    example: { reason: 'Thank you', expectEpoch: 5 },
    errors: [
      'seat.is_peek',
      'seat.not_a_person',
      'seat.self',
      'seat.no_other_role',
      'role_template.not_published',
      'role_template.unusable',
    ],
  })
  demote(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: changeBody }) body: ChangeBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'demote', seat, body, { clickedAt });
  }

  @Post(':identity/block')
  @SeatActRoute('block', {
    summary: 'Block a participant',
    description: 'Removes them and refuses tokens and joins until the block ends.',
    example: { for: '1h', reason: 'Spam' },
    errors: ['seat.self'],
  })
  block(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: blockBody }) body: BlockBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'block', seat, body, { clickedAt });
  }

  @Post(':identity/unblock')
  @SeatActRoute('unblock', {
    summary: 'Unblock a participant',
    description: 'Ends the block. They may join again.',
    example: { reason: 'A mistake' },
  })
  unblock(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'unblock', seat, body, { clickedAt });
  }

  @Post(':identity/remove')
  @SeatActRoute('remove', {
    summary: 'Remove a participant',
    description: 'Disconnects them. They may come back.',
    example: { reason: 'Left the camera on' },
    errors: ['seat.self', 'seat.not_present'],
  })
  remove(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: removeBody }) body: RemoveBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'remove', seat, body, { clickedAt });
  }

  @Post(':identity/mute')
  @SeatActRoute('mute', {
    summary: 'Mute a participant',
    description: 'Mutes one source, or all. They can unmute themselves; a hold prevents that.',
    example: { source: 'microphone' },
    errors: ['seat.not_present'],
  })
  mute(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: muteBody }) body: MuteBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'mute', seat, body, { clickedAt });
  }

  @Post(':identity/extend')
  @SeatActRoute('extend', {
    summary: 'Extend a lease',
    description: 'Adds time to a promotion that has an expiry.',
    example: { for: '5m' },
    errors: ['seat.no_lease'],
  })
  extend(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: extendBody }) body: ExtendBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'extend', seat, body, { clickedAt });
  }

  @Post(':identity/hold')
  @SeatActRoute('hold', {
    summary: 'Hold a participant silent',
    description:
      'Turns track sources off until the participant is released; they cannot unmute. Without `sources`, all of them.',
    example: { sources: ['microphone'], for: '10m' },
    errors: ['seat.is_peek', 'seat.self'],
  })
  hold(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: holdBody }) body: HoldBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'hold', seat, body, { clickedAt });
  }

  @Post(':identity/release')
  @SeatActRoute('release', {
    summary: 'Release a held participant',
    description: 'Ends the hold. They can unmute again.',
    example: { reason: 'Noise is gone' },
  })
  release(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) seat: SeatParams,
    @Body({ schema: reasonBody }) body: ReasonBody,
    @ClickedAt() clickedAt: number,
  ) {
    return this.seats.act(actor, 'release', seat, body, { clickedAt });
  }

  /** What an action would do, before the click on it. */
  @Post(':identity/preview')
  @ApiDoc({
    summary: 'Simulate an act',
    description:
      'What an act would do to the participant, or why it would be refused. Changes nothing.',
    example: { action: 'promote', template: 'speaker' },
  })
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
  @ApiDoc({
    summary: 'List the operations on a seat',
    description: 'The newest acts on the seat first.',
  })
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(z.array(seatOperationResponse))
  async operations(
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Query({ schema: operationsQuery }) { limit }: OperationsQuery,
  ) {
    await this.policy.assertRoom(room);
    return (await this.operationReader.list(room, identity, limit)).map(toSeatOperationView);
  }

  /** A soft lock: for five seconds the other moderators see who is about to act on this seat. */
  @Post(':identity/acting')
  @ApiDoc({
    summary: 'Announce an act',
    description:
      'Tells the other moderators for five seconds who is about to act on this participant.',
    example: { action: 'promote' },
  })
  @HttpCode(204)
  @RequirePermission('seat.promote', { room: 'room' })
  @Answers(z.void())
  async acting(
    @CurrentActor() actor: Actor,
    @Param({ schema: seatParams }) { room, identity }: SeatParams,
    @Body({ schema: actingBody }) { action }: ActingBody,
  ): Promise<void> {
    await this.policy.assertRoom(room);
    this.hints.publish([actingHint(actor, room, identity, action ?? null, this.clock.now())]);
  }
}
