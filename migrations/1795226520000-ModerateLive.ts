import type { MigrationInterface, QueryRunner } from 'typeorm';

const NEW_TABLES = [
  'installation',
  'scene',
  'stage_limit',
  'stage_request',
  'bulk_operation',
  'bulk_target',
];

/** What moderation of a running room keeps: holds, scenes, the stage, bulk work, voided tokens. */
export class ModerateLive1795226520000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE installation (
        id boolean NOT NULL DEFAULT true,
        tokens_void_before timestamptz,
        CONSTRAINT pk_installation PRIMARY KEY (id),
        CONSTRAINT ck_installation_one_row CHECK (id)
      )`);
    await queryRunner.query(`INSERT INTO installation DEFAULT VALUES`);
    await queryRunner.query(`ALTER TABLE app_user ADD tokens_void_before timestamptz`);
    await queryRunner.query(`
      ALTER TABLE room ADD tokens_void_before timestamptz, ADD active_scene jsonb`);
    await queryRunner.query(`
      ALTER TABLE seat
        ADD hold_sources text[],
        ADD hold_at timestamptz,
        ADD hold_until timestamptz,
        ADD hold_by text,
        ADD hold_reason text,
        ADD before_scene jsonb,
        ADD tokens_void_before timestamptz,
        ADD proof_at timestamptz,
        ADD admitted_at timestamptz,
        ADD CONSTRAINT ck_seat_hold CHECK (
          (hold_sources IS NULL) = (hold_at IS NULL) AND (hold_until IS NULL OR hold_at IS NOT NULL)
          AND cardinality(hold_sources) IS DISTINCT FROM 0
        )`);
    await queryRunner.query(
      `CREATE INDEX ix_seat_hold_until ON seat (hold_until) WHERE hold_until IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_seat_block_until ON seat (block_until) WHERE block_until IS NOT NULL`,
    );
    await queryRunner.query(`
      ALTER TABLE seat_operation
        ADD watched_tracks text[],
        ADD gone_at timestamptz,
        ADD gone_ms double precision,
        ADD bulk uuid`);
    await queryRunner.query(
      `CREATE INDEX ix_seat_operation_watched ON seat_operation (room, identity)
       WHERE watched_tracks IS NOT NULL AND gone_at IS NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_seat_operation_gone ON seat_operation (room, gone_at DESC) WHERE gone_at IS NOT NULL`,
    );
    await queryRunner.query(`
      CREATE TABLE scene (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        room text,
        name text NOT NULL,
        description text NOT NULL DEFAULT '',
        rules jsonb NOT NULL,
        created_by_label text NOT NULL,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_scene PRIMARY KEY (id),
        CONSTRAINT fk_scene_room FOREIGN KEY (room) REFERENCES room (name) ON DELETE CASCADE,
        CONSTRAINT uq_scene_name UNIQUE NULLS NOT DISTINCT (room, name)
      )`);
    await queryRunner.query(`
      CREATE TABLE stage_limit (
        room text NOT NULL,
        template text NOT NULL,
        slots integer NOT NULL,
        CONSTRAINT pk_stage_limit PRIMARY KEY (room, template),
        CONSTRAINT fk_stage_limit_room FOREIGN KEY (room) REFERENCES room (name) ON DELETE CASCADE,
        CONSTRAINT fk_stage_limit_template FOREIGN KEY (template) REFERENCES role_template (key) ON DELETE CASCADE,
        CONSTRAINT ck_stage_limit_slots CHECK (slots BETWEEN 0 AND 10000)
      )`);
    await queryRunner.query(`
      CREATE TABLE stage_request (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        room text NOT NULL,
        identity text NOT NULL,
        kind text NOT NULL,
        state text NOT NULL DEFAULT 'waiting',
        template text,
        source text,
        note text,
        word text,
        by_kind text,
        by_id text,
        by_label text,
        created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        decided_at timestamptz,
        expires_at timestamptz,
        CONSTRAINT pk_stage_request PRIMARY KEY (id),
        CONSTRAINT fk_stage_request_room FOREIGN KEY (room) REFERENCES room (name) ON DELETE CASCADE,
        CONSTRAINT ck_stage_request_kind CHECK (kind IN ('hand', 'invite', 'unmute')),
        CONSTRAINT ck_stage_request_state CHECK (
          state IN ('waiting', 'approved', 'declined', 'accepted', 'withdrawn', 'expired')
          AND (state = 'waiting') = (decided_at IS NULL)
        )
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX uq_stage_request_waiting
       ON stage_request (room, identity, kind, coalesce(source, '')) WHERE state = 'waiting'`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_stage_request_queue ON stage_request (room, created_at) WHERE state = 'waiting'`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_stage_request_seat ON stage_request (room, identity, created_at DESC)`,
    );
    await queryRunner.query(`
      CREATE TABLE bulk_operation (
        id uuid NOT NULL,
        room text NOT NULL,
        action text NOT NULL,
        params jsonb NOT NULL,
        actor jsonb NOT NULL,
        reason text,
        as_of timestamptz NOT NULL,
        status text NOT NULL DEFAULT 'running',
        total integer NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        holder text,
        lease_until timestamptz,
        undo_of uuid,
        undone_by uuid,
        undo_until timestamptz,
        CONSTRAINT pk_bulk_operation PRIMARY KEY (id),
        CONSTRAINT fk_bulk_operation_room FOREIGN KEY (room) REFERENCES room (name) ON DELETE CASCADE,
        CONSTRAINT ck_bulk_operation_status CHECK (
          status IN ('running', 'paused', 'done', 'failed', 'cancelled')
        )
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_bulk_operation_open ON bulk_operation (created_at) WHERE status IN ('running', 'paused')`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_bulk_operation_room ON bulk_operation (room, created_at DESC)`,
    );
    await queryRunner.query(`
      CREATE TABLE bulk_target (
        operation uuid NOT NULL,
        position integer NOT NULL,
        identity text NOT NULL,
        seat_operation uuid NOT NULL DEFAULT gen_random_uuid(),
        outcome text NOT NULL DEFAULT 'waiting',
        detail text,
        ms double precision,
        settled_at timestamptz,
        CONSTRAINT pk_bulk_target PRIMARY KEY (operation, position),
        CONSTRAINT uq_bulk_target_identity UNIQUE (operation, identity),
        CONSTRAINT fk_bulk_target_operation FOREIGN KEY (operation) REFERENCES bulk_operation (id) ON DELETE CASCADE,
        CONSTRAINT ck_bulk_target_outcome CHECK (
          outcome IN ('waiting', 'started', 'applied', 'pending', 'failed', 'skipped', 'cancelled')
        )
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_bulk_target_open ON bulk_target (operation, position) WHERE outcome IN ('waiting', 'started')`,
    );
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_1`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      DECLARE
        t text;
      BEGIN
        PERFORM public.rolecall_grant_application_1(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        FOREACH t IN ARRAY ARRAY['scene', 'stage_limit', 'stage_request', 'bulk_operation', 'bulk_target']
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO %I', t, application);
        END LOOP;
        EXECUTE format('GRANT SELECT, UPDATE ON public.installation TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_1(name) RENAME TO rolecall_grant_application`,
    );
    for (const table of [...NEW_TABLES].reverse()) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
    await queryRunner.query(`
      ALTER TABLE seat_operation
        DROP watched_tracks, DROP gone_at, DROP gone_ms, DROP bulk`);
    await queryRunner.query(`
      ALTER TABLE seat DROP CONSTRAINT ck_seat_hold, DROP hold_sources, DROP hold_at, DROP hold_until,
        DROP hold_by, DROP hold_reason, DROP before_scene, DROP tokens_void_before, DROP proof_at,
        DROP admitted_at`);
    await queryRunner.query(`DROP INDEX ix_seat_block_until`);
    await queryRunner.query(`ALTER TABLE room DROP tokens_void_before, DROP active_scene`);
    await queryRunner.query(`ALTER TABLE app_user DROP tokens_void_before`);
  }
}
