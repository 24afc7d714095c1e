import { Injectable } from '@nestjs/common';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { OperationRunner } from './operation-runner.js';
import type { ActBody, Command, ImmediateAct, RequestOptions } from './requests.js';
import { operationNotFound } from '../views/seat-views.js';
import type { Context } from '../model/context.js';
import type { Seat, SeatAct } from '../model/seat.js';
import { OperationReader } from '../store/operation-reader.js';
import { ActRequests } from './act-requests.js';
import type { Plan } from './plan.js';
import { RoleFallbacks } from './role-fallbacks.js';
import type { PreviewBody, SeatChange, SeatPreview } from '../views/seats.schemas.js';

/** The acts of moderators on single seats. */
@Injectable()
export class SeatsService {
  constructor(
    private readonly requests: ActRequests,
    private readonly fallbacks: RoleFallbacks,
    private readonly runner: OperationRunner,
    private readonly operations: OperationReader,
    private readonly clock: DatabaseClock,
  ) {}

  /** Does the act, by its entry in the catalogue. `onlyIf` is asked right before an immediate act. */
  act(
    actor: Actor,
    name: SeatAct,
    { room, identity }: Pick<Seat, 'room' | 'identity'>,
    body: ActBody,
    { onlyIf, ...options }: RequestOptions & { onlyIf?: () => Promise<boolean> } = {},
  ): Promise<SeatChange> {
    const request = this.requests.request(name, { actor, room, identity, body, onlyIf });
    return this.run(actor, room, identity, request, options);
  }

  /** The inverse of an operation, as an operation of its own; never a delayed sending. */
  async undo(actor: Actor, id: string, options?: RequestOptions): Promise<SeatChange> {
    const operation = await this.operations.find(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    const command = this.requests.inverse(operation);
    if (!command || !operation.undoUntil) {
      throw new AppError('conflict', 'operation.not_undoable', 'This cannot be undone.');
    }
    const { permission } = command;
    if (!actor.can(permission, operation.room)) {
      throw new AppError(
        'forbidden',
        'access.denied',
        `This needs the permission ${permission}, which you do not have.`,
        { extra: { permission } },
      );
    }
    if (operation.undoneBy) {
      throw new AppError('conflict', 'operation.undone', 'This has been undone already.', {
        extra: { undoneBy: operation.undoneBy },
      });
    }
    if (operation.undoUntil < this.clock.now()) {
      throw new AppError('conflict', 'operation.undo_expired', 'It is too late to undo this.');
    }
    return this.run(actor, operation.room, operation.identity, command, options);
  }

  /** What an action would do, by the code that would do it; changes nothing. */
  preview(
    actor: Actor,
    room: string,
    identity: string,
    { action, ...body }: PreviewBody,
  ): Promise<SeatPreview> {
    // A mute is of one source, or of all.
    const asked = { actor, room, identity, body: { ...body, source: body.sources?.[0] } };
    return this.runner.preview(actor, room, identity, this.requests.request(action, asked));
  }

  /** What a participant would go back to by stepping down now. */
  steppedDown(
    context: Pick<Context, 'seat' | 'evaluation' | 'now'>,
  ): Promise<Pick<Plan, 'override'>> {
    return this.fallbacks.steppedDown(context);
  }

  private async run(
    actor: Actor,
    room: string,
    identity: string,
    request: Command | ImmediateAct,
    options: RequestOptions = {},
  ): Promise<SeatChange> {
    // What moderators ask for always changes something, or is refused.
    return (await this.runner.run(actor, room, identity, request, options)) as SeatChange;
  }
}
