import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import {
  createViewBody,
  type CreateViewBody,
  updateViewBody,
  type UpdateViewBody,
  viewParams,
  viewResponse,
  viewsResponse,
} from './views.schemas.js';
import { ViewsService } from './views.service.js';

@Controller('api/v1/ledger-views')
export class ViewsController {
  constructor(private readonly views: ViewsService) {}

  @Get()
  @ApiDoc({
    summary: 'List saved views of the log',
    description:
      'Searches that somebody of the team has kept, by name. With a room limit only your own, and those that name no other rooms.',
  })
  @RequirePermission('ledger.read')
  @Answers(viewsResponse)
  async list(@CurrentActor() actor: Actor) {
    return { data: await this.views.list(actor) };
  }

  @Post()
  @ApiDoc({
    summary: 'Save a view of the log',
    description:
      'Keeps a search for everybody who reads the log. What it finds depends on the reader.',
    example: { name: 'Refused in the town hall', query: 'room:town-hall outcome:refused' },
    errors: ['ledger_view.too_many', 'ledger_view.name_taken'],
  })
  @RequirePermission('ledger.save_view')
  @Answers(viewResponse)
  create(@CurrentActor() actor: Actor, @Body({ schema: createViewBody }) body: CreateViewBody) {
    return this.views.create(actor, body);
  }

  @Patch(':id')
  @ApiDoc({
    summary: 'Change a saved view',
    description: 'Its name, its search or its note. With a room limit only your own view.',
    example: { name: 'Refused in the town hall today' },
    errors: ['ledger_view.not_found', 'ledger_view.not_yours', 'ledger_view.name_taken'],
  })
  @RequirePermission('ledger.save_view')
  @Answers(viewResponse)
  update(
    @CurrentActor() actor: Actor,
    @Param({ schema: viewParams }) { id }: { id: string },
    @Body({ schema: updateViewBody }) body: UpdateViewBody,
  ) {
    return this.views.update(actor, id, body);
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiDoc({
    summary: 'Delete a saved view',
    description: 'For everybody. With a room limit only your own view.',
    errors: ['ledger_view.not_found', 'ledger_view.not_yours'],
  })
  @RequirePermission('ledger.save_view')
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: viewParams }) { id }: { id: string },
  ): Promise<void> {
    await this.views.delete(actor, id);
  }
}
