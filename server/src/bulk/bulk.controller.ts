import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { z } from 'zod';
import {
  CurrentActor,
  RequireAnyPermission,
  RequirePermission,
  SignedIn,
} from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { idParams, roomParams } from '../common/http/fields.js';
import { SeatPolicy } from '../seats/public/policy.js';
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
  @ApiDoc({
    summary: 'Start a bulk operation',
    description:
      'Does one act to many seats of a room: to the listed identities, or to all that match a filter. Runs in the background; read its progress by the operation id.',
    example: { action: 'demote', identities: ['ana-91', 'bo-17'], reason: 'Questions are over' },
    errors: [
      'room.not_found',
      'bulk.too_many',
      'seat.above_ceiling',
      'role_template.not_published',
      'seat.no_other_role',
    ],
  })
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
  @ApiDoc({
    summary: 'List the bulk operations of a room',
    description: 'The newest bulk operations first.',
  })
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
  @ApiDoc({
    summary: 'List the targets of a bulk operation',
    description: 'One row per seat with its outcome, by position. Pages by cursor.',
    errors: ['operation.not_found'],
  })
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
  @ApiDoc({
    summary: 'Pause a bulk operation',
    description: 'Acts that have begun are finished. Nothing new begins until it is resumed.',
    errors: ['operation.not_found', 'bulk.stopped'],
  })
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  pause(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.pause(actor, id);
  }

  @Post('operations/:id/resume')
  @ApiDoc({
    summary: 'Resume a bulk operation',
    description: 'Continues a paused operation with the permissions of the caller.',
    errors: ['operation.not_found', 'bulk.stopped', 'seat.above_ceiling'],
  })
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  resume(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.resume(actor, id);
  }

  @Post('operations/:id/cancel')
  @ApiDoc({
    summary: 'Cancel a bulk operation',
    description: 'What has been done stays done. The rest is left alone.',
    errors: ['operation.not_found', 'bulk.stopped'],
  })
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  cancel(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.cancel(actor, id);
  }

  @Post('operations/:id/retry')
  @ApiDoc({
    summary: 'Retry the failures of a bulk operation',
    description: 'Runs again for the targets that failed.',
    errors: ['operation.not_found', 'operation.undone'],
  })
  @HttpCode(200)
  @RequireAnyPermission(STEERING_PERMISSIONS)
  @Answers(bulkOperationResponse)
  retry(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: IdParams) {
    return this.bulk.retry(actor, id);
  }
}
