import { Controller, Get } from '@nestjs/common';
import { z } from 'zod';
import { Public } from '../actor/access.decorators.js';
import { AlarmWatch } from '../alarms/alarm-watch.js';
import { AppError } from '../common/errors/app-error.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { LedgerHealth, LEDGER_PROBLEMS } from '../ledger/sealing/ledger-health.js';
import { LedgerSealing, SEALING_STATES } from '../ledger/sealing/ledger-sealing.js';
import { LedgerStreams } from '../ledger/stream/ledger-streams.js';
import { LedgerWitnesses } from '../ledger/witness/ledger-witnesses.js';
import { PgPool } from '../database/pg-pool.js';
import { FirstStart } from '../start/first-start.js';

const readyResponse = z.object({
  status: z.literal('ready').describe('Always `ready`.'),
  alarms: z
    .int()
    .describe(
      'Open alarms: what no entry of the ledger explains. `GET /api/v1/alarms` lists them.',
    ),
  ledger: z
    .object({
      sealing: z
        .enum(SEALING_STATES)
        .describe('Whether this server seals the ledger; `standby`: another one does.'),
      problems: z
        .array(z.enum(LEDGER_PROBLEMS))
        .describe('What weakens the proofs of the ledger; `GET /api/v1/status` has sentences.'),
      witnesses: z
        .array(
          z.object({
            name: z.string().describe('Its name in the policy.'),
            size: z
              .int()
              .nullable()
              .describe('Entries in the tree that it cosigned last; null: nothing yet.'),
            ageSeconds: z
              .number()
              .nullable()
              .describe('How long ago that was, in seconds; null: nothing yet.'),
            isFailing: z.boolean().describe('Whether the last attempt of this server failed.'),
          }),
        )
        .describe('Who cosigns the checkpoints.'),
      streams: z
        .array(
          z.object({
            name: z.string().describe('Its name in the settings.'),
            behind: z.int().describe('Sealed entries that it does not have yet.'),
            refused: z.int().describe('Entries that it does not take, and that are put aside.'),
            isFailing: z.boolean().describe('Whether the last attempt failed.'),
          }),
        )
        .describe('Where entries are sent to.'),
    })
    .describe('The ledger, as this server sees it.'),
});

@Controller()
export class HealthController {
  constructor(
    private readonly pg: PgPool,
    private readonly firstStart: FirstStart,
    private readonly ledgerHealth: LedgerHealth,
    private readonly sealing: LedgerSealing,
    private readonly witnesses: LedgerWitnesses,
    private readonly streams: LedgerStreams,
    private readonly alarmWatch: AlarmWatch,
  ) {}

  @Get('healthz')
  @ApiDoc({
    summary: 'Check that the process lives',
    description: 'Answers 200 while the process runs.',
  })
  @Public('probes do not sign in; says only that the process lives')
  @Answers(z.object({ status: z.literal('ok').describe('Always `ok`.') }))
  healthz() {
    return { status: 'ok' } as const;
  }

  /** 503 (from the filter) while the database cannot be reached. */
  @Get('readyz')
  @ApiDoc({
    summary: 'Check that requests can be served',
    description:
      'Answers 503 while Rolecall starts and while the database cannot be reached. What weakens the ledger, and open alarms, are in the answer; they do not make it 503.',
    errors: ['start.not_ready', 'database.unavailable', 'ledger.not_cosigned'],
  })
  @Public('probes do not sign in; says only whether requests can be served')
  @Answers(readyResponse)
  async readyz() {
    if (!this.firstStart.isPrepared) {
      throw new AppError('unavailable', 'start.not_ready', 'Rolecall is starting.', {
        retryAfter: 1,
      });
    }
    await this.pg.query('readyz', 'SELECT 1', [], 1_500);
    this.witnesses.assertCosigned();
    return {
      status: 'ready',
      alarms: this.alarmWatch.open.reduce((sum, { count }) => sum + count, 0),
      ledger: {
        sealing: this.sealing.state,
        problems: this.ledgerHealth.problems().map(({ code }) => code),
        witnesses: (this.witnesses.view()?.witnesses ?? []).map(
          ({ name, cosigned, lastError }) => ({
            name,
            size: cosigned?.size ?? null,
            ageSeconds: cosigned && Math.round((Date.now() - cosigned.at.getTime()) / 1_000),
            isFailing: lastError !== null,
          }),
        ),
        streams: this.streams.views.map(({ name, behind, refused, failingSince }) => ({
          name,
          behind,
          refused,
          isFailing: failingSince !== null,
        })),
      },
    } as const;
  }
}
