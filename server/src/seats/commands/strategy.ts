import type { Actor } from '../../actor/actor.js';
import type { Tx } from '../../ledger/transactions.js';
import type { NewOperation, SeatOperation } from '../model/seat.js';
import type { Context } from '../model/context.js';
import type { OperationResult } from '../model/seat.js';
import type { SeatPreview } from '../views/seats.schemas.js';
import type { NotGivenBack, RequestOptions } from './requests.js';

/** A request that passed its guards. */
export interface Prepared {
  readonly context: Context;
  readonly operation: NewOperation;
  readonly options: RequestOptions;
}

/** The request asks for what this operation does already. */
export interface Repeated {
  readonly repeats: SeatOperation;
}

export interface PrepareOptions {
  readonly options: RequestOptions;
  /** Whether to look for an operation that the request repeats. */
  readonly mayRepeat: boolean;
  readonly notGivenBack?: readonly NotGivenBack[];
}

export interface WriteOptions {
  /** A refusal ends the transaction, so many at once are written without what may refuse. */
  readonly mayRefuse: boolean;
}

/** What differs between the kinds of requests; `OperationRunner` does the rest. */
export interface Strategy<R, P extends Prepared> {
  /** Whether an operation that another process began may be carried out again. */
  readonly isResumable: boolean;

  /** Asks the guards, which refuse by throwing. Null: there is nothing to change. */
  prepare(
    actor: Actor,
    request: R,
    context: Context,
    options: PrepareOptions,
  ): Promise<P | Repeated | null>;

  /** What `prepare` would lead to. Null: there is nothing to change. */
  preview(
    actor: Actor,
    request: R,
    context: Context,
  ): Promise<Pick<SeatPreview, 'after' | 'effects'> | null>;

  /** Writes the intents. Answers with the identities whose seat had not changed meanwhile. */
  write(
    tx: Tx,
    actor: Actor,
    room: string,
    prepared: readonly P[],
    options: WriteOptions,
  ): Promise<ReadonlySet<string>>;

  /** Calls LiveKit and settles the operation, in the seat's turn. */
  carryOut(operation: SeatOperation, request: R): Promise<OperationResult>;
}
