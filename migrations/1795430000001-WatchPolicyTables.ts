import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

interface Watched {
  readonly table: string;
  /** What names a row. */
  readonly key: readonly string[];
  readonly columns: readonly string[];
  /** Kinds of entries, as LIKE has them, one of which a change by Rolecall comes with. */
  readonly kinds: readonly string[];
  /** A row that has none of these says nothing of policy; left out: every row does. */
  readonly onlyWith?: readonly string[];
  /** A row that goes takes something away, and Rolecall deletes it without an entry. */
  readonly mayGo?: true;
}

const SEAT_COLUMNS = [
  ...['template', 'version', 'scope', 'until', 'at', 'by', 'by_kind', 'reason'].map(
    (name) => `override_${name}`,
  ),
  ...['at', 'until', 'by', 'by_kind', 'reason'].map((name) => `block_${name}`),
  ...['sources', 'at', 'until', 'by', 'by_kind', 'reason'].map((name) => `hold_${name}`),
  'tokens_void_before',
];

const columns = (text: string): string[] => text.split(/\s+/);

const WATCHED: readonly Watched[] = [
  {
    table: 'app_user',
    key: ['id', 'identity'],
    columns: columns(
      'id identity name kind metadata attributes is_suspended is_demo deleted_at tokens_void_before',
    ),
    kinds: ['user.%', 'token.voided', 'demo.%'],
  },
  {
    table: 'room',
    key: ['name'],
    columns: columns(
      `name title empty_timeout departure_timeout max_participants metadata default_template
       promote_template unlisted_participants is_closed is_demo tokens_void_before active_scene`,
    ),
    kinds: ['room.%', 'scene.%', 'token.voided', 'demo.%'],
  },
  {
    table: 'room_void',
    key: ['room'],
    columns: ['room', 'void_before'],
    kinds: ['room.%', 'demo.%'],
  },
  {
    table: 'role_template',
    key: ['key'],
    columns: columns(
      `key name description color is_built_in is_archived published draft draft_based_on
       draft_updated_by draft_updated_by_kind`,
    ),
    kinds: ['template.%'],
  },
  {
    table: 'role_template_version',
    key: ['template', 'version'],
    columns: columns(
      `template version grants ttl metadata attributes message published_at published_by
       published_by_label published_by_kind`,
    ),
    kinds: ['template.%'],
  },
  {
    table: 'assignment',
    key: ['id'],
    columns: columns(
      `id user_id room_name room_pattern template priority valid_from valid_until reason is_demo
       created_by created_by_label created_by_kind`,
    ),
    kinds: ['assignment.%', 'user.deleted', 'room.deleted', 'demo.%'],
  },
  {
    table: 'operator',
    key: ['id'],
    columns: columns('id email email_key name password_hash is_disabled'),
    kinds: ['operator.%'],
  },
  {
    table: 'operator_access',
    key: ['id'],
    columns: columns('id operator_id role rooms'),
    kinds: ['operator.%'],
  },
  {
    table: 'operator_session',
    key: ['id'],
    columns: columns('id operator_id token_hash expires_at'),
    kinds: ['operator.%'],
    mayGo: true,
  },
  {
    table: 'api_key',
    key: ['id'],
    columns: columns(
      `id name prefix key_hash permissions rooms ceiling rate_limit expires_at created_by
       created_by_label created_by_kind revoked_at`,
    ),
    kinds: ['api_key.%'],
  },
  {
    table: 'seat',
    key: ['room', 'identity'],
    columns: SEAT_COLUMNS,
    kinds: columns('seat.% scene.% bulk.% stage.% token.% room.% drift.% participant.% demo.%'),
    onlyWith: ['override_at', 'block_at', 'hold_at', 'tokens_void_before'],
  },
  {
    table: 'scene',
    key: ['id'],
    columns: columns('id room name description rules created_by_label created_by_kind'),
    kinds: ['scene.%', 'room.deleted', 'demo.%'],
  },
  {
    table: 'stage_limit',
    key: ['room', 'template'],
    columns: ['room', 'template', 'slots'],
    kinds: ['stage.%', 'room.deleted', 'template.deleted', 'demo.%'],
  },
  {
    table: 'installation',
    key: ['id'],
    columns: ['id', 'tokens_void_before'],
    kinds: ['token.voided'],
  },
];

/** Rows of a transaction that are named one by one; of the others their number is. */
const NAMED_ROWS = 20;
/** What would let somebody in is not written down. */
const SECRETS = `ARRAY['password_hash', 'key_hash', 'token_hash']`;

/**
 * Whoever changes policy past Rolecall is named: at its commit each changed row looks for an entry of
 * the same transaction that is about such a change, and writes one when there is none. It looks at the
 * entries themselves, since any setting of a session could be forged.
 */
export class WatchPolicyTables1795430000001 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // Which rows of a transaction are named already. The application's role has no right on it.
    await queryRunner.query(`
      CREATE TABLE policy_direct_change (
        transaction text NOT NULL,
        subject text NOT NULL,
        first_seq bigint,
        own_at timestamptz,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_policy_direct_change PRIMARY KEY (transaction, subject)
      )`);
    // A session may have string constants read another way; what these functions call relies on this one.
    await this.createReport(queryRunner);
    await this.createTriggerFunctions(queryRunner);
    for (const watched of WATCHED) await this.watch(queryRunner, watched);
  }

  private async createReport(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION policy_values(columns jsonb, names text[]) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT pg_catalog.concat('{', pg_catalog.string_agg(pg_catalog.concat(
          pg_catalog.to_json(c.key), ':', CASE
            WHEN c.key OPERATOR(pg_catalog.=) ANY (${SECRETS}) THEN '"hidden"'
            ELSE public.ledger_text(pg_catalog."left"(c.value, 500)) END), ','
          ORDER BY c.key COLLATE "C"), '}')
        FROM pg_catalog.jsonb_each_text(columns) c
        WHERE names IS NULL OR c.key OPERATOR(pg_catalog.=) ANY (names) $$`);
    // Texts are RFC 8785, as ledger_append wants them: members in the order of their names.
    await queryRunner.query(`
      CREATE FUNCTION policy_report(of_table name, operation text, before jsonb, after jsonb,
        keys text[], own_kinds text[], relation oid) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET standard_conforming_strings = on AS $$
      DECLARE
        txn CONSTANT text := pg_current_xact_id()::text;
        me CONSTANT xid := pg_current_xact_id()::xid;
        present CONSTANT jsonb := coalesce(after, before);
        acting_as CONSTANT text := nullif(current_setting('role'), 'none');
        owner CONSTANT boolean := pg_has_role(session_user, current_user, 'MEMBER');
        changed text[];
        who text;
        what text;
        personal text;
        in_room text;
        of_identity text;
        head record;
        mark record;
      BEGIN
        -- So many rows of the table that their number was written down.
        IF EXISTS (SELECT FROM public.policy_direct_change m
          WHERE m.transaction = txn AND m.subject = of_table) THEN
          RETURN;
        END IF;
        SELECT h.seq, CASE WHEN h.xmin = me THEN h.at END AS own_at INTO head
        FROM public.ledger_head h WHERE h.shard = 0 FOR UPDATE;
        SELECT m.* INTO mark FROM public.policy_direct_change m
        WHERE m.transaction = txn AND m.subject = '';
        IF NOT FOUND THEN
          DELETE FROM public.policy_direct_change WHERE at < clock_timestamp() - interval '1 day';
          INSERT INTO public.policy_direct_change (transaction, subject, first_seq, own_at)
          VALUES (txn, '', head.seq, head.own_at);
        ELSE
          -- The entry that explains this row was there before those that this function wrote.
          IF EXISTS (SELECT FROM public.ledger_entry e WHERE e.at = mark.own_at AND e.shard = 0
            AND e.xmin = me AND e.kind LIKE ANY (own_kinds)) THEN
            RETURN;
          END IF;
          IF head.seq - mark.first_seq >= ${NAMED_ROWS} THEN
            INSERT INTO public.policy_direct_change (transaction, subject) VALUES (txn, of_table);
            operation := 'many';
          END IF;
        END IF;

        who := concat('"isOwner":', to_json(owner));
        IF operation = 'many' OR present IS NULL THEN
          what := concat(
            '{"actingAs":', public.ledger_text(acting_as),
            ',"application":', public.ledger_text(left(current_setting('application_name'), 100)),
            ',"deleted":', pg_stat_get_xact_tuples_deleted(relation),
            ',"inserted":', pg_stat_get_xact_tuples_inserted(relation),
            ',', who, ',"operation":', to_json(operation),
            ',"role":', to_json(session_user::text), ',"table":', to_json(of_table::text),
            ',"transaction":', to_json(txn),
            ',"updated":', pg_stat_get_xact_tuples_updated(relation), '}');
        ELSE
          SELECT array_agg(c.key ORDER BY c.key COLLATE "C") INTO changed FROM jsonb_each(present) c
          WHERE c.value IS DISTINCT FROM CASE operation WHEN 'update' THEN before -> c.key
            ELSE 'null'::jsonb END;
          in_room := CASE of_table WHEN 'room' THEN present ->> 'name'
            ELSE coalesce(present ->> 'room', present ->> 'room_name') END;
          of_identity := present ->> 'identity';
          what := concat(
            '{"actingAs":', public.ledger_text(acting_as),
            ',"application":', public.ledger_text(left(current_setting('application_name'), 100)),
            ',"columns":', (SELECT concat('[', string_agg(to_json(c)::text, ',' ORDER BY c COLLATE "C"), ']')
              FROM unnest(changed) c),
            ',', who, ',"operation":', to_json(operation),
            ',"role":', to_json(session_user::text), ',"table":', to_json(of_table::text),
            ',"transaction":', to_json(txn), '}');
          personal := concat(
            '{"after":', CASE WHEN after IS NULL THEN 'null' ELSE public.policy_values(after, changed) END,
            ',"before":', CASE WHEN before IS NULL THEN 'null' ELSE public.policy_values(before, changed) END,
            ',"key":', public.policy_values(present, keys), '}');
        END IF;
        PERFORM public.ledger_append(0, 0, ARRAY['policy.changed_directly'], ARRAY['ok'],
          ARRAY['system'], ARRAY[NULL::text], ARRAY[concat('Postgres role ', session_user)],
          ARRAY[in_room], ARRAY[of_identity], ARRAY[NULL::text], ARRAY[host(inet_client_addr())],
          ARRAY[NULL::text], ARRAY[what::json], ARRAY[personal::json]);
        INSERT INTO public.alarm (kind, key, room, identity, about)
        VALUES ('policy.changed_directly', jsonb_build_array(txn, of_table)::text, in_room,
          of_identity, what::jsonb)
        ON CONFLICT (kind, key) WHERE gone_at IS NULL
        DO UPDATE SET times = alarm.times + 1, seen_at = clock_timestamp();
      END $$`);
  }

  private async createTriggerFunctions(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION policy_note_change() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET standard_conforming_strings = on AS $$
      BEGIN
        -- Entries of one transaction are appended at once: they have the time of the head.
        IF EXISTS (SELECT FROM public.ledger_head h
          JOIN public.ledger_entry e ON e.at = h.at AND e.shard = h.shard
          WHERE h.shard = 0 AND h.xmin = pg_current_xact_id()::xid
            AND e.xmin = pg_current_xact_id()::xid
            AND e.kind LIKE ANY (string_to_array(TG_ARGV[1], ' '))) THEN
          RETURN NULL;
        END IF;
        PERFORM public.policy_report(TG_TABLE_NAME, lower(TG_OP),
          CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END,
          CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END,
          string_to_array(TG_ARGV[0], ' '), string_to_array(TG_ARGV[1], ' '), TG_RELID);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION policy_note_truncate() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET standard_conforming_strings = on AS $$
      BEGIN
        PERFORM public.policy_report(TG_TABLE_NAME, 'truncate', NULL, NULL, '{}', '{}', TG_RELID);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      REVOKE ALL ON FUNCTION policy_report, policy_note_change(), policy_note_truncate() FROM PUBLIC`);
  }

  private async watch(queryRunner: QueryRunner, watched: Watched): Promise<void> {
    const { table, key, columns: names, kinds, onlyWith = [], mayGo = false } = watched;
    const has = (row: string) =>
      onlyWith.length === 0
        ? 'true'
        : onlyWith.map((name) => `${row}.${name} IS NOT NULL`).join(' OR ');
    const list = (row: string) => names.map((name) => `${row}.${name}`).join(', ');
    const create = (event: string, when: string) =>
      queryRunner.query(`
        CREATE CONSTRAINT TRIGGER ${table}_noted_${event} AFTER ${event} ON ${table}
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (${when})
          EXECUTE FUNCTION policy_note_change('${key.join(' ')}', '${kinds.join(' ')}')`);
    await create('insert', has('NEW'));
    await create('update', `ROW(${list('OLD')}) IS DISTINCT FROM ROW(${list('NEW')})`);
    if (!mayGo) await create('delete', has('OLD'));
    await queryRunner.query(`
      CREATE TRIGGER ${table}_noted_truncate AFTER TRUNCATE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION policy_note_truncate()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const { table } of WATCHED) {
      for (const event of ['insert', 'update', 'delete', 'truncate']) {
        await queryRunner.query(`DROP TRIGGER IF EXISTS ${table}_noted_${event} ON ${table}`);
      }
    }
    await queryRunner.query(`DROP FUNCTION policy_note_truncate()`);
    await queryRunner.query(`DROP FUNCTION policy_note_change()`);
    await queryRunner.query(`DROP FUNCTION policy_report`);
    await queryRunner.query(`DROP FUNCTION policy_values(jsonb, text[])`);
    await queryRunner.query(`DROP TABLE policy_direct_change`);
  }
}
