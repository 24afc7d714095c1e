import type { ProblemCode } from '../common/errors/problems.js';

/** The problems of every route that issues a token. */
export const ISSUE_ERRORS: readonly ProblemCode[] = [
  'token.refused',
  'room.not_found',
  'user.not_found',
  'role_template.not_found',
  'access.denied',
  'seat.above_ceiling',
  'seat.changed',
  'token.void_at_once',
  'ledger.overloaded',
  'ledger.lost_shard',
  'livekit.room_not_started',
  'clock.skewed',
  'ledger.not_cosigned',
];
