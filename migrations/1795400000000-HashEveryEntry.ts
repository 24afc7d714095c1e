import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

const TEXTS =
  'kind, outcome, actor_kind, actor_id, actor_label, room, identity, request_id, ip, reason';

const ARRAYS = [
  ...TEXTS.split(', ').map((name) => `${name}s text[]`),
  'payloads json[]',
  'personals json[]',
].join(', ');

/** Members of payloads that speak of a person, as of this migration; entries from before have them. */
const PERSONAL: Readonly<Record<string, readonly string[]>> = {
  'assignment.created': ['after'],
  'assignment.deleted': ['before'],
  'assignment.updated': ['after', 'before', 'subject'],
  'bulk.cancelled': ['because'],
  'bulk.started': ['filter'],
  'demo.removed': ['identities'],
  'drift.detected': ['because'],
  'drift.repaired': ['because'],
  'gate.admitted': ['because'],
  'gate.refused': ['because'],
  'operator.created': ['after', 'before', 'email', 'operator'],
  'operator.disabled': ['after', 'before', 'email', 'operator'],
  'operator.enabled': ['after', 'before', 'email', 'operator'],
  'operator.password_reset': ['after', 'before', 'email', 'operator'],
  'operator.sign_in_refused': ['addresses'],
  'operator.updated': ['after', 'before', 'email', 'operator'],
  'participant.aborted': ['name'],
  'participant.joined': ['name'],
  'participant.left': ['name'],
  'scene.deleted': ['before'],
  'scene.entered': ['before', 'scene'],
  'scene.left': ['before', 'scene'],
  'seat.block_ended': ['detail'],
  'seat.blocked': ['detail'],
  'seat.demoted': ['detail'],
  'seat.held': ['detail'],
  'seat.hold_ended': ['detail'],
  'seat.lease_ended': ['detail'],
  'seat.lease_extended': ['detail'],
  'seat.muted': ['detail'],
  'seat.peek_ended': ['detail'],
  'seat.peeked': ['as'],
  'seat.promoted': ['detail'],
  'seat.released': ['detail'],
  'seat.removed': ['detail'],
  'seat.unblocked': ['detail'],
  'stage.hand_approved': ['invitedBy', 'note'],
  'stage.hand_declined': ['invitedBy', 'note'],
  'stage.hand_expired': ['invitedBy', 'note'],
  'stage.hand_lowered': ['invitedBy', 'note'],
  'stage.hand_raised': ['invitedBy', 'note'],
  'stage.invite_accepted': ['invitedBy', 'note'],
  'stage.invite_declined': ['invitedBy', 'note'],
  'stage.invite_expired': ['invitedBy', 'note'],
  'stage.invite_sent': ['invitedBy', 'note'],
  'stage.unmute_accepted': ['invitedBy', 'note'],
  'stage.unmute_asked': ['invitedBy', 'note'],
  'stage.unmute_declined': ['invitedBy', 'note'],
  'stage.unmute_expired': ['invitedBy', 'note'],
  'token.issued': ['because', 'claims', 'peeksAt'],
  'token.refused': ['because'],
  'user.created': ['after', 'before', 'user'],
  'user.deleted': ['after', 'before', 'user'],
  'user.suspended': ['after', 'before', 'user'],
  'user.unsuspended': ['after', 'before', 'user'],
  'user.updated': ['after', 'before', 'user'],
};

/**
 * Each entry gets the hash of its leaf when it is appended, over the columns as they are stored. What
 * speaks of a person is in it as a salted commitment, so that it can be erased and the hash still
 * holds. Entries from before have no leaf hash: `ledger_head.leaves_after` says up to which number.
 */
export class HashEveryEntry1795400000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.changeColumns(queryRunner);
    await this.guardHead(queryRunner, ', leaves_after', 'OR NEW.leaves_after <> OLD.leaves_after');
    await this.createParts(queryRunner);
    await this.allowErasure(queryRunner);
    await this.createAppend(queryRunner);
    await this.grantAppend(queryRunner, 'public.ledger_append');
    await this.createLookup(queryRunner);
  }

  private async changeColumns(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION ledger_split(kind text, payload jsonb, is_personal boolean) RETURNS json
      LANGUAGE sql AS $$
        SELECT CASE WHEN count(*) > 0 OR NOT is_personal THEN
          concat('{', string_agg(concat(to_json(key), ':', value), ',' ORDER BY key COLLATE "C"), '}')
        END::json
        FROM jsonb_each(payload)
        WHERE is_personal = (coalesce('${JSON.stringify(PERSONAL)}'::jsonb -> kind, '[]') ? key)
      $$`);
    await queryRunner.query(`
      ALTER TABLE ledger_entry DROP chain_hash, ALTER actor_label DROP NOT NULL, ADD personal jsonb,
        ADD actor_salt bytea, ADD subject_salt bytea,
        ADD actor_commitment bytea, ADD subject_commitment bytea`);
    // One pass over the table. `json` keeps the text that was hashed; jsonb would not.
    await queryRunner.query(`
      ALTER TABLE ledger_entry
        ALTER payload TYPE json USING ledger_split(kind, payload, false),
        ALTER personal TYPE json USING ledger_split(kind, payload, true)`);
    await queryRunner.query(`DROP FUNCTION ledger_split(text, jsonb, boolean)`);
    await queryRunner.query(
      `ALTER TABLE ledger_head DROP hash, ADD leaves_after bigint NOT NULL DEFAULT 0`,
    );
    await queryRunner.query(`UPDATE ledger_head SET leaves_after = seq`);
  }

  private async guardHead(queryRunner: QueryRunner, column: string, or: string): Promise<void> {
    await queryRunner.query(`DROP TRIGGER ledger_head_never_moves_back ON ledger_head`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_head_never_moves_back
        BEFORE UPDATE OF shard, epoch, seq, at, opened_at, ordered_after${column} ON ledger_head
        FOR EACH ROW WHEN (NEW.shard <> OLD.shard OR NEW.epoch < OLD.epoch OR NEW.seq < OLD.seq
          OR NEW.at < OLD.at OR NEW.opened_at <> OLD.opened_at
          OR NEW.ordered_after <> OLD.ordered_after ${or})
        EXECUTE FUNCTION ledger_refuse_change()`);
  }

  /** RFC 8785 texts of what a commitment is about. to_json(text) escapes as that RFC does. */
  private async createParts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION ledger_text(value text) RETURNS text LANGUAGE sql STABLE AS $$
        SELECT coalesce(pg_catalog.to_json(value)::pg_catalog.text, 'null') $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_commitment(salt bytea, part text) RETURNS bytea LANGUAGE sql STABLE AS $$
        SELECT pg_catalog.sha256(salt OPERATOR(pg_catalog.||) pg_catalog.convert_to(part, 'UTF8')) $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_actor_part(id text, ip text, label text) RETURNS text
      LANGUAGE sql STABLE AS $$
        SELECT pg_catalog.concat('{"id":', public.ledger_text(id), ',"ip":', public.ledger_text(ip),
          ',"label":', public.ledger_text(label), '}') $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_subject_part(identity text, personal json, reason text) RETURNS text
      LANGUAGE sql STABLE AS $$
        SELECT pg_catalog.concat('{"identity":', public.ledger_text(identity), ',"payload":',
          coalesce(personal::pg_catalog.text, '{}'), ',"reason":', public.ledger_text(reason), '}') $$`);
  }

  /**
   * Finds the entry of a token by its hash: a bloom filter for each 4 MB of entries. A hash index would
   * cost an insert several times as much, and be a hundred times as large.
   */
  private async createLookup(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE INDEX ix_ledger_entry_token_hash ON ledger_entry USING brin (
        (substr(payload::text, strpos(payload::text, '"tokenHash":"') + 13, 64))
        text_bloom_ops (n_distinct_per_range = 3000, false_positive_rate = 0.001)
      ) WITH (pages_per_range = 512, autosummarize = on) WHERE kind = 'token.issued'`);
  }

  /** The one change of an entry: a whole part goes, and its commitment takes its place. */
  private async allowErasure(queryRunner: QueryRunner): Promise<void> {
    // An entry from before has no salt: an empty commitment says that the part is gone.
    await queryRunner.query(`
      CREATE FUNCTION ledger_erased(entry ledger_entry, of_actor boolean, of_subject boolean)
      RETURNS ledger_entry LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF of_actor AND entry.actor_commitment IS NULL THEN
          entry.actor_commitment := coalesce(public.ledger_commitment(entry.actor_salt,
            public.ledger_actor_part(entry.actor_id, entry.ip, entry.actor_label)), '');
          entry.actor_id := NULL;
          entry.actor_label := NULL;
          entry.ip := NULL;
          entry.actor_salt := NULL;
        END IF;
        IF of_subject AND entry.subject_commitment IS NULL
          AND (entry.identity IS NOT NULL OR entry.personal IS NOT NULL) THEN
          entry.subject_commitment := coalesce(public.ledger_commitment(entry.subject_salt,
            public.ledger_subject_part(entry.identity, entry.personal, entry.reason)), '');
          entry.identity := NULL;
          entry.personal := NULL;
          entry.reason := NULL;
          entry.subject_salt := NULL;
        END IF;
        RETURN entry;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_entry_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        before public.ledger_entry;
        after public.ledger_entry;
      BEGIN
        IF TG_OP = 'UPDATE' THEN
          before := OLD;
          after := NEW;
          IF NOT after *= before AND (
            after *= public.ledger_erased(before, true, false)
            OR after *= public.ledger_erased(before, false, true)
            OR after *= public.ledger_erased(before, true, true)) THEN
            RETURN NEW;
          END IF;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await this.guardEntries(queryRunner, 'ledger_entry_refuse_change()');
  }

  private async guardEntries(queryRunner: QueryRunner, by: string): Promise<void> {
    await queryRunner.query(`DROP TRIGGER ledger_entry_only_grows ON ledger_entry`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_entry_only_grows BEFORE UPDATE OR DELETE ON ledger_entry
        FOR EACH ROW EXECUTE FUNCTION ${by}`);
  }

  private async createAppend(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION ledger_append(integer, bigint, jsonb)`);
    // Of arrays Postgres knows the length, and would plan the insert again for each batch.
    // Salts are made here, so that no writer can choose one: of a random key that is forgotten, since
    // asking for randomness twice an entry takes ten times as long. A payload that is no object is null.
    await queryRunner.query(`
      CREATE FUNCTION ledger_append(to_shard integer, with_epoch bigint, ${ARRAYS},
        OUT last_seq bigint, OUT at_us bigint, OUT leaf_hashes bytea)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET plan_cache_mode = force_generic_plan AS $$
      DECLARE
        amount CONSTANT integer := cardinality(kinds);
        salt_key CONSTANT bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
        written_at timestamptz;
        at_text text;
      BEGIN
        UPDATE public.ledger_head h
        SET seq = h.seq + amount, at = greatest(h.at, clock_timestamp()),
          lease_until = clock_timestamp() + interval '30 seconds'
        WHERE h.shard = to_shard AND h.epoch = with_epoch
        RETURNING h.seq, h.at INTO last_seq, written_at;
        IF NOT FOUND THEN
          RETURN;
        END IF;
        at_text := to_char(written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
        WITH written AS (
          INSERT INTO public.ledger_entry (shard, seq, at, ${TEXTS}, payload, personal, actor_salt,
            subject_salt, leaf_hash)
          SELECT to_shard, last_seq - amount + e.ord, written_at, ${prefixed('e')},
            CASE json_typeof(e.payload) WHEN 'object' THEN e.payload END, e.personal, e.actor_salt, e.subject_salt,
            sha256('\\x00'::bytea || convert_to(concat('{"actor":{"commitment":',
              CASE WHEN e.actor_salt IS NULL THEN 'null' ELSE concat('"', encode(
                public.ledger_commitment(e.actor_salt,
                  public.ledger_actor_part(e.actor_id, e.ip, e.actor_label)), 'hex'), '"') END,
              ',"kind":', to_json(e.actor_kind),
              '},"at":"', at_text, '","kind":', to_json(e.kind), ',"outcome":', to_json(e.outcome),
              ',"payload":', e.payload,
              ',"reason":', CASE WHEN e.subject_salt IS NULL THEN public.ledger_text(e.reason)
                ELSE 'null' END,
              ',"requestId":', public.ledger_text(e.request_id),
              ',"room":', public.ledger_text(e.room),
              ',"seq":', last_seq - amount + e.ord, ',"shard":', to_shard,
              ',"subject":', CASE WHEN e.subject_salt IS NULL THEN 'null' ELSE concat('"', encode(
                public.ledger_commitment(e.subject_salt,
                  public.ledger_subject_part(e.identity, e.personal, e.reason)), 'hex'), '"') END,
              ',"v":1}'), 'UTF8'))
          FROM (
            SELECT g.*,
              CASE WHEN coalesce(g.actor_id, g.ip, g.actor_label) IS NOT NULL
                THEN substr(g.salts, 1, 16) END AS actor_salt,
              CASE WHEN g.identity IS NOT NULL OR g.personal IS NOT NULL
                THEN substr(g.salts, 17) END AS subject_salt
            FROM (
              SELECT u.*, sha256(salt_key || int8send(u.ord)) AS salts
              FROM unnest(${TEXTS.split(', ')
                .map((name) => `${name}s`)
                .join(', ')}, payloads, personals) WITH ORDINALITY
                AS u(${TEXTS}, payload, personal, ord)
              OFFSET 0 -- salts are made once
            ) g
          ) e
          RETURNING seq, leaf_hash
        )
        SELECT string_agg(w.leaf_hash, ''::bytea ORDER BY w.seq) FROM written w INTO leaf_hashes;
        at_us := (extract(epoch FROM written_at) * 1000000)::bigint;
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION ledger_append FROM PUBLIC`);
  }

  /** The function that an earlier migration made names the function to append by its arguments. */
  private async grantAppend(queryRunner: QueryRunner, append: string): Promise<void> {
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION rolecall_grant_application_before_devices(application name)
      RETURNS void LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_to_append(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('REVOKE INSERT, UPDATE ON public.ledger_entry, public.ledger_head FROM %I', application);
        EXECUTE format('REVOKE DELETE ON public.seat FROM %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION ${append}, '
          'public.ledger_claim_shard(text), public.ledger_release_shards(text) TO %I', application);
      END $$`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP INDEX ix_ledger_entry_token_hash`);
    await this.grantAppend(queryRunner, 'public.ledger_append(integer, bigint, jsonb)');
    await queryRunner.query(`DROP FUNCTION ledger_append`);
    await this.createOldAppend(queryRunner);
    await this.guardEntries(queryRunner, 'ledger_refuse_change()');
    await queryRunner.query(`DROP FUNCTION ledger_entry_refuse_change()`);
    await queryRunner.query(`DROP FUNCTION ledger_erased(ledger_entry, boolean, boolean)`);
    await queryRunner.query(`DROP FUNCTION ledger_subject_part(text, json, text)`);
    await queryRunner.query(`DROP FUNCTION ledger_actor_part(text, text, text)`);
    await queryRunner.query(`DROP FUNCTION ledger_commitment(bytea, text)`);
    await queryRunner.query(`DROP FUNCTION ledger_text(text)`);
    await this.guardHead(queryRunner, '', '');
    await queryRunner.query(`ALTER TABLE ledger_head DROP leaves_after, ADD hash bytea`);
    await queryRunner.query(`
      ALTER TABLE ledger_entry
        ALTER payload TYPE jsonb USING payload::jsonb || coalesce(personal::jsonb, '{}'),
        ALTER leaf_hash TYPE bytea USING NULL,
        ALTER actor_label TYPE text USING coalesce(actor_label, 'erased')`);
    await queryRunner.query(`
      ALTER TABLE ledger_entry ALTER actor_label SET NOT NULL, DROP personal, DROP actor_salt,
        DROP subject_salt, DROP actor_commitment, DROP subject_commitment, ADD chain_hash bytea`);
  }

  private async createOldAppend(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION ledger_append(
        to_shard integer, with_epoch bigint, entries jsonb, OUT last_seq bigint, OUT at_us bigint)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        amount CONSTANT integer := jsonb_array_length(entries);
        written_at timestamptz;
      BEGIN
        UPDATE public.ledger_head h
        SET seq = h.seq + amount, at = greatest(h.at, clock_timestamp()),
          lease_until = clock_timestamp() + interval '30 seconds'
        WHERE h.shard = to_shard AND h.epoch = with_epoch
        RETURNING h.seq, h.at INTO last_seq, written_at;
        IF NOT FOUND THEN
          RETURN;
        END IF;
        INSERT INTO public.ledger_entry (shard, seq, at, ${TEXTS}, payload)
        SELECT to_shard, last_seq - amount + e.ord, written_at, ${prefixed('e')}, e.payload
        FROM ROWS FROM (jsonb_to_recordset(entries) AS (
          ${TEXTS.replaceAll(',', ' text,')} text, payload jsonb
        )) WITH ORDINALITY AS e(${TEXTS}, payload, ord);
        at_us := (extract(epoch FROM written_at) * 1000000)::bigint;
      END $$`);
    await queryRunner.query(
      `REVOKE ALL ON FUNCTION ledger_append(integer, bigint, jsonb) FROM PUBLIC`,
    );
  }
}

function prefixed(table: string): string {
  return TEXTS.split(', ')
    .map((name) => `${table}.${name}`)
    .join(', ');
}
