// Fills the ledger's own table, with its own indexes, with entries of ninety days: visits of people to
// rooms, decisions about them, refusals. Rows are written past the append function, which is what
// takes time; they count as from before the tree, so that nothing is sealed.

export const DAYS = 90;
const CHUNK = 250_000;

const GRANTS = `{"canManageAgentSession":false,"canPublish":true,"canPublishData":true,"canPublishSources":["camera","microphone"],"canSubscribe":true,"canSubscribeMetrics":false,"canUpdateOwnMetadata":false,"destinationRoom":"","hidden":false,"inference":{"perform":false},"ingressAdmin":false,"observability":{"write":false},"recorder":false,"roomAdmin":false,"roomCreate":false,"roomJoin":true,"roomList":false,"roomRecord":false,"sip":{"admin":false,"call":false}}`;
const VIDEO = `{"canPublish":true,"canPublishData":true,"canPublishSources":["camera","microphone"],"canSubscribe":true,"room":"%s","roomJoin":true}`;

/** What the entry with the number n is, by n % 1000. The rest are visits: issued, admitted, joined, left. */
const RARE = [
  [20, 'token.refused', 'refused'],
  [15, 'gate.refused', 'refused'],
  [8, 'room.started', 'ok'],
  [8, 'room.finished', 'ok'],
  [7, 'seat.promoted', 'intent'],
  [7, 'seat.promoted', 'applied'],
  [5, 'seat.muted', 'intent'],
  [5, 'seat.muted', 'applied'],
  [3, 'seat.demoted', 'intent'],
  [3, 'seat.demoted', 'applied'],
  [1, 'seat.blocked', 'intent'],
  [1, 'seat.blocked', 'applied'],
  [5, 'stage.hand_raised', 'ok'],
  [2, 'drift.detected', 'ok'],
  [3, 'ledger.read', 'ok'],
  [1, 'operator.signed_in', 'ok'],
  [1, 'access.refused', 'refused'],
  [3, 'user.created', 'ok'],
  [2, 'assignment.created', 'ok'],
];

function byNumber(what) {
  let from = 1_000;
  const cases = RARE.map((rare) => {
    from -= rare[0];
    return `WHEN r >= ${from} THEN '${rare[what]}'`;
  });
  const visit =
    what === 1
      ? `(ARRAY['token.issued','gate.admitted','participant.joined','participant.left'])[1 + n % 4]`
      : `'ok'`;
  return `CASE ${cases.join(' ')} ELSE ${visit} END`;
}

/** One statement for the numbers from $1 to $2 of $3 entries, of which the last one is now. */
function insert(operators) {
  const ids = `ARRAY[${operators.map((id) => `'${id}'`).join(',')}]`;
  return `
  INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_id, actor_label, room, identity,
    request_id, ip, reason, payload, personal, actor_salt, subject_salt, leaf_hash)
  SELECT 1, n, at, kind, outcome, actor_kind,
    CASE actor_kind WHEN 'operator' THEN (${ids})[1 + v % ${operators.length}]
      WHEN 'api_key' THEN 'a0000000-0000-4000-8000-00000000000' || v % 6 END,
    CASE actor_kind WHEN 'operator' THEN 'operator-' || v % ${operators.length} || '@example.com'
      WHEN 'api_key' THEN 'backend ' || v % 6 WHEN 'system' THEN CASE WHEN kind LIKE 'gate%' THEN 'Gate' ELSE 'Rolecall' END END,
    CASE WHEN kind NOT IN ('operator.signed_in', 'ledger.read', 'user.created') THEN room END,
    CASE WHEN kind NOT LIKE 'room.%' AND kind NOT IN ('operator.signed_in', 'ledger.read') THEN identity END,
    CASE WHEN actor_kind <> 'system' OR kind LIKE 'gate%' THEN substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 14, 3) || '-8' || substr(h, 18, 3) || '-' || substr(h, 20, 12) END,
    CASE WHEN actor_kind <> 'system' OR kind LIKE 'gate%' THEN concat('203.0.', v % 200, '.', (v / 7) % 250) END,
    CASE WHEN kind LIKE 'seat.%' AND v % 3 = 0 THEN 'Next question from the floor' END,
    (CASE
      WHEN kind = 'token.issued' THEN concat('{"ceiling":null,"expiresAt":"', to_char((at + interval '10 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        '","grants":${GRANTS},"jti":"', jti, '","source":"', (ARRAY['assignment','assignment','default','requested'])[1 + v % 4],
        '","template":"', template, '","tokenHash":"', h, md5(h), '","ttl":600,"version":1}')
      WHEN kind LIKE 'gate.%' THEN concat('{"issuedJti":"', jti, '","jti":"', jti, '","path":"/rtc/v1"', CASE kind WHEN 'gate.refused' THEN ',"refusal":"seat.blocked"' ELSE '' END,
        ',"source":"assignment","template":"', template, '","version":1}')
      WHEN kind LIKE 'participant.%' THEN concat('{"roomSid":"RM_', substr(h, 1, 12), '","sid":"PA_', substr(h, 13, 12), '"}')
      WHEN kind = 'token.refused' THEN '{"code":"seat.blocked","template":null}'
      WHEN kind LIKE 'seat.%' THEN concat('{"after":{"permission":{"canPublish":true,"canPublishData":true,"canPublishSources":[1,2],"canSubscribe":true},"template":"', template,
        '","version":1},"before":{"permission":{"canPublish":false,"canPublishData":true,"canPublishSources":[],"canSubscribe":true},"template":"viewer","version":1},"effects":[{"kind":"gain","text":"gains camera, microphone"}],"epoch":3,"operationId":"',
        md5(v::text)::uuid, '"}')
      ELSE '{}' END)::json,
    (CASE
      WHEN kind = 'token.issued' THEN concat('{"because":[{"code":"assignment","text":"', identity, ' has ', template, ' in rooms that match it"}],"claims":{"exp":1796000000,"iss":"key","jti":"', jti,
        '","metadata":"","name":"', identity, '","nbf":1795999400,"sub":"', identity, '","video":', format('${VIDEO}', room), '}}')
      WHEN kind LIKE 'gate.%' OR kind = 'token.refused' THEN concat('{"because":[{"code":"assignment","text":"', identity, ' has ', template, '"}]}')
      WHEN kind LIKE 'participant.%' THEN concat('{"name":"', identity, '"}') END)::json,
    decode(h, 'hex'), decode(md5(h), 'hex'), decode(h || md5(h), 'hex')
  FROM (
    SELECT n, v, r, at, kind, outcome, md5(n::text || 'h') AS h,
      'room-' || (2000 * u1 * u1)::int AS room, 'person-' || (200000 * u2 * u2)::int AS identity,
      (ARRAY['viewer','viewer','viewer','speaker','speaker','presenter','host'])[1 + (v * 7 + v / 13) % 7] AS template,
      concat(substr(ms, 1, 8), '-', substr(ms, 9, 4), '-7', substr(md5(v::text), 1, 3), '-8', substr(md5(v::text), 4, 3), '-', substr(md5(v::text), 8, 12)) AS jti,
      CASE WHEN kind IN ('token.issued', 'token.refused') THEN CASE WHEN v % 12 = 0 THEN 'operator' ELSE 'api_key' END
        WHEN kind LIKE 'seat.%' OR kind LIKE 'operator.%' OR kind IN ('ledger.read', 'access.refused', 'user.created', 'assignment.created') THEN 'operator'
        WHEN kind = 'stage.hand_raised' THEN 'participant' ELSE 'system' END AS actor_kind
    FROM (
      SELECT n, v, r, at, ${byNumber(1)} AS kind, ${byNumber(2)} AS outcome,
        (hashint8extended(v, 1) & 2147483647) / 2147483648.0::float8 AS u1,
        (hashint8extended(v, 2) & 2147483647) / 2147483648.0::float8 AS u2,
        lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms
      FROM (
        SELECT n, n / 4 AS v, n % 1000 AS r,
          $4::timestamptz + (d + 0.15 * sin(2 * pi() * d)) * interval '1 day' AS at
        FROM (SELECT n, ${DAYS} * n / $3::float8 AS d FROM generate_series($1::bigint, $2::bigint) n) a
      ) b
    ) c
    OFFSET 0
  ) e`;
}

/** `owner`: a client as the owner of the tables. `operators`: the ids that acts are by. */
export async function fillLedger(owner, { count, operators, log = () => {} }) {
  const { rows: dates } = await owner.query(
    `SELECT date_trunc('second', now()) - interval '${DAYS} days' AS start`,
  );
  const { start } = dates[0];
  for (let month = 0; month <= DAYS / 28 + 1; month++) {
    const first = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month, 1));
    const next = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + month + 1, 1));
    const part = `ledger_entry_${first.toISOString().slice(0, 7).replace('-', '_')}`;
    await owner.query(`DO $$ BEGIN
      IF to_regclass('public.${part}') IS NULL THEN
        CREATE TABLE ${part} PARTITION OF ledger_entry
          FOR VALUES FROM ('${first.toISOString()}') TO ('${next.toISOString()}');
        CREATE TRIGGER ledger_entry_never_empties BEFORE TRUNCATE ON ${part}
          FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();
      END IF; END $$`);
  }
  // Built once over everything, they take a fifth of the time.
  const { rows: indexes } = await owner.query(`
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS definition
    FROM pg_index i WHERE i.indrelid = 'ledger_entry'::regclass AND NOT i.indisprimary`);
  for (const { name } of indexes) await owner.query(`DROP INDEX ${name}`);
  const statement = insert(operators);
  for (let from = 1; from <= count; from += CHUNK) {
    const to = Math.min(count, from + CHUNK - 1);
    await owner.query(statement, [from, to, count, start]);
    if (to % (CHUNK * 8) === 0) log(`${to} of ${count} entries`);
  }
  for (const { name, definition } of indexes) {
    await owner.query(definition.replace(' ON ONLY ', ' ON '));
    log(`index ${name}`);
  }
  await owner.query(`ALTER TABLE ledger_head DISABLE TRIGGER USER`);
  await owner.query(
    `INSERT INTO ledger_head (shard, epoch, seq, at, opened_at, leaves_after, ordered_after)
     SELECT 1, 1, $1, max(at), min(at), $1, $1 FROM ledger_entry WHERE shard = 1
     ON CONFLICT (shard) DO UPDATE SET seq = EXCLUDED.seq, at = EXCLUDED.at,
       leaves_after = EXCLUDED.leaves_after, ordered_after = EXCLUDED.ordered_after`,
    [count],
  );
  await owner.query(`ALTER TABLE ledger_head ENABLE TRIGGER USER`);
  await owner.query('SELECT ledger_recount()');
  log('counted');
  await owner.query('VACUUM (ANALYZE) ledger_entry');
  await owner.query('VACUUM (ANALYZE) ledger_count');
}
