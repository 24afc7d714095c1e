// What policy says of a seat, and what other features add to seats.

export {
  type Promoted,
  type RoleClaim,
  RoomCounts,
  type SeatExtra,
  SeatExtras,
  SeatOrigins,
  type SeatRule,
  SeatRules,
} from '../model/extensions.js';
export { beyondIssuer, type Evaluation, SeatPolicy } from '../model/seat-policy.js';
