import type { Seat } from './seat.js';
import type { Evaluation } from './seat-policy.js';

/** A seat and its evaluation, read together: what a request is decided on. */
export interface Context {
  readonly seat: Seat;
  readonly evaluation: Evaluation;
  /** Postgres' time, to the millisecond. */
  readonly now: Date;
  /** How long ago, at `now`, the moderator clicked. */
  readonly headMs: number;
  /** Whether the seat has a row of its own. */
  readonly isStored: boolean;
  /** LiveKit would refuse to unmute what a hold mutes. */
  readonly isUnmuteOff: boolean;
}
