import { Controller, Get, HttpCode, Options, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import { Participant, Public } from '../actor/access.decorators.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { roomParams } from '../common/http/fields.js';
import { CurrentParticipant, type Participant as Proved } from '../proofs/participant-auth.js';
import {
  ownReceiptsResponse,
  receiptParams,
  receiptResponse,
  receiptsQuery,
  type ReceiptsQuery,
} from './receipts.schemas.js';
import { ReceiptsService } from './receipts.service.js';

const ME = 'rooms/:room/receipts/me';

/** What was decided about a participant, for themselves. */
@Controller('api/v1')
export class ReceiptsController {
  constructor(private readonly receipts: ReceiptsService) {}

  @Options([ME, `${ME}/:id`])
  @ApiDoc({
    summary: 'Allow pages of other origins to read receipts',
    description: 'The CORS preflight of the participant’s receipts.',
  })
  @HttpCode(204)
  @Public('a browser asks here whether a page of another origin may ask; it says who may, to all')
  async preflight(@Res() reply: FastifyReply): Promise<void> {
    await reply
      .status(204)
      .header('Access-Control-Allow-Origin', '*')
      .header('Access-Control-Allow-Methods', 'GET')
      .header('Access-Control-Allow-Headers', 'authorization, x-rolecall-token')
      .header('Access-Control-Max-Age', '600')
      .send();
  }

  @Get(ME)
  @ApiDoc({
    summary: 'List what was decided about you',
    description:
      'Entries of the ledger about this participant in this room, newest first. Nobody is named, and the reasons that moderators write for the log are not told.',
    errors: ['ledger.not_found'],
  })
  @Participant()
  @Answers(ownReceiptsResponse)
  list(
    @CurrentParticipant() me: Proved,
    @Param({ schema: roomParams }) _: z.infer<typeof roomParams>,
    @Query({ schema: receiptsQuery }) query: ReceiptsQuery,
  ) {
    return this.receipts.list(me, query);
  }

  @Get(`${ME}/:id`)
  @ApiDoc({
    summary: 'Read a receipt',
    description:
      'One decision with the data of its leaf, the inclusion proof and the checkpoint, so that it can be proved later. A decision is sealed within a second as a rule; until then 409 with `Retry-After`.',
    errors: ['ledger.not_found', 'ledger.not_sealed', 'ledger.not_in_tree'],
  })
  @Participant()
  @Answers(receiptResponse)
  receipt(
    @CurrentParticipant() me: Proved,
    @Param({ schema: receiptParams }) { id }: z.infer<typeof receiptParams>,
  ) {
    return this.receipts.receipt(me, id);
  }
}
