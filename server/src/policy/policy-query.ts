import { PEEK_PREFIX } from '../grants/names.js';

/** Rules that cannot win, newest first, that come along for what they may explain. */
const NEAR_MISSES = 200;

const ASSIGNMENT = `'id', a.id, 'is_everyone', a.user_id IS NULL, 'room', a.room_name,
  'pattern', a.room_pattern, 'template', a.template, 'priority', a.priority, 'from', a.valid_from,
  'until', a.valid_until, 'at', a.created_at, 'by', a.created_by_label, 'reason', a.reason`;

/** Whether a rule reaches the room; never null. */
const covers = (room: string) => `(a.room_name IS NULL AND a.room_pattern IS NULL
  OR coalesce(a.room_name = ${room}, false) OR coalesce(${room} LIKE a.room_like, false))`;

/** Not over, with an hour to spare for clocks that differ: such a rule may win. */
const CURRENT = `(a.valid_until IS NULL OR a.valid_until > now() - interval '1 hour')`;

/**
 * $1 rooms, $2 identities, one pair per question; $3 the rooms, each once. One row per question, in
 * columns: making JSON of them would take Postgres three times as long as finding them. Every rule
 * that may win comes along, however many there are; of the others only the newest do.
 */
export const READ_FACTS = `
  SELECT q.ord::int, CASE WHEN q.ord = 1 THEN clock_timestamp() END AS now,
    CASE WHEN q.ord = 1 THEN (SELECT tokens_void_before FROM installation) END AS void_before,
    CASE WHEN q.ord = 1 THEN (SELECT json_agg(json_build_object('name', r.name,
        'isClosed', r.is_closed,
        'defaultTemplate', r.default_template, 'promoteTemplate', r.promote_template,
        'unlistedParticipants', r.unlisted_participants, 'emptyTimeout', r.empty_timeout,
        'departureTimeout', r.departure_timeout, 'maxParticipants', r.max_participants,
        'metadata', r.metadata, 'liveSid', r.live_sid, 'scene', r.active_scene,
        'unseenFor', extract(epoch FROM now() - r.last_seen_live_at)::float8,
        'voidBefore', r.tokens_void_before))
      FROM room r WHERE r.name = ANY($3)) END AS rooms,
    CASE WHEN q.ord = 1 THEN (
      SELECT json_agg(json_build_object(${ASSIGNMENT}, 'is_pool', a.id = ANY(pool.ids)))
      FROM (SELECT ARRAY(
          SELECT a.id FROM assignment a
          WHERE a.user_id IS NULL AND (a.room_pattern IS NOT NULL OR NOT ${CURRENT})
            AND (a.room_name IS NULL OR a.room_name = ANY($3))
          ORDER BY a.created_at DESC LIMIT ${NEAR_MISSES}) AS ids OFFSET 0) pool
      JOIN assignment a ON a.user_id IS NULL AND (a.id = ANY(pool.ids) OR ${CURRENT} AND (
        a.room_name = ANY($3) OR (a.room_name IS NULL AND a.room_pattern IS NULL)
        OR EXISTS (SELECT FROM unnest($3::text[]) AS asked(room) WHERE asked.room LIKE a.room_like))))
      END AS everyone,
    CASE WHEN q.ord = 1 THEN (
      SELECT json_object_agg(key, json_build_object('published', published, 'isArchived', is_archived))
      FROM role_template) END AS templates,
    u.id AS user_id, u.name, u.kind, u.metadata, u.attributes, u.is_suspended,
    u.deleted_at IS NOT NULL AS is_deleted, u.tokens_void_before AS user_void_before, u.updated_at,
    s.epoch, s.last_issued_at IS NOT NULL AS was_issued, s.tokens_void_before AS seat_void_before,
    s.admitted, s.awaited, s.is_present, s.left_at,
    CASE WHEN coalesce(s.before_scene, s.permission) IS NOT NULL
        AND (s.last_issued_at IS NULL OR s.before_scene IS NOT NULL)
      THEN json_build_object('permission', coalesce(s.before_scene, s.permission),
        'isKept', s.before_scene IS NOT NULL, 'sid', s.sid) END AS uncovered,
    CASE WHEN s.last_issued_at IS NULL THEN s.brought END AS brought,
    coalesce(s.is_present AND s.kind = 'whip', false) AS is_whip, s.muted_tracks, s.peeks_at,
    s.override_template, s.override_version, s.override_scope, s.override_until, s.override_at,
    s.override_by, s.override_by_kind, s.override_reason,
    CASE WHEN s.block_at IS NOT NULL THEN json_build_object('at', s.block_at,
      'until', s.block_until, 'by', s.block_by,
      'byKind', s.block_by_kind, 'reason', s.block_reason) END AS block,
    CASE WHEN s.hold_at IS NOT NULL THEN json_build_object('sources', s.hold_sources,
      'at', s.hold_at, 'until', s.hold_until, 'by', s.hold_by,
      'byKind', s.hold_by_kind, 'reason', s.hold_reason) END AS hold,
    CASE WHEN q.room IS NOT NULL AND EXISTS (SELECT FROM assignment a WHERE a.user_id = u.id)
      THEN (SELECT json_agg(json_build_object(${ASSIGNMENT})) FROM (
        SELECT a.* FROM assignment a
        WHERE a.user_id = u.id AND ${CURRENT} AND ${covers('q.room')}
        UNION ALL
        (SELECT a.* FROM assignment a
        WHERE a.user_id = u.id AND NOT (${CURRENT} AND ${covers('q.room')})
        ORDER BY a.created_at DESC LIMIT ${NEAR_MISSES})
      ) a) END AS own
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q(room, identity, ord)
  LEFT JOIN app_user u ON u.identity = q.identity
    AND NOT starts_with(q.identity, '${PEEK_PREFIX}')
  LEFT JOIN seat s ON s.room = q.room AND s.identity = q.identity`;
