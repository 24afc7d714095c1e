import { Readable } from 'node:stream';
import { Controller, Get, Param, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { paced } from '../../common/paced.js';
import { ApiDoc } from '../../common/http/api-docs.js';
import {
  type DossierParams,
  dossierParams,
  type DossierQuery,
  dossierQuery,
} from './dossier.schemas.js';
import { SEARCH_PROBLEMS } from '../../database/search-pool.js';
import { DossierService } from './dossier.service.js';

@Controller('api/v1/rooms/:room/sessions/:session/dossier')
export class DossierController {
  constructor(private readonly dossiers: DossierService) {}

  @Get()
  @ApiDoc({
    summary: 'Download the dossier of a session',
    description:
      'One HTML file that opens without a network: who was admitted, who could do what when, who watched unseen, what was decided and why, with the entries and their proofs, which it verifies itself. With `for` the version for one participant, in which everybody else is left out. Naming people needs `ledger.export_people` for the room: without it everybody is a number, and the entries are proved without what they say of people. The download is an entry of the ledger.',
    errors: [
      ...SEARCH_PROBLEMS,
      'access.denied',
      'room.not_found',
      'session.not_found',
      'ledger.not_sealed',
      'ledger.no_key',
      'dossier.busy',
      'dossier.not_built',
      'dossier.too_large',
    ],
  })
  @RequirePermission('ledger.read')
  async download(
    @CurrentActor() actor: Actor,
    @Param({ schema: dossierParams }) { room, session }: DossierParams,
    @Query({ schema: dossierQuery }) { for: whom, people }: DossierQuery,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // Nothing leaves then, and the log would say that a dossier was made.
    if (reply.request.method === 'HEAD') {
      await reply.type('text/html; charset=utf-8').send();
      return;
    }
    await this.dossiers.make(
      actor,
      room,
      { session, whom: whom ?? null, people },
      async ({ name, html }) => {
        const stream: Readable = Readable.from(paced(html, (error) => stream.destroy(error)));
        const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
        // A reader that left before it began leaves a stream that nobody would close.
        if (reply.raw.destroyed) stream.destroy();
        else {
          void reply
            .type('text/html; charset=utf-8')
            .header('Content-Disposition', `attachment; filename="${name}"`)
            .header('Cache-Control', 'private, no-store')
            .send(stream);
        }
        await closed;
      },
    );
  }
}
