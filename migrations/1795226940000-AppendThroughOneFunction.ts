import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

const TEXTS =
  'kind, outcome, actor_kind, actor_id, actor_label, room, identity, request_id, ip, reason';

/** Rows of these tables keep their name, and their voiding only moves forward. */
const NAMED_BY: readonly [table: string, names: readonly string[]][] = [
  ['seat', ['room', 'identity']],
  ['app_user', ['identity']],
  ['room', ['name']],
];

/**
 * Takes from the application's role every way to write history but one: a function that sets time
 * and number itself. Also keeps it from taking back the voiding of tokens.
 */
export class AppendThroughOneFunction1795226940000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.guardHead(queryRunner);
    await this.createAppend(queryRunner);
    await this.createLeases(queryRunner);
    await this.keepVoiding(queryRunner);
    await this.replaceGrants(queryRunner);
    // Before, a temporary type named `date` or `text` ran its maker's code as the owner.
    for (const name of ['ledger_ensure_partitions(integer)', 'assignment_keep_room_like()']) {
      await queryRunner.query(`ALTER FUNCTION ${name} SET search_path = ${SEARCH_PATH}`);
    }
    await queryRunner.query(
      `ALTER FUNCTION ledger_ensure_partitions(integer) SET datestyle = 'ISO'`,
    );
  }

  private async guardHead(queryRunner: QueryRunner): Promise<void> {
    // Times of entries from before may differ from their order by a lock's wait: `ordered_after`.
    await queryRunner.query(`
      ALTER TABLE ledger_head
        ADD at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ADD opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        ADD ordered_after bigint NOT NULL DEFAULT 0`);
    await queryRunner.query(`
      UPDATE ledger_head h SET ordered_after = seq, opened_at = least(h.opened_at,
        (SELECT min(e.at) FROM ledger_entry e WHERE e.shard = h.shard))`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_head_never_moves_back
        BEFORE UPDATE OF shard, epoch, seq, at, opened_at, ordered_after ON ledger_head
        FOR EACH ROW WHEN (NEW.shard <> OLD.shard OR NEW.epoch < OLD.epoch OR NEW.seq < OLD.seq
          OR NEW.at < OLD.at OR NEW.opened_at <> OLD.opened_at
          OR NEW.ordered_after <> OLD.ordered_after)
        EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_head_stays BEFORE DELETE ON ledger_head
        FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_head_never_empties BEFORE TRUNCATE ON ledger_head
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
  }

  private async createAppend(queryRunner: QueryRunner): Promise<void> {
    // The head row hands out the numbers and fences: a writer with another epoch inserts nothing and
    // gets nulls. A leaf hash belongs into the INSERT, computed from the columns as they are stored.
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
        SELECT to_shard, last_seq - amount + e.ord, written_at, e.kind, e.outcome, e.actor_kind,
          e.actor_id, e.actor_label, e.room, e.identity, e.request_id, e.ip, e.reason, e.payload
        FROM ROWS FROM (jsonb_to_recordset(entries) AS (
          ${TEXTS.replaceAll(',', ' text,')} text, payload jsonb
        )) WITH ORDINALITY AS e(${TEXTS}, payload, ord);
        at_us := (extract(epoch FROM written_at) * 1000000)::bigint;
      END $$`);
  }

  private async createLeases(queryRunner: QueryRunner): Promise<void> {
    // Takes a shard whose lease has ended, or opens the next one, empty. The higher epoch shuts out
    // the last holder. Nulls: another process opened the same number at the same time.
    await queryRunner.query(`
      CREATE FUNCTION ledger_claim_shard(
        by_holder text, OUT claimed_shard integer, OUT claimed_epoch bigint)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        SELECT h.shard INTO claimed_shard FROM public.ledger_head h
        WHERE h.shard > 0 AND (h.lease_until < clock_timestamp() OR h.holder = by_holder)
        ORDER BY h.shard LIMIT 1 FOR UPDATE SKIP LOCKED;
        IF FOUND THEN
          UPDATE public.ledger_head h SET epoch = h.epoch + 1, holder = by_holder,
            lease_until = clock_timestamp() + interval '30 seconds'
          WHERE h.shard = claimed_shard RETURNING h.epoch INTO claimed_epoch;
          RETURN;
        END IF;
        INSERT INTO public.ledger_head AS h (shard, epoch, holder, lease_until)
        SELECT max(other.shard) + 1, 1, by_holder, clock_timestamp() + interval '30 seconds'
        FROM public.ledger_head other
        ON CONFLICT (shard) DO NOTHING
        RETURNING h.shard, h.epoch INTO claimed_shard, claimed_epoch;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_release_shards(by_holder text) RETURNS void
      LANGUAGE sql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
        UPDATE public.ledger_head SET lease_until = clock_timestamp() WHERE holder = by_holder
      $$`);
  }

  private async keepVoiding(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION rolecall_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        RAISE EXCEPTION '% on % is refused: %', TG_OP, TG_TABLE_NAME, TG_ARGV[0]
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const [table, names] of NAMED_BY) {
      const isRenamed = names.map((name) => `NEW.${name} <> OLD.${name}`).join(' OR ');
      await queryRunner.query(`
        CREATE TRIGGER ${table}_keeps_its_name BEFORE UPDATE OF ${names.join(', ')} ON ${table}
          FOR EACH ROW WHEN (${isRenamed})
          EXECUTE FUNCTION rolecall_refuse_change('its name is fixed')`);
    }
    // A room that is deleted and made again has not forgotten what was voided in it.
    await queryRunner.query(`
      CREATE TABLE room_void (
        room text NOT NULL,
        void_before timestamptz NOT NULL,
        CONSTRAINT pk_room_void PRIMARY KEY (room)
      )`);
    await queryRunner.query(`
      CREATE FUNCTION room_keep_voiding() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        latest CONSTANT timestamptz := greatest(OLD.tokens_void_before,
          (SELECT max(s.tokens_void_before) FROM public.seat s WHERE s.room = OLD.name));
      BEGIN
        IF latest IS NOT NULL THEN
          INSERT INTO public.room_void AS kept (room, void_before) VALUES (OLD.name, latest)
          ON CONFLICT (room) DO UPDATE
            SET void_before = greatest(kept.void_before, EXCLUDED.void_before);
        END IF;
        RETURN OLD;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION room_restore_voiding() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        NEW.tokens_void_before := greatest(NEW.tokens_void_before,
          (SELECT kept.void_before FROM public.room_void kept WHERE kept.room = NEW.name));
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER room_keeps_voiding BEFORE DELETE ON room
        FOR EACH ROW EXECUTE FUNCTION room_keep_voiding()`);
    await queryRunner.query(`
      CREATE TRIGGER room_restores_voiding BEFORE INSERT ON room
        FOR EACH ROW EXECUTE FUNCTION room_restore_voiding()`);
    await queryRunner.query(`
      CREATE FUNCTION role_template_version_set_time() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        NEW.published_at := clock_timestamp();
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER role_template_version_has_its_time BEFORE INSERT ON role_template_version
        FOR EACH ROW EXECUTE FUNCTION role_template_version_set_time()`);
  }

  private async replaceGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_to_append`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_to_append(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('REVOKE INSERT, UPDATE ON public.ledger_entry, public.ledger_head FROM %I', application);
        EXECUTE format('REVOKE DELETE ON public.seat FROM %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.ledger_append(integer, bigint, jsonb), '
          'public.ledger_claim_shard(text), public.ledger_release_shards(text) TO %I', application);
      END $$`);
    await queryRunner.query(`
      REVOKE ALL ON FUNCTION rolecall_grant_application(name), ledger_append(integer, bigint, jsonb),
        ledger_claim_shard(text), ledger_release_shards(text), room_keep_voiding(),
        room_restore_voiding() FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER FUNCTION ledger_ensure_partitions(integer) RESET datestyle`);
    for (const name of ['ledger_ensure_partitions(integer)', 'assignment_keep_room_like()']) {
      await queryRunner.query(`ALTER FUNCTION ${name} SET search_path = pg_catalog, public`);
    }
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_to_append(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(
      `DROP TRIGGER role_template_version_has_its_time ON role_template_version`,
    );
    await queryRunner.query(`DROP FUNCTION role_template_version_set_time()`);
    await queryRunner.query(`DROP TRIGGER room_restores_voiding ON room`);
    await queryRunner.query(`DROP TRIGGER room_keeps_voiding ON room`);
    await queryRunner.query(`DROP FUNCTION room_restore_voiding()`);
    await queryRunner.query(`DROP FUNCTION room_keep_voiding()`);
    await queryRunner.query(`DROP TABLE room_void`);
    for (const [table] of NAMED_BY) {
      await queryRunner.query(`DROP TRIGGER ${table}_keeps_its_name ON ${table}`);
    }
    await queryRunner.query(`DROP FUNCTION rolecall_refuse_change()`);
    await queryRunner.query(`DROP FUNCTION ledger_release_shards(text)`);
    await queryRunner.query(`DROP FUNCTION ledger_claim_shard(text)`);
    await queryRunner.query(`DROP FUNCTION ledger_append(integer, bigint, jsonb)`);
    for (const trigger of ['never_moves_back', 'stays', 'never_empties']) {
      await queryRunner.query(`DROP TRIGGER ledger_head_${trigger} ON ledger_head`);
    }
    await queryRunner.query(`ALTER TABLE ledger_head DROP at, DROP opened_at, DROP ordered_after`);
  }
}
