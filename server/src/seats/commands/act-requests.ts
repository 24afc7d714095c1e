import { Injectable } from '@nestjs/common';
import { ACTS, type ActsThat, inverseOf } from '../../acts/acts.js';
import type { SeatAct, SeatOperation } from '../model/seat.js';
import { CommandPlanner } from './command-planner.js';
import { ImmediateActs } from './immediate-acts.js';
import { desiredStateOf } from './plan.js';
import type { Asked, Command, ImmediateAct } from './requests.js';

export type CommandName = ActsThat<{ sort: 'command' }>;
type Built = Pick<Command, 'plan' | 'givesBack'>;

/** Makes a request of each act: what the catalogue says of it, and what it does to the seat. */
@Injectable()
export class ActRequests {
  private readonly builders: Readonly<Record<CommandName, (asked: Asked) => Built>> = {
    promote: ({ actor, body }) => ({
      plan: (context) => this.planner.promotion(actor, context, body),
    }),
    /** Without a template: drops the override, and what lies under it applies again. */
    demote: ({ actor, body }) => ({
      givesBack: body.template === undefined,
      plan: (context, noPlace) => this.planner.demotion(actor, context, body, noPlace),
    }),
    extend: ({ body }) => ({ plan: (context) => this.planner.extension(context, body) }),
    block: ({ actor, body }) => ({ plan: (context) => this.planner.block(actor, context, body) }),
    unblock: () => ({ plan: (context) => ({ ...desiredStateOf(context), block: null }) }),
    /** Takes sources out of whatever role they have, so that they cannot turn them on again. */
    hold: ({ actor, body }) => ({ plan: (context) => this.planner.hold(actor, context, body) }),
    /** Gives back exactly what their role has. */
    release: () => ({ plan: (context) => ({ ...desiredStateOf(context), hold: null }) }),
  };

  constructor(
    private readonly planner: CommandPlanner,
    private readonly immediate: ImmediateActs,
  ) {}

  request(name: SeatAct, asked: Asked): Command | ImmediateAct {
    return isImmediateName(name) ? this.immediateAct(name, asked) : this.command(name, asked);
  }

  command(name: CommandName, asked: Asked): Command {
    return { ...termsOf(name, asked), action: name, ...this.builders[name](asked) };
  }

  immediateAct(name: ImmediateAct['action'], asked: Asked): ImmediateAct {
    return { ...termsOf(name, asked), action: name, ...this.immediate.build(name, asked) };
  }

  /** Takes the operation back, unless the seat has changed since. Null: nothing takes it back. */
  inverse(original: SeatOperation): Command | null {
    const action = inverseOf(original.action) as CommandName | null;
    if (!action) return null;
    const { override, block, hold, base } = original.before;
    const fallback = base && 'permission' in base ? base.permission : null;
    return {
      action,
      permission: ACTS[action].permission,
      reason: undefined,
      expectEpoch: original.epoch,
      isConfirmed: true,
      mayBeUnknown: ACTS[action].isForUnknown,
      undoes: original,
      plan: () => ({ override, block, hold, fallback }),
    };
  }
}

export function isImmediateName(name: SeatAct): name is ImmediateAct['action'] {
  return ACTS[name].sort === 'immediate';
}

function termsOf(name: SeatAct, { body }: Asked) {
  return {
    permission: ACTS[name].permission,
    body,
    reason: body.reason,
    expectEpoch: body.expectEpoch,
    isConfirmed: body.confirm,
    mayBeUnknown: ACTS[name].isForUnknown,
  };
}
