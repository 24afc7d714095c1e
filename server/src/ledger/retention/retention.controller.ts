import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { idParams } from '../../common/http/fields.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { LedgerReads } from '../reads/ledger-reads.js';
import { ArchiveStore } from './archive-store.js';
import { ArchivesService } from './archives.service.js';
import { DuePreview } from './due-preview.js';
import { HoldsService } from './holds.service.js';
import {
  archiveCheckResponse,
  archivesQuery,
  type ArchivesQuery,
  archivesResponse,
  archiveWithNote,
  forgottenNotesResponse,
  holdBody,
  type HoldBody,
  holdResponse,
  holdsQuery,
  type HoldsQuery,
  holdsResponse,
  liftBody,
  type LiftBody,
  previewBody,
  type PreviewBody,
  previewResponse,
  retentionResponse,
  ruleBody,
  type RuleBody,
  ruleResponse,
} from './retention.schemas.js';
import { Retention } from './retention.js';
import { RulesService } from './rules.service.js';

const EVERYWHERE = { everywhere: true };

/** How long entries are kept, what is held, and where the rest went. */
@Controller('api/v1/ledger')
export class RetentionController {
  constructor(
    private readonly retention: Retention,
    private readonly rules: RulesService,
    private readonly holds: HoldsService,
    private readonly preview: DuePreview,
    private readonly archives: ArchivesService,
    private readonly store: ArchiveStore,
    private readonly reads: LedgerReads,
  ) {}

  @Get('retention')
  @ApiDoc({
    summary: 'Read how long the log is kept',
    description:
      'The rules in force, and how archiving gets on. What no rule is about is kept for ever; where several are about an entry, the longest decides.',
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(retentionResponse)
  async read(@CurrentActor() actor: Actor) {
    const [rules, totals, activeHolds] = await Promise.all([
      this.rules.list(),
      this.store.totals(),
      this.holds.countActive(),
    ]);
    await this.reads.lookedBeside(actor);
    return { status: { ...this.retention.view, ...totals, activeHolds }, rules };
  }

  @Post('retention/rules')
  @ApiDoc({
    summary: 'Add a retention rule',
    description:
      'Says for how many days entries of a group of kinds, or about some rooms, are kept. Entries may go a day after the last change of a rule, not before.',
    example: {
      group: 'presence',
      rooms: 'lab-*',
      keepDays: 90,
      reason: 'Agreed with works council',
    },
  })
  @RequirePermission('ledger.retain', EVERYWHERE)
  @Answers(ruleResponse)
  addRule(@CurrentActor() actor: Actor, @Body({ schema: ruleBody }) body: RuleBody) {
    return this.rules.add(actor, body);
  }

  @Put('retention/rules/:id')
  @ApiDoc({
    summary: 'Change a retention rule',
    description: 'Replaces what it says. It keeps entries at once, and lets some go a day later.',
    example: { group: 'presence', keepDays: 180 },
    errors: ['ledger.rule_not_found'],
  })
  @RequirePermission('ledger.retain', EVERYWHERE)
  @Answers(ruleResponse)
  changeRule(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: { id: string },
    @Body({ schema: ruleBody }) body: RuleBody,
  ) {
    return this.rules.change(actor, id, body);
  }

  @Delete('retention/rules/:id')
  @HttpCode(204)
  @ApiDoc({
    summary: 'Remove a retention rule',
    description:
      'What it was about is kept for ever, unless other rules say how long: these let entries go a day later.',
    errors: ['ledger.rule_not_found'],
  })
  @RequirePermission('ledger.retain', EVERYWHERE)
  async removeRule(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: { id: string },
  ): Promise<void> {
    await this.rules.remove(actor, id);
  }

  @Post('retention/preview')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Preview what rules let go',
    description:
      'Counts the entries that would go now, by the rules in force or with one that is tried. Nothing is changed.',
    example: { rule: { group: 'presence', keepDays: 90 } },
    errors: ['ledger.rule_not_found', ...SEARCH_PROBLEMS],
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(previewResponse)
  previewRules(@CurrentActor() actor: Actor, @Body({ schema: previewBody }) body: PreviewBody) {
    return this.preview.preview(actor, body);
  }

  @Get('holds')
  @ApiDoc({
    summary: 'List legal holds',
    description: 'What is neither archived nor erased until it is lifted, and what was.',
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(holdsResponse)
  async listHolds(
    @CurrentActor() actor: Actor,
    @Query({ schema: holdsQuery }) { state }: HoldsQuery,
  ) {
    const data = await this.holds.list(state ?? null);
    await this.reads.lookedBeside(actor);
    return { data };
  }

  @Post('holds')
  @ApiDoc({
    summary: 'Place a legal hold',
    description:
      'On a person, a room or an operator: entries by or about them are kept, and not erased, until it is lifted.',
    example: { on: 'person', name: 'omar', reason: 'Case 2026-114' },
  })
  @RequirePermission('ledger.retain', EVERYWHERE)
  @Answers(holdResponse)
  placeHold(@CurrentActor() actor: Actor, @Body({ schema: holdBody }) body: HoldBody) {
    return this.holds.place(actor, body);
  }

  @Post('holds/:id/lift')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Lift a legal hold',
    description: 'Rules may let go what it kept a day later; erasing is possible at once.',
    example: { reason: 'Case closed' },
    errors: ['ledger.hold_not_found', 'ledger.hold_lifted'],
  })
  @RequirePermission('ledger.retain', EVERYWHERE)
  @Answers(holdResponse)
  liftHold(
    @CurrentActor() actor: Actor,
    @Param({ schema: idParams }) { id }: { id: string },
    @Body({ schema: liftBody }) { reason }: LiftBody,
  ) {
    return this.holds.lift(actor, id, reason);
  }

  @Get('archives')
  @ApiDoc({
    summary: 'List archives of the log',
    description: 'Files with the entries that rules let go, newest first. Pages by cursor.',
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(archivesResponse)
  async listArchives(
    @CurrentActor() actor: Actor,
    @Query({ schema: archivesQuery }) query: ArchivesQuery,
  ) {
    const page = await this.archives.list(query);
    await this.reads.lookedBeside(actor);
    return page;
  }

  @Get('archives/:id')
  @ApiDoc({
    summary: 'Read an archive of the log',
    description: 'What is in it, and what the log’s key has signed of it.',
    errors: ['ledger.archive_not_found'],
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(archiveWithNote)
  async archive(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: { id: string }) {
    const archive = await this.archives.get(id);
    await this.reads.lookedBeside(actor);
    return archive;
  }

  @Post('archives/:id/verify')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Verify an archive of the log',
    description:
      'Reads its file in the folder of the server that answers, and proves each entry in it. One at a time.',
    errors: ['ledger.archive_not_found', 'ledger.no_archive_folder', 'ledger.busy'],
  })
  @RequirePermission('ledger.read', EVERYWHERE)
  @Answers(archiveCheckResponse)
  verifyArchive(@CurrentActor() actor: Actor, @Param({ schema: idParams }) { id }: { id: string }) {
    return this.archives.verify(actor, id);
  }

  @Get('forgotten')
  @ApiDoc({
    summary: 'List what the log has signed of archives',
    description:
      'A signed note for each archive, with the leaves whose entries are in it alone: for programs that verify the tree.',
  })
  @RequirePermission('ledger.read', { everywhere: true, files: true })
  @Answers(forgottenNotesResponse)
  async forgotten() {
    return { data: (await this.store.forgotten()).flatMap(({ note }) => note ?? []) };
  }
}
