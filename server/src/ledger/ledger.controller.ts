import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../actor/access.decorators.js';
import type { Actor } from '../actor/actor.js';
import { Answers, ApiDoc } from '../common/http/api-docs.js';
import { SEARCH_PROBLEMS } from '../database/search-pool.js';
import { LedgerReader, toIssuance } from './ledger-reader.js';
import { LedgerReads } from './reads/ledger-reads.js';
import {
  issuancePageResponse,
  issuanceResponse,
  ledgerEntryResponse,
  ledgerIdParams,
  ledgerPageResponse,
  ledgerQuery,
  type LedgerQuery,
  tokenLookupBody,
  type TokenLookup,
} from './ledger.schemas.js';

/** Voiding is no issuance, though it is about tokens. */
const ISSUANCES = ['token.issued', 'token.refused'];

/** The two logs of the dashboard, both views of the one ledger. That somebody looked is written down. */
@Controller('api/v1')
export class LedgerController {
  constructor(
    private readonly reader: LedgerReader,
    private readonly reads: LedgerReads,
  ) {}

  @Get('ledger')
  @ApiDoc({
    summary: 'Search the ledger',
    description:
      'Every entry, newest first. Pages by cursor; there is no total. With a room limit only entries about those rooms.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(ledgerPageResponse)
  async ledger(@CurrentActor() actor: Actor, @Query({ schema: ledgerQuery }) query: LedgerQuery) {
    const page = await this.reader.search(actor, query);
    await this.reads.looked(actor, 'activity', lookedFor(query));
    return page;
  }

  @Get('ledger/:id')
  @ApiDoc({
    summary: 'Read a ledger entry',
    description: 'One entry with its payload.',
    errors: ['ledger.not_found', 'ledger.forgotten'],
  })
  @RequirePermission('ledger.read')
  @Answers(ledgerEntryResponse)
  async entry(
    @CurrentActor() actor: Actor,
    @Param({ schema: ledgerIdParams }) { id }: { id: string },
  ) {
    const entry = await this.reader.get(actor, id);
    await this.reads.looked(actor, 'entry', { id });
    return entry;
  }

  @Get('issuances')
  @ApiDoc({
    summary: 'List issued and refused tokens',
    description:
      'The ledger entries about tokens, newest first, with fields such as `jti`, `template` and `expiresAt`. Pages by cursor.',
    errors: SEARCH_PROBLEMS,
  })
  @RequirePermission('ledger.read')
  @Answers(issuancePageResponse)
  async issuances(
    @CurrentActor() actor: Actor,
    @Query({ schema: ledgerQuery }) query: LedgerQuery,
  ) {
    const page = await this.reader.search(actor, query, ISSUANCES);
    await this.reads.looked(actor, 'issuances', lookedFor(query));
    return { ...page, data: page.data.map(toIssuance) };
  }

  @Post('issuances/lookup')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Find the issuance of a token',
    description:
      'By the SHA-256 of the token or by its `jti`. Answers 404 for a token that Rolecall did not issue, or for a room outside of the room limit.',
    example: { jti: '0190a3b2-1111-7222-8333-444455556666' },
    errors: ['ledger.not_found'],
  })
  @RequirePermission('ledger.read')
  @Answers(issuanceResponse)
  async lookup(@CurrentActor() actor: Actor, @Body({ schema: tokenLookupBody }) body: TokenLookup) {
    try {
      return toIssuance(await this.reader.findToken(actor, body));
    } finally {
      // Not which token: an id that was tried says nothing, a hash might be a secret that was pasted.
      await this.reads.looked(actor, 'token');
    }
  }

  @Get('issuances/:id')
  @ApiDoc({
    summary: 'Read an issuance',
    description: 'One token that was issued or refused.',
    errors: ['ledger.not_found', 'ledger.forgotten'],
  })
  @RequirePermission('ledger.read')
  @Answers(issuanceResponse)
  async issuance(
    @CurrentActor() actor: Actor,
    @Param({ schema: ledgerIdParams }) { id }: { id: string },
  ) {
    const entry = await this.reader.get(actor, id, ISSUANCES);
    await this.reads.looked(actor, 'entry', { id });
    return toIssuance(entry);
  }
}

function lookedFor({ filter, query: { text } }: LedgerQuery): Record<string, unknown> {
  return text === '' ? filter : { ...filter, query: text };
}
