// SQL about seats for the statements of other features that have to stay one.

/** How long it took until people were really silent, of the last hour; milliseconds. */
export interface SilenceFigures {
  count: number;
  p50: number | null;
  p95: number | null;
}

/** The figures of the room that `room` names, as JSON. */
export function silenceFiguresOf(room: string): string {
  const percentile = (part: number) =>
    `round((percentile_cont(${part}) WITHIN GROUP (ORDER BY o.gone_ms))::numeric, 1)::float8`;
  return `(SELECT json_build_object('count', count(*), 'p50', ${percentile(0.5)}, 'p95', ${percentile(0.95)})
    FROM seat_operation o
    WHERE o.room = ${room} AND o.gone_at > now() - interval '1 hour')`;
}

/** How many are in the room that `room` names. */
export function countPresent(room: string): string {
  return `(SELECT count(*)::int FROM seat WHERE seat.room = ${room} AND seat.is_present)`;
}

/** Joins, as `s`, the seat of each row of `alias` with a room and an identity; null: there is none. */
export function leftJoinSeat(alias: string): string {
  return `LEFT JOIN seat s ON s.room = ${alias}.room AND s.identity = ${alias}.identity`;
}

/** Locks all seats of the room in the order that every statement over many seats uses. */
export function lockSeatsOf(room: string): string {
  return `SELECT FROM seat WHERE seat.room = ${room} ORDER BY seat.identity FOR UPDATE`;
}

/** When tokens of single seats of the room that `room` names were voided last; null: never. */
export function latestVoiding(room: string): string {
  return `(SELECT max(seat.tokens_void_before) FROM seat WHERE seat.room = ${room})`;
}
