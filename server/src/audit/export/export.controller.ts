import { Controller, Get, Header, Query, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { AuthService } from '../../auth/auth.service.js';
import { AppError } from '../../common/errors/app-error.js';
import { FairQueue, QueueRejection } from '../../common/fair-queue.js';
import { ApiDoc } from '../../common/http/api-docs.js';
import { LogExport } from '../../ledger/export/log-export.js';
import { makeVerifier } from '../../ledger/export/single-file.js';
import { LogSearches } from '../log/log-searches.js';
import { type ExportQuery, exportQuery } from './export.schemas.js';

/** Each costs a part of a processor for as long as it runs. */
const QUEUE = { atOnce: 2, atOncePerKey: 1, perKey: 1, inAll: 4, patienceMs: 5_000 };
const TYPES = { ndjson: 'application/x-ndjson', csv: 'text/csv' } as const;

/** Takes entries out of Rolecall, with the proofs that they were in its log. */
@Controller('api/v1/ledger/export')
export class ExportController {
  private readonly queue = new FairQueue(QUEUE);

  constructor(
    private readonly searches: LogSearches,
    private readonly exports: LogExport,
    private readonly auth: AuthService,
  ) {}

  @Get()
  @ApiDoc({
    summary: 'Export entries of the log',
    description:
      'A stream of the sealed entries that a search finds, in the order of the tree, with their proofs; its last line is the manifest, signed with the log’s key. A stream without that line was cut off: `after` goes on with the rest, to be added to what there is. Without `ledger.export_people` what entries say of people is left out, and they are proved without it. With a room limit only entries about those rooms. One export of each caller runs at a time. It is written into the log before its first byte leaves, and again when it ends.',
    errors: ['ledger.not_found', 'ledger.not_sealed', 'ledger.exports_busy', 'access.denied'],
  })
  @RequirePermission('ledger.read')
  async export(
    @CurrentActor() actor: Actor,
    @Query({ schema: exportQuery }) query: ExportQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // Nothing leaves then; read would be all of it, and the log would say that it was exported.
    if (request.method === 'HEAD') {
      await reply.type(`${TYPES[query.format]}; charset=utf-8`).send();
      return;
    }
    const { kind, id, label } = actor;
    try {
      await this.queue.run(`${kind} ${id ?? label}`, () => this.send(actor, query, request, reply));
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      const text = 'Other exports run now. Try again when yours is done, or in a moment.';
      throw new AppError('unavailable', 'ledger.exports_busy', text, { retryAfter: 10 });
    }
  }

  @Get('verifier')
  @ApiDoc({
    summary: 'Read the verifier of exports',
    description:
      'One file for Node 20 or newer: `node verify.mjs export.ndjson`. It asks no server.',
  })
  @RequirePermission('ledger.read')
  @Header('Content-Type', 'text/javascript; charset=utf-8')
  @Header('Content-Disposition', 'attachment; filename="verify.mjs"')
  verifier(): Promise<string> {
    return makeVerifier();
  }

  private async send(
    actor: Actor,
    { query, zone, format, after, people }: ExportQuery,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.exports.start(actor, {
      search: await this.searches.of(actor, { query: query.query, zone }),
      text: query.text,
      zone,
      format,
      after: after ?? null,
      hasPeople: people,
      isStillAllowed: () => this.isStillAllowed(request, actor),
    });
    const day = new Date().toISOString().slice(0, 10);
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    // A reader that left before it began leaves a stream that nobody would close.
    if (reply.raw.destroyed) stream.destroy();
    else {
      void reply
        .type(`${TYPES[format]}; charset=utf-8`)
        .header('Content-Disposition', `attachment; filename="rolecall-log-${day}.${format}"`)
        .header('X-Accel-Buffering', 'no')
        .send(stream);
    }
    await closed;
  }

  /** While the database is away nobody is refused; reading fails then by itself. */
  private async isStillAllowed(request: FastifyRequest, actor: Actor): Promise<boolean> {
    const found = await this.auth.authenticate(request).catch(() => undefined);
    if (found === undefined) return true;
    return found !== null && holdsTheSame(found.actor, actor);
  }
}

function holdsTheSame(now: Actor, then: Actor): boolean {
  return (['ledger.read', 'ledger.export_people'] as const).every((permission) => {
    const [a, b] = [now.roomsFor(permission), then.roomsFor(permission)];
    return now.id === then.id && JSON.stringify(a) === JSON.stringify(b);
  });
}
