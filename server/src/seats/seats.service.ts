import { Injectable } from '@nestjs/common';
import { ACTS, type ActsThat, inverseOf } from '../acts/acts.js';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import { DatabaseClock } from '../database/database-clock.js';
import { SeatActs } from './seat-acts.js';
import { operationNotFound } from './seat-answers.js';
import { type ActOptions, SeatChanges, type Wish } from './seat-changes.js';
import type { Context } from './seat-context.js';
import { SeatStore } from './seat-store.js';
import { type Plan, SeatWishes, wishOf } from './seat-wishes.js';
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
} from './seats.schemas.js';

/** What moderators do with seats: the one entry for whoever acts. */
@Injectable()
export class SeatsService {
  constructor(
    private readonly wishes: SeatWishes,
    private readonly changes: SeatChanges,
    private readonly acts: SeatActs,
    private readonly store: SeatStore,
    private readonly clock: DatabaseClock,
  ) {}

  promote(
    actor: Actor,
    room: string,
    identity: string,
    body: ChangeBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.change(actor, room, identity, this.promotion(actor, body), options);
  }

  /** Without a template: drops the override, and what lies under it applies again. */
  demote(
    actor: Actor,
    room: string,
    identity: string,
    body: ChangeBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.change(actor, room, identity, this.demotion(actor, body), options);
  }

  /** Puts off the end of a lease. */
  extend(
    actor: Actor,
    room: string,
    identity: string,
    body: ExtendBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    const wish: Wish = {
      ...common('extend', body),
      plan: (context) => this.wishes.extension(context, body),
    };
    return this.change(actor, room, identity, wish, options);
  }

  block(
    actor: Actor,
    room: string,
    identity: string,
    body: BlockBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.change(actor, room, identity, this.blocking(actor, body), options);
  }

  unblock(
    actor: Actor,
    room: string,
    identity: string,
    body: ReasonBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    const wish: Wish = {
      ...common('unblock', body),
      plan: (context) => ({ ...wishOf(context), block: null }),
    };
    return this.change(actor, room, identity, wish, options);
  }

  /** Takes sources out of whatever role they have, so that they cannot turn them on again. */
  hold(
    actor: Actor,
    room: string,
    identity: string,
    body: HoldBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.change(actor, room, identity, this.holding(actor, body), options);
  }

  /** Gives back exactly what their role has. */
  release(
    actor: Actor,
    room: string,
    identity: string,
    body: ReasonBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.change(actor, room, identity, this.releasing(body), options);
  }

  /** Ends the connection and nothing else: whoever holds a token may come back. */
  remove(
    actor: Actor,
    room: string,
    identity: string,
    body: RemoveBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.acts.remove(actor, room, identity, body, options);
  }

  /** Mutes what they publish now, of one source or all; they may unmute themselves. */
  mute(
    actor: Actor,
    room: string,
    identity: string,
    body: MuteBody,
    options?: ActOptions,
  ): Promise<SeatChange> {
    return this.acts.mute(actor, room, identity, body, options);
  }

  /** The inverse of an operation, as an operation of its own; never a delayed sending. */
  async undo(actor: Actor, id: string, options?: ActOptions): Promise<SeatChange> {
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
    const wish: Wish = {
      ...terms,
      undoes: operation,
      plan: () => ({
        override,
        block,
        hold,
        fallback: base && 'permission' in base ? base.permission : null,
      }),
    };
    return this.change(actor, operation.room, operation.identity, wish, options);
  }

  /** What an action would do, by the code that would do it; changes nothing. */
  preview(
    actor: Actor,
    room: string,
    identity: string,
    { action, ...body }: PreviewBody,
  ): Promise<SeatPreview> {
    switch (action) {
      case 'promote':
        return this.changes.preview(actor, room, identity, this.promotion(actor, body));
      case 'demote':
        return this.changes.preview(actor, room, identity, this.demotion(actor, body));
      case 'block':
        return this.changes.preview(actor, room, identity, this.blocking(actor, body));
      case 'hold':
        return this.changes.preview(actor, room, identity, this.holding(actor, body));
      case 'release':
        return this.changes.preview(actor, room, identity, this.releasing({}));
      case 'remove':
      case 'mute':
        return this.acts.preview(actor, room, identity, action, { source: body.sources?.[0] });
    }
  }

  /** What would be wished for the seat if its override ended now. */
  withoutOverride(
    context: Pick<Context, 'seat' | 'standing' | 'now'>,
  ): Promise<Pick<Plan, 'override'>> {
    return this.wishes.withoutOverride(context);
  }

  private async change(
    actor: Actor,
    room: string,
    identity: string,
    wish: Wish,
    options: ActOptions = {},
  ): Promise<SeatChange> {
    // What moderators ask for is always something to write, or is refused.
    return (await this.changes.change(actor, room, identity, wish, options)) as SeatChange;
  }

  private promotion(actor: Actor, body: ChangeBody): Wish {
    return {
      ...common('promote', body),
      plan: (context) => this.wishes.promotion(actor, context, body),
    };
  }

  private demotion(actor: Actor, body: ChangeBody): Wish {
    return {
      ...common('demote', body),
      givesBack: body.template === undefined,
      plan: (context, noPlace) => this.wishes.demotion(actor, context, body, noPlace),
    };
  }

  private blocking(actor: Actor, body: BlockBody): Wish {
    return {
      ...common('block', body),
      mayBeUnknown: true,
      plan: (context) => this.wishes.block(actor, context, body),
    };
  }

  private holding(actor: Actor, body: HoldBody): Wish {
    return {
      ...common('hold', body),
      plan: (context) => this.wishes.hold(actor, context, body),
    };
  }

  private releasing(body: ReasonBody): Wish {
    return {
      ...common('release', body),
      plan: (context) => ({ ...wishOf(context), hold: null }),
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
): Omit<Wish, 'plan'> {
  return {
    action,
    permission: ACTS[action].permission,
    body,
    reason: body.reason,
    expectEpoch: body.expectEpoch,
    isConfirmed: body.confirm,
  };
}
