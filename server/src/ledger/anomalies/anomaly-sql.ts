import { instantOf, numberIn } from '../payload-sql.js';

/**
 * What an auditor looks for, as SQL over a stretch of the log: $1 since, $2 LIKE patterns of the rooms
 * that may be read (null: all). Each answers rows with the columns of `AnomalyFound`.
 */
export const ANOMALY_SQL = {
  'tokens-never-used': `
    WITH issued AS (
      SELECT at, shard, seq, room, identity, actor_kind, actor_id, actor_label, payload,
        ${textIn('jti', 36)} AS jti,
        ${instantOf(`(${textIn('expiresAt', 24)})`)} + interval '1 minute' AS ends
      FROM ledger_entry
      WHERE kind = 'token.issued' AND at >= $1 AND ${inRooms('room')} AND identity IS NOT NULL
        AND room IS NOT NULL
    ), came AS (
      SELECT ${textIn('issuedJti', 36)} AS jti FROM ledger_entry
      WHERE kind = 'gate.admitted' AND at >= $1
    ), joined AS (
      SELECT room, identity, at FROM ledger_entry WHERE kind = 'participant.joined' AND at >= $1
    )
    SELECT jti AS key, at, room, identity, actor_kind, actor_id, actor_label,
      payload->>'template' AS template, '{}'::jsonb AS parts, 1 AS count, ARRAY[${ref('i')}] AS refs
    FROM issued i
    WHERE ends < clock_timestamp() AND NOT EXISTS (SELECT FROM came c WHERE c.jti = i.jti)
      AND NOT EXISTS (SELECT FROM joined j
        WHERE j.room = i.room AND j.identity = i.identity AND j.at >= i.at AND j.at <= i.ends)`,

  'used-from-two-addresses': `
    WITH came AS (
      SELECT *, lag(ip) OVER w AS was_ip, lag(at) OVER w AS was_at
      FROM (
        SELECT at, shard, seq, room, identity, ip, payload, ${textIn('issuedJti', 36)} AS jti
        FROM ledger_entry
        WHERE kind = 'gate.admitted' AND at >= $1 AND ${inRooms('room')} AND ip IS NOT NULL
          AND identity IS NOT NULL
      ) AS admitted
      WHERE jti IS NOT NULL
      WINDOW w AS (PARTITION BY room, identity, jti ORDER BY at, shard, seq)
    )
    SELECT jti AS key, max(at) AS at, room, identity, NULL AS actor_kind, NULL AS actor_id,
      NULL AS actor_label, max(payload->>'template') AS template,
      jsonb_build_object('addresses', jsonb_agg(DISTINCT ip) || jsonb_agg(DISTINCT was_ip)) AS parts,
      count(*)::int + 1 AS count, (array_agg(${ref('came')} ORDER BY at DESC))[1:20] AS refs
    FROM came WHERE was_ip <> ip AND at - was_at < interval '10 minutes'
    GROUP BY jti, room, identity`,

  'issued-outside-usual': `
    WITH recent AS (
      SELECT * FROM ledger_entry
      WHERE actor_kind = 'operator' AND actor_id IS NOT NULL AND kind = 'token.issued' AND at >= $1
        AND ${inRooms('room')}
    ), usual AS (
      SELECT o.actor_id, array_agg(DISTINCT extract(hour FROM before.at AT TIME ZONE 'UTC')) AS hours,
        array_agg(DISTINCT before.room) AS rooms
      FROM (SELECT DISTINCT actor_id FROM recent) AS o
      CROSS JOIN LATERAL (
        SELECT at, room FROM ledger_entry b
        WHERE b.actor_kind = 'operator' AND b.actor_id = o.actor_id AND b.kind = 'token.issued'
          AND b.at < $1 AND b.at >= $1::timestamptz - interval '30 days' AND ${inRooms('b.room')}
        ORDER BY at DESC LIMIT 500) AS before
      GROUP BY o.actor_id HAVING count(*) >= 20
    )
    SELECT ${ref('r')} AS key, at, room, identity, actor_kind, r.actor_id, actor_label,
      payload->>'template' AS template,
      jsonb_build_object('outside', CASE WHEN is_late AND is_elsewhere THEN 'hours_and_rooms'
        WHEN is_late THEN 'hours' ELSE 'rooms' END) AS parts,
      1 AS count, ARRAY[${ref('r')}] AS refs
    FROM recent r JOIN usual u USING (actor_id)
    CROSS JOIN LATERAL (
      SELECT r.room IS NOT NULL AND NOT coalesce(r.room = ANY(u.rooms), false) AS is_elsewhere,
        NOT EXISTS (SELECT FROM unnest(u.hours) AS h,
          abs(h - extract(hour FROM r.at AT TIME ZONE 'UTC')) AS apart
          WHERE least(apart, 24 - apart) <= 1) AS is_late) AS found
    WHERE is_late OR is_elsewhere`,

  'roles-under-a-minute': `
    SELECT ${ref('p')} AS key, p.at, p.room, p.identity, p.actor_kind, p.actor_id, p.actor_label,
      p.payload->'after'->>'template' AS template,
      jsonb_build_object('seconds', round(extract(epoch FROM ended.at - p.at)), 'then', ended.kind) AS parts,
      2 AS count, ARRAY[${ref('ended')}, ${ref('p')}] AS refs
    FROM ledger_entry p CROSS JOIN LATERAL (
      SELECT at, shard, seq, kind FROM ledger_entry e
      WHERE e.identity = p.identity AND e.room = p.room AND e.at > p.at
        AND e.at < p.at + interval '1 minute' AND e.outcome IN ('ok', 'applied')
        AND e.kind IN ('seat.demoted', 'seat.lease_ended', 'seat.removed', 'seat.blocked',
          'seat.session_ended', 'participant.left')
      ORDER BY at LIMIT 1) AS ended
    WHERE p.kind = 'seat.promoted' AND p.outcome = 'applied' AND p.at >= $1 AND ${inRooms('p.room')}`,

  'repeated-refusals': `
    SELECT concat_ws(' ', kind, room, identity, actor_id, code) AS key, max(at) AS at, room, identity,
      max(actor_kind) AS actor_kind, actor_id, max(actor_label) AS actor_label, NULL AS template,
      jsonb_strip_nulls(jsonb_build_object('kind', kind, 'code', code)) AS parts, least(sum(times), 2147483647)::int AS count,
      (array_agg(${ref('refused')} ORDER BY at DESC))[1:20] AS refs
    FROM (
      SELECT at, shard, seq, kind, room, identity, actor_kind, actor_id, actor_label,
        coalesce(payload->>'refusal', payload->>'code', payload->>'permission') AS code,
        coalesce(${numberIn('times')}, 1) AS times
      FROM ledger_entry WHERE outcome = 'refused' AND at >= $1 AND ${inRooms('room')}
    ) AS refused
    GROUP BY kind, room, identity, actor_id, code HAVING sum(times) >= 5`,

  'acts-on-oneself': `
    SELECT ${ref('e')} AS key, at, room, identity, actor_kind, actor_id, actor_label,
      coalesce(payload->>'template', payload->'after'->>'template') AS template,
      jsonb_build_object('kind', kind) AS parts, 1 AS count, ARRAY[${ref('e')}] AS refs
    FROM ledger_entry e
    WHERE actor_kind = 'operator' AND at >= $1 AND ${inRooms('room')} AND outcome <> 'intent'
      AND (identity = actor_id OR lower(identity) = lower(actor_label))`,

  'drift-came-back': `
    SELECT concat_ws(' ', room, identity) AS key, max(at) AS at, room, identity, NULL AS actor_kind,
      NULL AS actor_id, NULL AS actor_label, max(payload->>'template') AS template, '{}'::jsonb AS parts,
      count(*)::int AS count, (array_agg(${ref('e')} ORDER BY at DESC))[1:20] AS refs
    FROM ledger_entry e
    WHERE kind = 'drift.detected' AND at >= $1 AND ${inRooms('room')}
    GROUP BY room, identity HAVING count(*) >= 2`,

  'looks-by-operator': `
    SELECT actor_id AS key, max(at) AS at, CASE WHEN count(DISTINCT room) = 1 THEN max(room) END AS room,
      NULL AS identity, 'operator' AS actor_kind, actor_id, max(actor_label) AS actor_label,
      NULL AS template, jsonb_build_object('kinds', jsonb_agg(DISTINCT kind)) AS parts,
      least(sum(coalesce(${numberIn('times')}, 1)), 2147483647)::int AS count,
      (array_agg(${ref('e')} ORDER BY at DESC))[1:20] AS refs
    FROM ledger_entry e
    WHERE kind IN ('ledger.read', 'seat.peeked', 'token.previewed') AND actor_kind = 'operator'
      AND actor_id IS NOT NULL AND at >= $1 AND ${inRooms('room')}
    GROUP BY actor_id`,
} as const;

export type SqlAnomaly = keyof typeof ANOMALY_SQL;

/** The text of a member, without reading the JSON: it is canonical. Null: there is none. */
function textIn(member: string, length: number): string {
  const begin = `"${member}":"`;
  return `CASE WHEN strpos(payload::text, '${begin}') > 0
    THEN substr(payload::text, strpos(payload::text, '${begin}') + ${begin.length}, ${length}) END`;
}

function ref(table: string): string {
  return `concat((extract(epoch FROM ${table}.at) * 1000000)::bigint, '/', ${table}.shard, '/', ${table}.seq)`;
}

function inRooms(room: string): string {
  return `($2::text[] IS NULL OR ${room} LIKE ANY($2))`;
}
