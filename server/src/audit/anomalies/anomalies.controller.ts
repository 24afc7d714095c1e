import { Controller, Get, Param, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { LedgerReads } from '../../ledger/reads/ledger-reads.js';
import {
  anomaliesQuery,
  type AnomaliesQuery,
  anomaliesResponse,
  type AnomalyName,
  anomalyParams,
  anomalyRowsQuery,
  type AnomalyRowsQuery,
  anomalyRowsResponse,
} from './anomalies.schemas.js';
import { AnomaliesService } from './anomalies.service.js';

@Controller('api/v1/ledger/anomalies')
export class AnomaliesController {
  constructor(
    private readonly anomalies: AnomaliesService,
    private readonly reads: LedgerReads,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'Count what stands out in the log',
    description:
      'Views that an auditor would look for, each with the number of its rows in the last days. With a room limit only what is about those rooms.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(anomaliesResponse)
  async counts(
    @CurrentActor() actor: Actor,
    @Query({ schema: anomaliesQuery }) query: AnomaliesQuery,
  ) {
    const counts = await this.anomalies.counts(actor, query);
    await this.reads.lookedBeside(actor);
    return counts;
  }

  @Get(':name')
  @ApiDoc({
    summary: 'List what stands out in the log',
    description: 'The rows of one view, newest first, each with the entries that it is made of.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(anomalyRowsResponse)
  async rows(
    @CurrentActor() actor: Actor,
    @Param({ schema: anomalyParams }) { name }: { name: AnomalyName },
    @Query({ schema: anomalyRowsQuery }) query: AnomalyRowsQuery,
  ) {
    const rows = await this.anomalies.rows(actor, name, query);
    await this.reads.looked(actor, 'anomalies', { name });
    return rows;
  }
}
