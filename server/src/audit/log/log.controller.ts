import { Controller, Get, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { LedgerReads } from '../../ledger/reads/ledger-reads.js';
import { ActsService } from './acts.service.js';
import {
  type ActsQuery,
  actsQuery,
  actsResponse,
  type FacetsQuery,
  facetsQuery,
  facetsResponse,
  type HistogramQuery,
  histogramQuery,
  histogramResponse,
} from './log.schemas.js';
import { LogFigures } from './log-figures.js';

/** The log as an auditor reads it: acts, counts of values, and bars over time. */
@Controller('api/v1/ledger')
export class LogController {
  constructor(
    private readonly actsService: ActsService,
    private readonly figures: LogFigures,
    private readonly reads: LedgerReads,
  ) {}

  @Get('acts')
  @ApiDoc({
    summary: 'Search the log by acts',
    description:
      'One row for each act, newest first: what was asked for, what came of it and what was seen of it are steps of one row, and connects of one person that follow each other are one. `limit` counts entries, so a page has fewer rows. A search that no index helps looks back for a moment and says how far; `next` goes on from there. With a room limit only acts in those rooms.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(actsResponse)
  async acts(@CurrentActor() actor: Actor, @Query({ schema: actsQuery }) query: ActsQuery) {
    const page = await this.actsService.page(actor, query);
    await this.reads.looked(actor, 'activity', said(query.query.text));
    return page;
  }

  @Get('facets')
  @ApiDoc({
    summary: 'Count values in the log',
    description:
      'The most frequent values of fields among the entries that a search finds; each field without what the search asks of it, so that its other values show. Where there are very many entries, some of all parts of the time stand for all, and the number is an estimate.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(facetsResponse)
  async facets(@CurrentActor() actor: Actor, @Query({ schema: facetsQuery }) query: FacetsQuery) {
    const facets = await this.figures.facets(actor, query);
    await this.reads.looked(actor, 'activity', said(query.query.text));
    return facets;
  }

  @Get('histogram')
  @ApiDoc({
    summary: 'Count entries of the log over time',
    description:
      'The entries that a search finds, by outcome, in bars that begin where a clock in the time zone shows a whole width. Without a beginning from the first entry on.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(histogramResponse)
  async histogram(
    @CurrentActor() actor: Actor,
    @Query({ schema: histogramQuery }) query: HistogramQuery,
  ) {
    const histogram = await this.figures.histogram(actor, query);
    await this.reads.looked(actor, 'activity', said(query.query.text));
    return histogram;
  }
}

/** What was looked for, as the entry of the look has it. */
function said(query: string): Record<string, unknown> {
  return query === '' ? {} : { query };
}
