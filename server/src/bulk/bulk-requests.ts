import { Injectable } from '@nestjs/common';
import { ACTS } from '../acts/acts.js';
import type { Actor } from '../actor/actor.js';
import { AppError } from '../common/errors/app-error.js';
import {
  type ActBody,
  ActRequests,
  type Command,
  type CommandName,
  type ImmediateAct,
  isImmediateName,
} from '../seats/public/acts.js';
import type { SeatOperation } from '../seats/public/seats.js';
import { actOf, type BulkOperation } from './bulk.js';

/** Makes the request for one target, of any act that the catalogue allows in bulk. */
@Injectable()
export class BulkRequests {
  constructor(private readonly requests: ActRequests) {}

  isImmediate(operation: BulkOperation): boolean {
    const act = actOf(operation);
    return act !== 'scene' && isImmediateName(act);
  }

  /** A command, or the one that takes `original` back. */
  command(
    operation: BulkOperation,
    actor: Actor,
    identity: string,
    original: SeatOperation | undefined,
  ): Command {
    const inverse = original && this.requests.inverse(original);
    if (inverse) {
      return {
        ...inverse,
        reason: operation.reason ?? undefined,
        plan: (context) => {
          if (!original.undoneBy) return inverse.plan(context);
          throw new AppError('conflict', 'operation.undone', 'was undone already');
        },
      };
    }
    const name = actOf(operation) as CommandName;
    const { isForPresent, lifts } = ACTS[name];
    const { room } = operation;
    const asked = { actor, room, identity, body: bodyOf(operation) };
    const command = this.requests.command(name, asked);
    return {
      ...command,
      plan: (context, noPlace) => {
        const { seat } = context;
        if (isForPresent && meansPresent(operation) && !seat.isPresent) {
          throw new AppError('conflict', 'seat.not_present', 'left the room');
        }
        return lifts && !seat[lifts] ? null : command.plan(context, noPlace);
      },
    };
  }

  immediateAct(operation: BulkOperation, actor: Actor, identity: string): ImmediateAct {
    const name = actOf(operation) as ImmediateAct['action'];
    const { room } = operation;
    return this.requests.immediateAct(name, { actor, room, identity, body: bodyOf(operation) });
  }
}

/**
 * Whether absent people are skipped. People who were named are not, nor are people who were chosen
 * because they are absent.
 */
export function meansPresent({ params }: BulkOperation): boolean {
  return params.filter !== undefined && params.filter.state !== 'absent';
}

/** Moderators who name themselves among others mean it; a filter never includes them. */
function bodyOf({ params: { template, sources, for: seconds }, reason }: BulkOperation): ActBody {
  return {
    template,
    sources,
    source: sources?.[0],
    for: seconds,
    reason: reason ?? undefined,
    confirm: true,
  };
}
