import type { Permission } from '../../actor/permissions.js';
import type { Tx } from '../../ledger/transactions.js';
import type { ActsThat } from '../../acts/acts.js';
import type { Actor } from '../../actor/actor.js';
import type { TrackSource } from '../../grants/role-grants.js';
import type { SeatAction, SeatOperation } from '../model/seat.js';
import type { Context } from '../model/context.js';
import type { Plan } from './plan.js';

/** What an act may be asked for with; which of it counts is in the catalogue. */
export interface ActBody {
  readonly template?: string | undefined;
  readonly sources?: readonly TrackSource[] | undefined;
  readonly source?: TrackSource | 'unknown' | undefined;
  /** Seconds. */
  readonly for?: number | undefined;
  readonly reason?: string | undefined;
  readonly expectEpoch?: number | undefined;
  readonly confirm?: boolean | undefined;
}

/** Somebody asks for an act on one seat. */
export interface Asked {
  readonly actor: Actor;
  readonly room: string;
  readonly identity: string;
  readonly body: ActBody;
  /** Asked right before an immediate act is done. */
  readonly onlyIf?: (() => Promise<boolean>) | undefined;
}

/** What somebody asks to do to a seat. */
interface Request {
  readonly action: SeatAction;
  readonly permission: Permission;
  readonly reason: string | undefined;
  readonly expectEpoch: number | undefined;
  readonly isConfirmed?: boolean | undefined;
  /** The body of the request: the same actor asking for the same again is one operation. */
  readonly body?: object;
  /** May name an identity that nobody has yet, as a block does. */
  readonly mayBeUnknown?: boolean;
}

/** A request that changes the desired state of the seat. */
export interface Command extends Request {
  readonly undoes?: SeatOperation;
  /** When the role that the plan gives back has no place, plan again without its template. */
  readonly givesBack?: boolean;
  /** Null: there is nothing to change. `noPlace`: templates that the seat cannot have now. */
  readonly plan: (
    context: Context,
    noPlace?: ReadonlySet<string>,
  ) => Plan | null | Promise<Plan | null>;
}

/** A request that acts on the participant now and leaves the desired state as it is. */
export interface ImmediateAct extends Request {
  readonly action: ActsThat<{ sort: 'immediate' }>;
  readonly effects: (context: Context) => string[];
  /** Whether nothing is left to do since `last`. */
  readonly isDone: (context: Context, last: SeatOperation) => boolean;
  readonly run: () => Promise<ActResult>;
}

export interface ActResult {
  readonly outcome?: 'applied' | 'superseded';
  readonly detail: string | null;
  /** What happened, where that differs from the operation's effects. */
  readonly effects?: string[];
}

export interface RequestOptions {
  /** Milliseconds since the epoch: when the moderator clicked. */
  readonly clickedAt?: number | undefined;
  /** The operation gets this id and begins once, however often it is asked for. */
  readonly operationId?: string | undefined;
  /** The bulk operation that this belongs to. */
  readonly bulk?: string | undefined;
  /** Runs in the transaction of the intent, such as settling the hand; refuses by throwing. */
  readonly within?: ((tx: Tx, operationId: string) => Promise<void>) | undefined;
}

/** A role that was not given back, and why. */
export interface NotGivenBack {
  readonly template: string;
  readonly code: string;
  readonly because: string;
}

export function isImmediate(request: Command | ImmediateAct): request is ImmediateAct {
  return 'run' in request;
}
