import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import { CurrentActor, RequirePermission } from '../../actor/access.decorators.js';
import type { Actor } from '../../actor/actor.js';
import { AuthService } from '../../auth/auth.service.js';
import { AppError } from '../../common/errors/app-error.js';
import { FairQueue, QueueRejection } from '../../common/fair-queue.js';
import { Answers, ApiDoc } from '../../common/http/api-docs.js';
import { personParams } from '../timelines/timelines.schemas.js';
import { ErasureService } from './erasure.service.js';
import { erasedResponse, eraseBody, type EraseBody } from './person.schemas.js';
import { PersonFileService } from './person-file.service.js';

const QUEUE = { atOnce: 1, atOncePerKey: 1, perKey: 1, inAll: 3, patienceMs: 5_000 };
const TYPE = 'application/x-ndjson; charset=utf-8';
const NEEDED = ['ledger.read', 'ledger.export_people', 'user.read', 'assignment.read'] as const;

/** What to do when somebody asks what is kept of them, or asks to be erased. */
@Controller('api/v1/people')
export class PersonFileController {
  private readonly queue = new FairQueue(QUEUE);

  constructor(
    private readonly files: PersonFileService,
    private readonly erasure: ErasureService,
    private readonly auth: AuthService,
  ) {}

  @Get(':identity/data')
  @ApiDoc({
    summary: 'Hand out what is kept of a person',
    description:
      'A stream of lines: rows about them (`{"record": …}`), then the sealed entries about them and by them with their proofs, and at its end the manifest, signed with the log’s key. A file without that line was cut off: ask for it again. The verifier of exports proves it. Who else is named is left out: such a part of an entry stays a commitment, and in rows their names are replaced. What is not in the file is said in the manifest. With a room limit only what is about those rooms. Needs `ledger.read` as well. It is written into the log before its first byte leaves, and again when it ends.',
    errors: ['person.not_found', 'ledger.not_sealed', 'ledger.exports_busy', 'access.denied'],
  })
  @RequirePermission('ledger.export_people')
  async data(
    @CurrentActor() actor: Actor,
    @Param({ schema: personParams }) { identity }: z.infer<typeof personParams>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    // Nothing leaves then, and the log would say that it did.
    if (request.method === 'HEAD') {
      await reply.type(TYPE).send();
      return;
    }
    const { kind, id, label } = actor;
    try {
      await this.queue.run(`${kind} ${id ?? label}`, () =>
        this.send(actor, identity, request, reply),
      );
    } catch (error) {
      if (!(error instanceof QueueRejection)) throw error;
      const text = 'Another such file is being made. Try again in a moment.';
      throw new AppError('unavailable', 'ledger.exports_busy', text, { retryAfter: 10 });
    }
  }

  @Post(':identity/erase')
  @HttpCode(200)
  @ApiDoc({
    summary: 'Erase a person from the log',
    description:
      'Destroys what entries say of them, or by whom they were done where it was they, for good: identity, name, address, reason. What happened, when, in which room and with which outcome stays, and every hash still holds. Refused while a legal hold keeps them. The entry says how many were changed, not whose. Their user record, seats and assignments are not of the log: delete the user as well. Erase only who has left: a token of theirs is no longer known as issued.',
    example: { confirm: 'ana-91' },
    errors: ['ledger.held'],
  })
  @RequirePermission('ledger.erase')
  @Answers(erasedResponse)
  erase(
    @CurrentActor() actor: Actor,
    @Param({ schema: personParams }) { identity }: z.infer<typeof personParams>,
    @Body({ schema: eraseBody }) body: EraseBody,
  ) {
    return this.erasure.erase(actor, identity, body);
  }

  private async send(
    actor: Actor,
    identity: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const stream = await this.files.start(actor, identity, () =>
      this.isStillAllowed(request, actor),
    );
    const day = new Date().toISOString().slice(0, 10);
    const closed = new Promise<void>((resolve) => stream.once('close', () => resolve()));
    // A reader that left before it began leaves a stream that nobody would close.
    if (reply.raw.destroyed) stream.destroy();
    else {
      void reply
        .type(TYPE)
        .header('Content-Disposition', `attachment; filename="rolecall-person-${day}.ndjson"`)
        .header('X-Accel-Buffering', 'no')
        .send(stream);
    }
    await closed;
  }

  /** While the database is away nobody is refused; reading fails then by itself. */
  private async isStillAllowed(request: FastifyRequest, actor: Actor): Promise<boolean> {
    const found = await this.auth.authenticate(request).catch(() => undefined);
    if (found === undefined) return true;
    return (
      found !== null &&
      found.actor.id === actor.id &&
      NEEDED.every(
        (permission) =>
          JSON.stringify(found.actor.roomsFor(permission)) ===
          JSON.stringify(actor.roomsFor(permission)),
      )
    );
  }
}
