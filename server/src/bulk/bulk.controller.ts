import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import {
  CurrentActor,
  RequireAnyPermission,
  RequirePermission,
  SignedIn,
} from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers } from '../common/http/api-docs.js';
import { idParams, roomParams } from '../common/http/fields.js';
import { SeatPolicy } from '../seats/model/seat-policy.js';
import { BULK_PERMISSIONS, STEERING_PERMISSIONS } from './bulk.js';
import {
  bulkBody,
  type BulkBody,
  bulkOperationResponse,
  bulkStartedResponse,
  roomOperationsQuery,
  targetPageResponse,
  targetsQuery,
  type TargetsQuery,
} from './bulk.schemas.js';
import { BulkService } from './bulk.service.js';
import { BulkViews } from './bulk-views.js';

type IdParams = z.infer<typeof idParams>;
type RoomParams = z.infer<typeof roomParams>;

/** What an operation needs depends on its own action and room as well: decided in the service. */
@Controller('api/v1')
export class BulkController {
  constructor(
    private readonly bulk: BulkService,
    private readonly views: BulkViews,
    private readonly policy: SeatPolicy,
  ) {}

  @Post('rooms/:room/seats/bulk')
  @HttpCode(202)
  @RequirePermission('seat.read', {
    room: 'room',
    by: { field: 'action', permissions: BULK_PERMISSIONS },
  })
  @Answers(bulkStartedResponse)
  start(
    @CurrentActor() actor: Actor,
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Body({ schema: bulkBody }) body: BulkBody,
  ) {
    return this.bulk.start(actor, room, body);
  }

  @Get('rooms/:room/operations')
  @RequirePermission('seat.read', { room: 'room' })
  @Answers(z.array(bulkOperationResponse))
  async list(
    @Param({ schema: roomParams }) { room }: RoomParams,
    @Query({ schema: roomOperationsQuery }) { limit }: z.infer<typeof roomOperationsQuery>,
  ) {
    await this.policy.assertRoom(room);
    return this.views.ofRoom(room, limit);
  }

  @Get('operations/:id/targets')
  @SignedIn()
  @Answers(targetPageResponse)
  targets(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: IdParams,
    @Query({ schema: targetsQuery }) query: TargetsQuery,
  ) {
    return this.bulk.targetsOf(actor, id, query);
  }

  @Post('operations/:id/pause')
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  pause(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.pause(actor, id);
  }

  @Post('operations/:id/resume')
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  resume(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.resume(actor, id);
  }

  @Post('operations/:id/cancel')
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  cancel(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.cancel(actor, id);
  }

  @Post('operations/:id/retry')
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  retry(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.retry(actor, id);
  }
}
