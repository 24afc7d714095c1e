import { Body, Controller, Get, HttpCode, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { sendPage } from '../common/http/lists.js';
import {
  acknowledgeAlarmsBody,
  type AcknowledgeAlarmsBody,
  acknowledgedResponse,
  alarmResponse,
  listAlarmsQuery,
  type ListAlarmsQuery,
} from './alarms.schemas.js';
import { Alarms } from './alarms.service.js';

@Controller('api/v1/alarms')
export class AlarmsController {
  constructor(private readonly alarms: Alarms) {}

  @Get()
  @ApiDoc({
    summary: 'List alarms',
    description:
      'What no entry of the ledger explains, at LiveKit or in Postgres. With a room limit only alarms about those rooms.',
  })
  @RequirePermission('ledger.read')
  @Answers(z.array(alarmResponse))
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: listAlarmsQuery }) query: ListAlarmsQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    return sendPage(reply, 'alarms', query.range, await this.alarms.list(actor, query));
  }

  @Post('acknowledge')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Acknowledge alarms',
    description:
      'Says that somebody has looked at them; each leaves an entry. What is still there is not changed by it, and is not reported again. Alarms that are not open, or are about rooms outside of the room limit, are left as they are.',
    example: { ids: ['7f2a0c9e-6f0b-4c3e-9d55-3a1f0f4f2b11'], note: 'A test of the recorder' },
  })
  @RequirePermission('alarm.acknowledge')
  @Answers(acknowledgedResponse)
  async acknowledge(
    @CurrentActor() actor: Actor,
    @Body({ schema: acknowledgeAlarmsBody }) body: AcknowledgeAlarmsBody,
  ) {
    return { acknowledged: await this.alarms.acknowledge(actor, body) };
  }
}
