import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

const SEAL = `ledger_seal(bigint, integer, bytea, text, integer[], bigint[], bytea[], bytea[], integer[], bigint[],
  integer[], bigint[], bigint[])`;

const TABLES = ['ledger_tile', 'ledger_range', 'ledger_checkpoint', 'ledger_key'];

/**
 * The Merkle tree over the entries' leaf hashes: full tiles, which entries are at which leaf, signed
 * checkpoints, and the public keys. The application's role adds to it through functions that refuse a
 * second history.
 */
export class SealTheLedger1795410000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createTables(queryRunner);
    await this.guardTables(queryRunner);
    await this.createFunctions(queryRunner);
    await this.createGrants(queryRunner);
  }

  private async createTables(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_tile (
        level integer NOT NULL,
        index bigint NOT NULL,
        hashes bytea NOT NULL,
        root bytea NOT NULL,
        CONSTRAINT pk_ledger_tile PRIMARY KEY (level, index),
        CONSTRAINT ck_ledger_tile_place CHECK (level BETWEEN 0 AND 63 AND index >= 0),
        CONSTRAINT ck_ledger_tile_full CHECK (length(hashes) = 8192 AND length(root) = 32)
      )`);
    // Hashes cannot be compressed.
    await queryRunner.query(`ALTER TABLE ledger_tile ALTER hashes SET STORAGE EXTERNAL`);
    // A range never reaches over the edge of a tile, so the ranges of a tile are found by their key.
    await queryRunner.query(`
      CREATE TABLE ledger_range (
        first_index bigint NOT NULL,
        shard integer NOT NULL,
        first_seq bigint NOT NULL,
        count integer NOT NULL,
        first_at timestamptz NOT NULL,
        last_at timestamptz NOT NULL,
        CONSTRAINT pk_ledger_range PRIMARY KEY (first_index),
        CONSTRAINT uq_ledger_range_seq UNIQUE (shard, first_seq),
        CONSTRAINT ck_ledger_range_in_tile CHECK (count > 0 AND first_index % 256 + count <= 256)
      )`);
    await queryRunner.query(`
      CREATE TABLE ledger_checkpoint (
        size bigint NOT NULL,
        root bytea NOT NULL,
        note text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_ledger_checkpoint PRIMARY KEY (size),
        CONSTRAINT ck_ledger_checkpoint_root CHECK (size > 0 AND length(root) = 32)
      )`);
    // Keys of one generation sign together; the next generation is signed by the one before.
    await queryRunner.query(`
      CREATE TABLE ledger_key (
        generation integer NOT NULL,
        vkey text NOT NULL,
        signature text,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_ledger_key PRIMARY KEY (generation, vkey),
        CONSTRAINT ck_ledger_key_signed CHECK (generation > 0 AND (generation = 1) = (signature IS NULL))
      )`);
  }

  private async guardTables(queryRunner: QueryRunner): Promise<void> {
    // Old checkpoints are many: of each hour that is over for a day, the last one is enough.
    await queryRunner.query(`
      CREATE FUNCTION ledger_checkpoint_may_go(gone ledger_checkpoint) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT gone.at < clock_timestamp() - interval '1 day'
          AND date_trunc('hour', gone.at, 'UTC') IS NOT DISTINCT FROM (
            SELECT date_trunc('hour', later.at, 'UTC') FROM public.ledger_checkpoint later
            WHERE later.size > gone.size ORDER BY later.size LIMIT 1)
      $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_checkpoint_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF TG_OP = 'DELETE' AND public.ledger_checkpoint_may_go(OLD) THEN
          RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    for (const table of TABLES) {
      const refuse =
        table === 'ledger_checkpoint' ? 'ledger_checkpoint_refuse_change' : 'ledger_refuse_change';
      await queryRunner.query(`
        CREATE TRIGGER ${table}_only_grows BEFORE UPDATE OR DELETE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION ${refuse}()`);
      await queryRunner.query(`
        CREATE TRIGGER ${table}_never_empties BEFORE TRUNCATE ON ${table}
          FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
    }
  }

  private async createFunctions(queryRunner: QueryRunner): Promise<void> {
    // One statement seals, so a sealer that hangs holds nothing. It answers false, and writes nothing,
    // when the tree has grown or the keys have changed since the caller read them.
    await queryRunner.query(`
      CREATE FUNCTION ledger_seal(
        from_size bigint, by_generation integer, new_root bytea, new_note text,
        tile_levels integer[], tile_indexes bigint[], tile_hashes bytea[], tile_roots bytea[],
        range_shards integer[], range_seqs bigint[], range_counts integer[],
        range_first_us bigint[], range_last_us bigint[])
      RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        at_index bigint := from_size;
        next_seq bigint;
        head_seq bigint;
        r record;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_seal'));
        IF from_size <> coalesce((SELECT max(c.size) FROM public.ledger_checkpoint c), 0)
          OR by_generation IS DISTINCT FROM (SELECT max(k.generation) FROM public.ledger_key k) THEN
          RETURN false;
        END IF;
        FOR r IN
          SELECT * FROM unnest(range_shards, range_seqs, range_counts, range_first_us, range_last_us)
            WITH ORDINALITY AS g(shard, seq, count, first_us, last_us, ord) ORDER BY ord
        LOOP
          SELECT last.first_seq + last.count INTO next_seq FROM public.ledger_range last
          WHERE last.shard = r.shard ORDER BY last.first_seq DESC LIMIT 1;
          SELECT h.seq, coalesce(next_seq, h.leaves_after + 1) INTO head_seq, next_seq
          FROM public.ledger_head h WHERE h.shard = r.shard;
          IF r.seq IS DISTINCT FROM next_seq OR r.seq + r.count - 1 > head_seq THEN
            RAISE EXCEPTION 'shard % goes on at %, not with % entries at %', r.shard, next_seq, r.count, r.seq;
          END IF;
          INSERT INTO public.ledger_range (first_index, shard, first_seq, count, first_at, last_at)
          VALUES (at_index, r.shard, r.seq, r.count,
            to_timestamp(0) + r.first_us * interval '1 microsecond',
            to_timestamp(0) + r.last_us * interval '1 microsecond');
          at_index := at_index + r.count;
        END LOOP;
        INSERT INTO public.ledger_tile (level, index, hashes, root)
        SELECT * FROM unnest(tile_levels, tile_indexes, tile_hashes, tile_roots);
        INSERT INTO public.ledger_checkpoint (size, root, note) VALUES (at_index, new_root, new_note);
        RETURN true;
      END $$`);
    // The keys of a generation, all at once. False: that generation is there already.
    await queryRunner.query(`
      CREATE FUNCTION ledger_add_keys(new_generation integer, vkeys text[], signed text) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_seal'));
        IF new_generation <> coalesce((SELECT max(k.generation) FROM public.ledger_key k), 0) + 1 THEN
          RETURN false;
        END IF;
        INSERT INTO public.ledger_key (generation, vkey, signature)
        SELECT new_generation, vkey, signed FROM unnest(vkeys) AS vkey;
        RETURN true;
      END $$`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_prune_checkpoints(at_most integer) RETURNS bigint
      LANGUAGE sql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
        WITH gone AS (
          DELETE FROM public.ledger_checkpoint WHERE size IN (
            SELECT c.size FROM public.ledger_checkpoint c
            WHERE c.at < clock_timestamp() - interval '1 day' AND public.ledger_checkpoint_may_go(c)
            LIMIT at_most)
          RETURNING 1
        ) SELECT count(*) FROM gone
      $$`);
    await queryRunner.query(`
      REVOKE ALL ON FUNCTION ${SEAL}, ledger_add_keys(integer, text[], text),
        ledger_prune_checkpoints(integer), ledger_checkpoint_may_go(ledger_checkpoint) FROM PUBLIC`);
  }

  private async createGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_sealing`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_sealing(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT ON public.ledger_tile, public.ledger_range, '
          'public.ledger_checkpoint, public.ledger_key TO %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.ledger_seal, public.ledger_add_keys, '
          'public.ledger_prune_checkpoints TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_sealing(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP FUNCTION ${SEAL}`);
    await queryRunner.query(`DROP FUNCTION ledger_add_keys(integer, text[], text)`);
    await queryRunner.query(`DROP FUNCTION ledger_prune_checkpoints(integer)`);
    for (const table of TABLES) {
      await queryRunner.query(`DROP TRIGGER ${table}_only_grows ON ${table}`);
      await queryRunner.query(`DROP TRIGGER ${table}_never_empties ON ${table}`);
    }
    await queryRunner.query(`DROP FUNCTION ledger_checkpoint_refuse_change()`);
    await queryRunner.query(`DROP FUNCTION ledger_checkpoint_may_go(ledger_checkpoint)`);
    for (const table of TABLES) await queryRunner.query(`DROP TABLE ${table}`);
  }
}
