// Payloads are what the server wrote, or somebody with its role in the database: what cannot be read
// is null, and no reason to fail.

/** As `Date.toISOString` writes it; such texts are in the order of their times. */
const INSTANT = String.raw`'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$'`;

/** Whether a member is an instant as the server writes it; null where there is no such member. */
export function isInstantIn(member: string): string {
  return `payload->>'${member}' ~ ${INSTANT}`;
}

/** The instant that a text says; null: it says none. No cast: 30 February would be an error. */
export function instantOf(text: string): string {
  const part = (at: number, length: number) => `substr(${text}, ${at}, ${length})::int`;
  return `CASE WHEN ${text} ~ ${INSTANT} THEN (timestamp '1970-01-01' + make_interval(
    years => ${part(1, 4)} - 1970, months => ${part(6, 2)} - 1, days => ${part(9, 2)} - 1,
    hours => ${part(12, 2)}, mins => ${part(15, 2)}, secs => substr(${text}, 18, 6)::float8))
    AT TIME ZONE 'UTC' END`;
}

/** Whether the instant of a member is later than `than`, which is of Postgres. */
export function isLaterIn(member: string, than: string): string {
  const text = `to_char((${than}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
  return `(${isInstantIn(member)} AND payload->>'${member}' COLLATE "C" > ${text})`;
}

/** A count or a number of seconds; null: it is none. */
export function numberIn(member: string): string {
  return `CASE WHEN payload->>'${member}' ~ '^\\d{1,9}(\\.\\d{1,6})?$'
    THEN (payload->>'${member}')::float8 END`;
}

export function isGrantedIn(grant: string): string {
  return `coalesce(payload->'grants'->>${grant}, '') = 'true'`;
}
