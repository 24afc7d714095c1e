import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The whole first schema. Tables are owned by the role that migrates; what the application's role
 * may do with them is decided by `rolecall_grant_application`, called after every migration run.
 */
export class CreateRolecall1795226400000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE operator (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        email text NOT NULL,
        email_key text NOT NULL,
        name text NOT NULL,
        password_hash text,
        is_disabled boolean NOT NULL DEFAULT false,
        last_signed_in_at timestamptz,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_operator PRIMARY KEY (id),
        CONSTRAINT uq_operator_email UNIQUE (email_key)
      )`);
    await queryRunner.query(`
      CREATE TABLE operator_access (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        operator_id uuid NOT NULL,
        role text NOT NULL,
        rooms text[],
        CONSTRAINT pk_operator_access PRIMARY KEY (id),
        CONSTRAINT fk_operator_access_operator FOREIGN KEY (operator_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_operator_access_operator ON operator_access (operator_id)`,
    );
    await queryRunner.query(`
      CREATE TABLE operator_session (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        operator_id uuid NOT NULL,
        token_hash bytea NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        last_seen_at timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        ip text,
        user_agent text,
        CONSTRAINT pk_operator_session PRIMARY KEY (id),
        CONSTRAINT uq_operator_session_token UNIQUE (token_hash),
        CONSTRAINT fk_operator_session_operator FOREIGN KEY (operator_id) REFERENCES operator (id) ON DELETE CASCADE
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_operator_session_operator ON operator_session (operator_id)`,
    );
    await queryRunner.query(`
      CREATE TABLE api_key (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        name text NOT NULL,
        prefix text NOT NULL,
        key_hash bytea NOT NULL,
        permissions text[] NOT NULL,
        rooms text[],
        ceiling jsonb,
        rate_limit integer,
        expires_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by uuid,
        created_by_label text NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT pk_api_key PRIMARY KEY (id),
        CONSTRAINT uq_api_key_hash UNIQUE (key_hash)
      )`);
    await queryRunner.query(`
      CREATE TABLE app_user (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        identity text NOT NULL,
        name text NOT NULL,
        kind text NOT NULL DEFAULT 'standard',
        metadata text NOT NULL DEFAULT '',
        attributes jsonb NOT NULL DEFAULT '{}',
        is_suspended boolean NOT NULL DEFAULT false,
        is_demo boolean NOT NULL DEFAULT false,
        deleted_at timestamptz,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_app_user PRIMARY KEY (id),
        CONSTRAINT uq_app_user_identity UNIQUE (identity),
        CONSTRAINT ck_app_user_kind CHECK (kind IN ('standard', 'agent'))
      )`);
    await queryRunner.query(`
      CREATE TABLE role_template (
        key text NOT NULL,
        name text NOT NULL,
        description text NOT NULL DEFAULT '',
        color text NOT NULL DEFAULT '',
        is_built_in boolean NOT NULL DEFAULT false,
        is_archived boolean NOT NULL DEFAULT false,
        published integer,
        draft jsonb,
        draft_based_on integer,
        draft_updated_at timestamptz,
        draft_updated_by text,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_role_template PRIMARY KEY (key)
      )`);
    await queryRunner.query(`
      CREATE TABLE role_template_version (
        template text NOT NULL,
        version integer NOT NULL,
        grants jsonb NOT NULL,
        ttl integer,
        metadata text NOT NULL DEFAULT '',
        attributes jsonb NOT NULL DEFAULT '{}',
        message text NOT NULL,
        published_at timestamptz NOT NULL DEFAULT now(),
        published_by uuid,
        published_by_label text NOT NULL,
        CONSTRAINT pk_role_template_version PRIMARY KEY (template, version),
        CONSTRAINT fk_role_template_version_template FOREIGN KEY (template) REFERENCES role_template (key) ON DELETE RESTRICT,
        CONSTRAINT ck_role_template_version_ttl CHECK (ttl > 0)
      )`);
    await queryRunner.query(`
      CREATE TABLE room (
        name text NOT NULL,
        title text NOT NULL DEFAULT '',
        empty_timeout integer NOT NULL DEFAULT 300,
        departure_timeout integer NOT NULL DEFAULT 20,
        max_participants integer NOT NULL DEFAULT 0,
        metadata text NOT NULL DEFAULT '',
        default_template text,
        promote_template text,
        unlisted_participants text NOT NULL DEFAULT 'allow',
        is_closed boolean NOT NULL DEFAULT false,
        is_demo boolean NOT NULL DEFAULT false,
        live_sid text,
        live_since timestamptz,
        last_seen_live_at timestamptz,
        num_participants integer NOT NULL DEFAULT 0,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        updated_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_room PRIMARY KEY (name),
        CONSTRAINT fk_room_default_template FOREIGN KEY (default_template) REFERENCES role_template (key) ON DELETE RESTRICT,
        CONSTRAINT fk_room_promote_template FOREIGN KEY (promote_template) REFERENCES role_template (key) ON DELETE RESTRICT,
        CONSTRAINT ck_room_unlisted_participants CHECK (unlisted_participants IN ('allow', 'remove'))
      )`);
    await queryRunner.query(`
      CREATE TABLE assignment (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        user_id uuid,
        room_name text,
        room_pattern text,
        template text NOT NULL,
        priority integer NOT NULL DEFAULT 0,
        valid_from timestamptz,
        valid_until timestamptz,
        reason text NOT NULL DEFAULT '',
        is_demo boolean NOT NULL DEFAULT false,
        created_by uuid,
        created_by_label text NOT NULL,
        revision integer NOT NULL DEFAULT 1,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_assignment PRIMARY KEY (id),
        CONSTRAINT fk_assignment_user FOREIGN KEY (user_id) REFERENCES app_user (id) ON DELETE RESTRICT,
        CONSTRAINT fk_assignment_room FOREIGN KEY (room_name) REFERENCES room (name) ON DELETE RESTRICT,
        CONSTRAINT fk_assignment_template FOREIGN KEY (template) REFERENCES role_template (key) ON DELETE RESTRICT,
        CONSTRAINT ck_assignment_scope CHECK (room_name IS NULL OR room_pattern IS NULL),
        CONSTRAINT ck_assignment_window CHECK (valid_from < valid_until)
      )`);
    await queryRunner.query(`CREATE INDEX ix_assignment_user ON assignment (user_id)`);
    await queryRunner.query(`CREATE INDEX ix_assignment_room ON assignment (room_name)`);
    await queryRunner.query(`CREATE INDEX ix_assignment_template ON assignment (template)`);
    await queryRunner.query(`
      CREATE TABLE seat (
        room text NOT NULL,
        identity text NOT NULL,
        epoch integer NOT NULL DEFAULT 0,
        override_template text,
        override_version integer,
        override_scope text,
        override_until timestamptz,
        override_at timestamptz,
        override_by text,
        override_reason text,
        block_at timestamptz,
        block_until timestamptz,
        block_by text,
        block_reason text,
        last_issued_at timestamptz,
        is_unlisted boolean NOT NULL DEFAULT false,
        is_present boolean NOT NULL DEFAULT false,
        sid text,
        state text,
        name text NOT NULL DEFAULT '',
        kind text,
        permission jsonb,
        tracks jsonb NOT NULL DEFAULT '[]',
        joined_at timestamptz,
        left_at timestamptz,
        observed_at timestamptz,
        pending_operation uuid,
        last_change jsonb,
        CONSTRAINT pk_seat PRIMARY KEY (room, identity),
        CONSTRAINT fk_seat_room FOREIGN KEY (room) REFERENCES room (name) ON DELETE CASCADE,
        CONSTRAINT fk_seat_override FOREIGN KEY (override_template, override_version) REFERENCES role_template_version (template, version) ON DELETE RESTRICT,
        CONSTRAINT ck_seat_override CHECK (
          (override_template IS NULL) = (override_at IS NULL)
          AND (override_scope IS NULL) = (override_template IS NULL)
          AND (override_scope IN ('session', 'until'))
          AND ((override_scope = 'until') = (override_until IS NOT NULL) OR override_scope IS NULL)
        ),
        CONSTRAINT ck_seat_block CHECK (block_until IS NULL OR block_at IS NOT NULL)
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_seat_override_until ON seat (override_until) WHERE override_until IS NOT NULL`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_seat_pending ON seat (pending_operation) WHERE pending_operation IS NOT NULL`,
    );
    await queryRunner.query(`CREATE INDEX ix_seat_identity ON seat (identity)`);
    await queryRunner.query(`
      CREATE TABLE seat_operation (
        id uuid NOT NULL DEFAULT gen_random_uuid(),
        room text NOT NULL,
        identity text NOT NULL,
        action text NOT NULL,
        actor_kind text NOT NULL,
        actor_id text,
        actor_label text NOT NULL,
        reason text,
        before jsonb NOT NULL,
        after jsonb NOT NULL,
        epoch integer NOT NULL,
        outcome text NOT NULL DEFAULT 'intent',
        detail text,
        ms double precision,
        undo_until timestamptz,
        undone_by uuid,
        request_id text,
        created_at timestamptz NOT NULL DEFAULT now(),
        settled_at timestamptz,
        CONSTRAINT pk_seat_operation PRIMARY KEY (id),
        CONSTRAINT ck_seat_operation_outcome CHECK (outcome IN ('intent', 'applied', 'pending', 'failed', 'superseded'))
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_seat_operation_seat ON seat_operation (room, identity, created_at DESC)`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_seat_operation_open ON seat_operation (created_at) WHERE outcome IN ('intent', 'pending')`,
    );
    await queryRunner.query(`
      CREATE TABLE webhook_inbox (
        id text NOT NULL,
        event text NOT NULL,
        room text,
        body jsonb NOT NULL,
        created_at timestamptz NOT NULL,
        received_at timestamptz NOT NULL DEFAULT now(),
        processed_at timestamptz,
        CONSTRAINT pk_webhook_inbox PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_webhook_inbox_open ON webhook_inbox (received_at) WHERE processed_at IS NULL`,
    );
    await queryRunner.query(`
      CREATE TABLE event (
        id bigint GENERATED ALWAYS AS IDENTITY,
        topic text NOT NULL,
        type text NOT NULL,
        key text,
        at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_event PRIMARY KEY (id)
      )`);
    await queryRunner.query(`
      CREATE TABLE idempotency_key (
        actor text NOT NULL,
        key text NOT NULL,
        fingerprint bytea NOT NULL,
        status integer,
        response jsonb,
        created_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT pk_idempotency_key PRIMARY KEY (actor, key)
      )`);
    await queryRunner.query(`
      CREATE TABLE sign_in_limit (
        key varchar(255) NOT NULL,
        points integer NOT NULL DEFAULT 0,
        expire bigint,
        CONSTRAINT pk_sign_in_limit PRIMARY KEY (key)
      )`);

    await this.createLedger(queryRunner);
    await this.createGrants(queryRunner);
  }

  private async createLedger(queryRunner: QueryRunner): Promise<void> {
    // The key starts with the time, so that newest-first pages read it backwards without a sort.
    // (shard, seq) is unique because ledger_head hands out each seq once, under a row lock.
    await queryRunner.query(`
      CREATE TABLE ledger_entry (
        shard integer NOT NULL,
        seq bigint NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        kind text NOT NULL,
        outcome text NOT NULL,
        actor_kind text NOT NULL,
        actor_id text,
        actor_label text NOT NULL,
        room text,
        identity text,
        request_id text,
        ip text,
        reason text,
        payload jsonb NOT NULL,
        leaf_hash bytea,
        chain_hash bytea,
        CONSTRAINT pk_ledger_entry PRIMARY KEY (at, shard, seq)
      ) PARTITION BY RANGE (at)`);
    await queryRunner.query(`CREATE INDEX ix_ledger_entry_room ON ledger_entry (room, at DESC)`);
    await queryRunner.query(
      `CREATE INDEX ix_ledger_entry_identity ON ledger_entry (identity, at DESC)`,
    );
    await queryRunner.query(`
      CREATE TABLE ledger_head (
        shard integer NOT NULL,
        epoch bigint NOT NULL DEFAULT 0,
        seq bigint NOT NULL DEFAULT 0,
        hash bytea,
        holder text,
        lease_until timestamptz,
        CONSTRAINT pk_ledger_head PRIMARY KEY (shard)
      )`);
    await queryRunner.query(`INSERT INTO ledger_head (shard) VALUES (0)`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_entry_only_grows BEFORE UPDATE OR DELETE ON ledger_entry
        FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_entry_never_empties BEFORE TRUNCATE ON ledger_entry
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER role_template_version_is_immutable BEFORE UPDATE OR DELETE ON role_template_version
        FOR EACH ROW EXECUTE FUNCTION ledger_refuse_change()`);
    // Runs as the owner: the application's role may ask for the coming months, and for nothing else.
    // TRUNCATE triggers are not inherited by partitions, so each gets its own.
    await queryRunner.query(`
      CREATE FUNCTION ledger_ensure_partitions(months_ahead integer) RETURNS void
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
      DECLARE
        first_day date;
        part text;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_partitions'));
        FOR i IN -1..LEAST(GREATEST(months_ahead, 1), 24) LOOP
          first_day := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
          part := format('ledger_entry_%s', to_char(first_day, 'YYYY_MM'));
          IF to_regclass(format('public.%I', part)) IS NULL THEN
            EXECUTE format(
              'CREATE TABLE public.%I PARTITION OF public.ledger_entry FOR VALUES FROM (%L) TO (%L)',
              part, first_day::text || ' 00:00:00+00',
              (first_day + interval '1 month')::date::text || ' 00:00:00+00');
            EXECUTE format(
              'CREATE TRIGGER ledger_entry_never_empties BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION public.ledger_refuse_change()',
              part);
          END IF;
        END LOOP;
      END $$`);
    await queryRunner.query(`SELECT ledger_ensure_partitions(3)`);
  }

  private async createGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
      DECLARE
        t text;
      BEGIN
        IF application = current_user THEN
          RETURN; -- one role for both: only the triggers stand
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', application);
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', application);
        FOREACH t IN ARRAY ARRAY['operator', 'operator_access', 'operator_session', 'api_key',
          'role_template', 'room', 'assignment', 'seat', 'seat_operation', 'webhook_inbox', 'event',
          'idempotency_key', 'sign_in_limit']
        LOOP
          EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.%I TO %I', t, application);
        END LOOP;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.app_user, public.ledger_head TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT ON public.ledger_entry, public.role_template_version TO %I', application);
        EXECUTE format('GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.ledger_ensure_partitions(integer) TO %I', application);
      END $$`);
    await queryRunner.query(
      `REVOKE ALL ON FUNCTION ledger_ensure_partitions(integer), rolecall_grant_application(name) FROM PUBLIC`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(`DROP FUNCTION ledger_ensure_partitions(integer)`);
    for (const table of [
      'ledger_entry',
      'ledger_head',
      'sign_in_limit',
      'idempotency_key',
      'event',
      'webhook_inbox',
      'seat_operation',
      'seat',
      'assignment',
      'room',
      'role_template_version',
      'role_template',
      'app_user',
      'api_key',
      'operator_session',
      'operator_access',
      'operator',
    ]) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
    await queryRunner.query(`DROP FUNCTION ledger_refuse_change()`);
  }
}
