import { Injectable } from '@nestjs/common';
import { ACTS, type ActsThat, inverseOf } from '../../acts/acts.js';
import type { Actor } from '../../actor/actor.js';
import { AppError } from '../../common/errors/app-error.js';
import { DatabaseClock } from '../../database/database-clock.js';
import { ImmediateActs } from './immediate-acts.js';
import { OperationRunner } from './operation-runner.js';
import type { Command, ImmediateAct, RequestOptions } from './requests.js';
import { operationNotFound } from '../views/seat-views.js';
import type { Context } from '../model/context.js';
import { SeatStore } from '../store/seat-store.js';
import { type Plan, CommandPlanner, desiredStateOf } from './command-planner.js';
import type {
  BlockBody,
  ChangeBody,
  ExtendBody,
  HoldBody,
  MuteBody,
  PreviewBody,
  ReasonBody,
  RemoveBody,
  SeatChange,
  SeatPreview,
} from '../views/seats.schemas.js';

/** The acts of moderators on seats, by name. */
@Injectable()
export class SeatsService {
  constructor(
    private readonly planner: CommandPlanner,
    private readonly acts: ImmediateActs,
    private readonly runner: OperationRunner,
    private readonly store: SeatStore,
    private readonly clock: DatabaseClock,
  ) {}

  promote(
    actor: Actor,
    room: string,
    identity: string,
    body: ChangeBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.promotion(actor, body), options);
  }

  /** Without a template: drops the override, and what lies under it applies again. */
  demote(
    actor: Actor,
    room: string,
    identity: string,
    body: ChangeBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.demotion(actor, body), options);
  }

  /** Extends a lease. */
  extend(
    actor: Actor,
    room: string,
    identity: string,
    body: ExtendBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    const command: Command = {
      ...common('extend', body),
      plan: (context) => this.planner.extension(context, body),
    };
    return this.run(actor, room, identity, command, options);
  }

  block(
    actor: Actor,
    room: string,
    identity: string,
    body: BlockBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.blocking(actor, body), options);
  }

  unblock(
    actor: Actor,
    room: string,
    identity: string,
    body: ReasonBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.unblocking(body), options);
  }

  /** Takes sources out of whatever role they have, so that they cannot turn them on again. */
  hold(
    actor: Actor,
    room: string,
    identity: string,
    body: HoldBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.holding(actor, body), options);
  }

  /** Gives back exactly what their role has. */
  release(
    actor: Actor,
    room: string,
    identity: string,
    body: ReasonBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.releasing(body), options);
  }

  /** Ends the connection and nothing else: a holder of a token may come back. */
  remove(
    actor: Actor,
    room: string,
    identity: string,
    body: RemoveBody,
    { onlyIf, ...options }: RequestOptions & { onlyIf?: () => Promise<boolean> } = {},
  ): Promise<SeatChange> {
    return this.run(
      actor,
      room,
      identity,
      this.acts.removal(room, identity, body, onlyIf),
      options,
    );
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  mute(
    actor: Actor,
    room: string,
    identity: string,
    body: MuteBody,
    options?: RequestOptions,
  ): Promise<SeatChange> {
    return this.run(actor, room, identity, this.acts.muting(room, identity, body), options);
  }

  /** The inverse of an operation, as an operation of its own; never a delayed sending. */
  async undo(actor: Actor, id: string, options?: RequestOptions): Promise<SeatChange> {
    const operation = await this.store.findOperation(id);
    if (!operation || !actor.can('seat.read', operation.room)) throw operationNotFound();
    const action = inverseOf(operation.action) as SeatCommand | null;
    if (!action || !operation.undoUntil) {
      throw new AppError('conflict', 'operation.not_undoable', 'This cannot be undone.');
    }
    const { permission } = ACTS[action];
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
    const { override, block, hold, base } = operation.before;
    const { body: _, ...terms } = common(action, { expectEpoch: operation.epoch, confirm: true });
    const command: Command = {
      ...terms,
      undoes: operation,
      plan: () => ({
        override,
        block,
        hold,
        fallback: base && 'permission' in base ? base.permission : null,
      }),
    };
    return this.run(actor, operation.room, operation.identity, command, options);
  }

  /** What an action would do, by the code that would do it; changes nothing. */
  preview(actor: Actor, room: string, identity: string, body: PreviewBody): Promise<SeatPreview> {
    const request = this.requestFor(actor, room, identity, body);
    return this.runner.preview(actor, room, identity, request);
  }

  /** The command for one of many seats, by the same plan as for one alone. */
  command(
    actor: Actor,
    action: Exclude<SeatCommand, 'extend'>,
    body: ChangeBody & HoldBody,
  ): Command {
    switch (action) {
      case 'promote':
        return this.promotion(actor, body);
      case 'demote':
        return this.demotion(actor, body);
      case 'block':
        return this.blocking(actor, body);
      case 'unblock':
        return this.unblocking(body);
      case 'hold':
        return this.holding(actor, body);
      case 'release':
        return this.releasing(body);
    }
  }

  /** What somebody would go back to who steps down now. */
  steppedDown(
    context: Pick<Context, 'seat' | 'evaluation' | 'now'>,
  ): Promise<Pick<Plan, 'override'>> {
    return this.planner.steppedDown(context);
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

  private requestFor(
    actor: Actor,
    room: string,
    identity: string,
    { action, ...body }: PreviewBody,
  ): Command | ImmediateAct {
    switch (action) {
      case 'promote':
        return this.promotion(actor, body);
      case 'demote':
        return this.demotion(actor, body);
      case 'block':
        return this.blocking(actor, body);
      case 'hold':
        return this.holding(actor, body);
      case 'release':
        return this.releasing({});
      case 'remove':
        return this.acts.removal(room, identity, {});
      case 'mute':
        return this.acts.muting(room, identity, { source: body.sources?.[0] });
    }
  }

  private promotion(actor: Actor, body: ChangeBody): Command {
    return {
      ...common('promote', body),
      plan: (context) => this.planner.promotion(actor, context, body),
    };
  }

  private demotion(actor: Actor, body: ChangeBody): Command {
    return {
      ...common('demote', body),
      givesBack: body.template === undefined,
      plan: (context, noPlace) => this.planner.demotion(actor, context, body, noPlace),
    };
  }

  private blocking(actor: Actor, body: BlockBody): Command {
    return {
      ...common('block', body),
      mayBeUnknown: true,
      plan: (context) => this.planner.block(actor, context, body),
    };
  }

  private holding(actor: Actor, body: HoldBody): Command {
    return {
      ...common('hold', body),
      plan: (context) => this.planner.hold(actor, context, body),
    };
  }

  private unblocking(body: ReasonBody): Command {
    return {
      ...common('unblock', body),
      plan: (context) => ({ ...desiredStateOf(context), block: null }),
    };
  }

  private releasing(body: ReasonBody): Command {
    return {
      ...common('release', body),
      plan: (context) => ({ ...desiredStateOf(context), hold: null }),
    };
  }
}

type SeatCommand = ActsThat<{ sort: 'command' }>;

/** What every change is asked for with. */
function common(
  action: SeatCommand,
  body: {
    reason?: string | undefined;
    expectEpoch?: number | undefined;
    confirm?: boolean | undefined;
  },
): Omit<Command, 'plan'> {
  return {
    action,
    permission: ACTS[action].permission,
    body,
    reason: body.reason,
    expectEpoch: body.expectEpoch,
    isConfirmed: body.confirm,
  };
}
