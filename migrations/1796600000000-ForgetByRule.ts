import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** What says that something was forgotten, erased or held: no rule reaches these. */
const KEPT_FOR_EVER = [
  'ledger.erased',
  'ledger.forgotten',
  'ledger.hold_lifted',
  'ledger.hold_placed',
  'ledger.key_rotated',
  'ledger.rule_added',
  'ledger.rule_changed',
  'ledger.rule_removed',
];

/** From when a rule is set, or a hold is lifted, until entries may go: time to notice it and take it back. */
const NOTICE = `interval '1 day'`;

const BEGIN = 'ledger_archive_begin(uuid, text, uuid, jsonb, bigint, bigint, bytea, integer)';
const FINISH = 'ledger_archive_finish(uuid, bigint, bytea, bytea, text, text)';
const FORGET = 'ledger_forget(uuid[], text, text, text, text, text, text)';

/**
 * Retention: rules that say how long entries are kept, legal holds, and archives. An entry leaves the
 * table in one way only: by `ledger_forget`, which checks rule and holds itself, and appends the entry
 * that says so in the same transaction. Its leaf stays in the tree.
 */
export class ForgetByRule1796600000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createRules(queryRunner);
    await this.createHolds(queryRunner);
    await this.createArchives(queryRunner);
    await this.createQuestions(queryRunner);
    await this.createArchiving(queryRunner);
    await this.createForgetting(queryRunner);
    await this.guardEntries(queryRunner, true);
    await this.createGrants(queryRunner);
    await this.watch(queryRunner, 'ledger_rule', 'ledger.rule_% ledger.erased');
    await this.watch(queryRunner, 'ledger_hold', 'ledger.hold_% ledger.erased');
  }

  private async createRules(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_rule (
        id uuid NOT NULL,
        -- How it was asked for; 'kinds' is what it means. Null: every kind.
        kind_group text,
        kinds text[],
        rooms text,
        rooms_like text,
        keep_days integer NOT NULL,
        reason text,
        by_id text,
        by_label text NOT NULL,
        at timestamptz NOT NULL DEFAULT clock_timestamp(),
        -- Until then it keeps entries, and lets none go.
        acts_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        CONSTRAINT pk_ledger_rule PRIMARY KEY (id),
        CONSTRAINT ck_ledger_rule_keep_days CHECK (keep_days BETWEEN 7 AND 36500)
      )`);
    await queryRunner.query(`
      CREATE FUNCTION ledger_rule_set_times() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        NEW.rooms_like := public.rolecall_like_of_pattern(NEW.rooms);
        -- Who made it can be taken out later; that changes nothing of what it does.
        IF TG_OP = 'UPDATE' AND ROW(NEW.kinds, NEW.rooms, NEW.keep_days)
          IS NOT DISTINCT FROM ROW(OLD.kinds, OLD.rooms, OLD.keep_days)
          AND NEW.acts_at >= OLD.acts_at THEN
          RETURN NEW;
        END IF;
        NEW.at := clock_timestamp();
        NEW.acts_at := NEW.at + ${NOTICE};
        RETURN NEW;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_rule_sets_times BEFORE INSERT OR UPDATE ON ledger_rule
        FOR EACH ROW EXECUTE FUNCTION ledger_rule_set_times()`);
    // A rule that goes may have kept what a shorter one lets go at once.
    await queryRunner.query(`
      CREATE FUNCTION ledger_rule_delay_others() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        UPDATE public.ledger_rule SET acts_at = clock_timestamp() + ${NOTICE};
        RETURN NULL;
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_rule_delays_others AFTER UPDATE OF kinds, rooms, keep_days OR DELETE ON ledger_rule
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_rule_delay_others()`);
  }

  private async createHolds(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_hold (
        id uuid NOT NULL,
        held text NOT NULL,
        -- An identity, the name of a room, or the id of an operator. Null: erased after it was lifted.
        name text,
        label text,
        reason text NOT NULL,
        from_at timestamptz,
        to_at timestamptz,
        placed_by_id text,
        placed_by text NOT NULL,
        placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        lifted_by_id text,
        lifted_by text,
        lifted_at timestamptz,
        lift_reason text,
        CONSTRAINT pk_ledger_hold PRIMARY KEY (id),
        CONSTRAINT ck_ledger_hold_held CHECK (held IN ('person', 'room', 'operator')),
        CONSTRAINT ck_ledger_hold_name CHECK (name IS NOT NULL OR lifted_at IS NOT NULL),
        CONSTRAINT ck_ledger_hold_time CHECK (from_at IS NULL OR to_at IS NULL OR from_at < to_at)
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_ledger_hold_placed_at ON ledger_hold (placed_at DESC)`,
    );
    // A hold is lifted once, at the time of Postgres; afterwards only names may go from it.
    await queryRunner.query(`
      CREATE FUNCTION ledger_hold_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF TG_OP = 'INSERT' THEN
          NEW.placed_at := clock_timestamp();
          NEW.lifted_at := NULL;
          RETURN NEW;
        END IF;
        IF TG_OP = 'UPDATE' AND ROW(NEW.id, NEW.held, NEW.from_at, NEW.to_at, NEW.placed_at)
          IS NOT DISTINCT FROM ROW(OLD.id, OLD.held, OLD.from_at, OLD.to_at, OLD.placed_at) THEN
          IF OLD.lifted_at IS NULL AND NEW.name = OLD.name THEN
            NEW.lifted_at := CASE WHEN NEW.lifted_at IS NOT NULL THEN clock_timestamp() END;
            RETURN NEW;
          END IF;
          IF NEW.lifted_at = OLD.lifted_at AND (NEW.name IS NULL OR NEW.name = OLD.name) THEN
            RETURN NEW;
          END IF;
        END IF;
        RAISE EXCEPTION 'a hold is lifted, not changed: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_hold_only_lifts BEFORE INSERT OR UPDATE OR DELETE ON ledger_hold
        FOR EACH ROW EXECUTE FUNCTION ledger_hold_refuse_change()`);
  }

  private async createArchives(queryRunner: QueryRunner): Promise<void> {
    // One file of entries that a rule lets go. Written, then finished, then forgotten.
    await queryRunner.query(`
      CREATE TABLE ledger_archive (
        id uuid NOT NULL,
        file text NOT NULL,
        rule_id uuid NOT NULL,
        rule jsonb NOT NULL,
        first_leaf bigint NOT NULL,
        end_leaf bigint NOT NULL,
        -- A bit for each leaf from first_leaf on, the lowest bit of a byte first.
        leaves bytea NOT NULL,
        entries integer NOT NULL,
        from_at timestamptz NOT NULL,
        to_at timestamptz NOT NULL,
        started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        bytes bigint,
        sha256 bytea,
        root bytea,
        note text,
        payload text,
        finished_at timestamptz,
        -- Rules and holds as they were when its entries were last found to be due.
        due_by text,
        -- Its file goes, then its row.
        is_abandoned boolean NOT NULL DEFAULT false,
        forgotten_in text,
        forgotten_at timestamptz,
        entry_at timestamptz,
        entry_seq bigint,
        CONSTRAINT pk_ledger_archive PRIMARY KEY (id),
        CONSTRAINT ck_ledger_archive_leaves CHECK (first_leaf >= 0 AND first_leaf % 256 = 0
          AND end_leaf > first_leaf AND end_leaf - first_leaf <= 16384 AND end_leaf % 256 = 0
          AND length(leaves) = (end_leaf - first_leaf) / 8 AND entries > 0)
      )`);
    await queryRunner.query(
      `CREATE INDEX ix_ledger_archive_leaf ON ledger_archive (first_leaf, end_leaf)`,
    );
    await queryRunner.query(
      `CREATE INDEX ix_ledger_archive_started_at ON ledger_archive (started_at DESC, id)`,
    );
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF OLD.forgotten_at IS NULL THEN
          RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_archive_only_grows BEFORE UPDATE OR DELETE ON ledger_archive
        FOR EACH ROW EXECUTE FUNCTION ledger_archive_refuse_change()`);
    await queryRunner.query(`
      CREATE TRIGGER ledger_archive_never_empties BEFORE TRUNCATE ON ledger_archive
        FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()`);
  }

  private async createQuestions(queryRunner: QueryRunner): Promise<void> {
    // The hold that an entry is under; null: none. 'lifted_since' counts those that were lifted after it.
    await queryRunner.query(`
      CREATE FUNCTION ledger_hold_of(entry ledger_entry, lifted_since timestamptz) RETURNS uuid
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT h.id FROM public.ledger_hold h
        WHERE (h.lifted_at IS NULL OR h.lifted_at > lifted_since) AND h.name IS NOT NULL
          AND (h.from_at IS NULL OR entry.at >= h.from_at) AND (h.to_at IS NULL OR entry.at < h.to_at)
          AND CASE h.held
            WHEN 'room' THEN entry.room = h.name
            WHEN 'person' THEN entry.identity = h.name
              OR entry.actor_kind IN ('participant', 'user') AND entry.actor_id = h.name
              OR entry.personal->>'peeksAt' = h.name
            ELSE entry.actor_kind = 'operator' AND entry.actor_id = h.name
              OR entry.personal->>'operator' = h.name END
        ORDER BY h.placed_at LIMIT 1
      $$`);
    // Of a stretch of leaves: what rules let go, with the rule that decides. The longest one does.
    await queryRunner.query(`
      CREATE FUNCTION ledger_due(first_leaf bigint, end_leaf bigint)
      RETURNS TABLE (leaf bigint, shard integer, seq bigint, at timestamptz, kind text, outcome text,
        room text, rule uuid, acts_at timestamptz, hold uuid)
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT r.first_index + e.seq - r.first_seq, e.shard, e.seq, e.at, e.kind, e.outcome, e.room,
          d.id, d.acts_at, public.ledger_hold_of(e.entry, clock_timestamp() - ${NOTICE})
        FROM public.ledger_range r
        CROSS JOIN LATERAL (
          SELECT s.shard, s.seq, s.at, s.kind, s.outcome, s.room, s AS entry FROM public.ledger_entry s
          WHERE s.shard = r.shard AND s.seq >= r.first_seq AND s.seq < r.first_seq + r.count
            AND s.at >= r.first_at AND s.at <= r.last_at OFFSET 0) e
        CROSS JOIN LATERAL (
          SELECT l.id, l.acts_at, l.keep_days FROM public.ledger_rule l
          WHERE (l.kinds IS NULL OR e.kind = ANY (l.kinds))
            AND (l.rooms IS NULL OR e.room LIKE l.rooms_like)
          ORDER BY l.keep_days DESC, l.acts_at DESC, l.id LIMIT 1) d
        WHERE r.first_index >= first_leaf AND r.first_index < end_leaf
          AND e.kind <> ALL ('{${KEPT_FOR_EVER.join(',')}}')
          AND e.at < clock_timestamp() - d.keep_days * interval '1 day'
          -- A token that still works has to be known.
          AND (e.kind <> 'token.issued' OR coalesce((e.entry).payload->>'expiresAt', '') COLLATE "C"
            < to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS'))
      $$`);
    // What decides whether entries are due, beside the time.
    await queryRunner.query(`
      CREATE FUNCTION ledger_due_by() RETURNS text
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT md5(concat(
          (SELECT string_agg(ROW(l.id, l.kinds, l.rooms, l.keep_days, l.acts_at)::text, ',' ORDER BY l.id)
            FROM public.ledger_rule l), ';',
          (SELECT string_agg(ROW(h.id, h.held, h.name, h.from_at, h.to_at)::text, ',' ORDER BY h.id)
            FROM public.ledger_hold h WHERE h.lifted_at IS NULL)))
      $$`);
    // Whether all entries of an archive are in the table, due by its rule, and held by nobody.
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_is_due(a ledger_archive) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT count(*) = a.entries FROM public.ledger_due(a.first_leaf, a.end_leaf) d
        WHERE get_bit(a.leaves, (d.leaf - a.first_leaf)::integer) = 1 AND d.rule = a.rule_id
          AND d.acts_at <= clock_timestamp() AND d.hold IS NULL
      $$`);
    // The archive with which an entry left the table; null: it did not.
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_of(of_shard integer, of_seq bigint) RETURNS uuid
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT a.id FROM (
          SELECT r.first_index + of_seq - r.first_seq AS leaf FROM public.ledger_range r
          WHERE r.shard = of_shard AND r.first_seq <= of_seq AND r.first_seq > of_seq - 256
            AND r.first_seq + r.count > of_seq
          ORDER BY r.first_seq DESC LIMIT 1) p
        JOIN public.ledger_archive a ON a.first_leaf <= p.leaf AND a.first_leaf > p.leaf - 16384
          AND a.end_leaf > p.leaf
        WHERE a.forgotten_in IS NOT NULL AND get_bit(a.leaves, (p.leaf - a.first_leaf)::integer) = 1
        LIMIT 1
      $$`);
  }

  private async createArchiving(queryRunner: QueryRunner): Promise<void> {
    // False: it is about leaves that are not in a full tile yet, or that another archive has.
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_begin(new_id uuid, new_file text, by_rule uuid, rule_text jsonb,
        new_first bigint, new_end bigint, new_leaves bytea, amount integer) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        sealed CONSTANT bigint := (SELECT max(c.size) FROM public.ledger_checkpoint c);
        first_time timestamptz;
        last_time timestamptz;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_archive'));
        IF new_end > coalesce(sealed, 0) OR EXISTS (
          SELECT FROM public.ledger_archive o
          WHERE o.first_leaf < new_end AND o.end_leaf > new_first AND EXISTS (
            SELECT FROM generate_series(greatest(o.first_leaf, new_first),
              least(o.end_leaf, new_end) - 1) AS l(leaf)
            WHERE get_bit(o.leaves, (l.leaf - o.first_leaf)::integer) = 1
              AND get_bit(new_leaves, (l.leaf - new_first)::integer) = 1)) THEN
          RETURN false;
        END IF;
        SELECT min(d.at), max(d.at) INTO first_time, last_time
        FROM public.ledger_due(new_first, new_end) d
        WHERE get_bit(new_leaves, (d.leaf - new_first)::integer) = 1;
        IF first_time IS NULL THEN
          RETURN false;
        END IF;
        INSERT INTO public.ledger_archive (id, file, rule_id, rule, first_leaf, end_leaf, leaves,
          entries, from_at, to_at)
        VALUES (new_id, new_file, by_rule, rule_text, new_first, new_end, new_leaves, amount,
          first_time, last_time);
        RETURN true;
      END $$`);
    // The file is whole and on disk. False: its entries are due no longer.
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_finish(of_id uuid, new_bytes bigint, new_sha256 bytea,
        new_root bytea, new_note text, new_payload text) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        archive public.ledger_archive;
      BEGIN
        IF new_bytes IS NULL OR new_sha256 IS NULL OR new_root IS NULL OR new_note IS NULL
          OR new_payload::json->>'archive' IS DISTINCT FROM of_id::text
          OR new_payload::json->>'note' IS DISTINCT FROM new_note THEN
          RAISE EXCEPTION 'the archive % is not described', of_id;
        END IF;
        LOCK TABLE public.ledger_hold, public.ledger_rule IN SHARE MODE;
        SELECT a.* INTO archive FROM public.ledger_archive a WHERE a.id = of_id FOR UPDATE;
        IF NOT FOUND OR archive.is_abandoned OR archive.forgotten_at IS NOT NULL
          OR NOT public.ledger_archive_is_due(archive) THEN
          RETURN false;
        END IF;
        UPDATE public.ledger_archive SET bytes = new_bytes, sha256 = new_sha256, root = new_root,
          note = new_note, payload = new_payload, finished_at = clock_timestamp(),
          due_by = public.ledger_due_by()
        WHERE id = of_id;
        RETURN true;
      END $$`);
    // From then on its entries cannot be forgotten with it. False: they are, or there is no such archive.
    await queryRunner.query(`
      CREATE FUNCTION ledger_archive_abandon(of_id uuid, has_file boolean) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        IF has_file THEN
          UPDATE public.ledger_archive SET is_abandoned = true
          WHERE id = of_id AND forgotten_at IS NULL;
        ELSE
          DELETE FROM public.ledger_archive
          WHERE id = of_id AND forgotten_at IS NULL AND is_abandoned;
        END IF;
        RETURN FOUND;
      END $$`);
  }

  private async createForgetting(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE FUNCTION ledger_lower_counts(levels integer[], starts timestamptz[], kinds text[],
        outcomes text[], amounts bigint[]) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        UPDATE public.ledger_count c SET entries = c.entries - g.amount
        FROM unnest(levels, starts, kinds, outcomes, amounts) AS g(minutes, at, kind, outcome, amount)
        WHERE (c.minutes, c.at, c.kind, c.outcome) = (g.minutes, g.at, g.kind, g.outcome);
        DELETE FROM public.ledger_count c
        USING unnest(levels, starts, kinds, outcomes) AS g(minutes, at, kind, outcome)
        WHERE (c.minutes, c.at, c.kind, c.outcome) = (g.minutes, g.at, g.kind, g.outcome)
          AND c.entries <= 0;
      END $$`);
    // Takes the entries of archives out of the table, or nothing: false where one of them is not due
    // any longer. 'whole': the partition that consists of them, which then goes as one.
    await queryRunner.query(`
      CREATE FUNCTION ledger_forget(ids uuid[], whole text, actor_kind text, actor_id text,
        actor_label text, request_id text, ip text) RETURNS boolean
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET standard_conforming_strings = on AS $$
      DECLARE
        me CONSTANT text := pg_current_xact_id()::text;
        wanted CONSTANT bigint := (SELECT sum(a.entries) FROM public.ledger_archive a WHERE a.id = ANY (ids));
        amount CONSTANT integer := cardinality(ids);
        gone bigint;
        month date;
        counts record;
        last_seq bigint;
        at_us bigint;
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_archive'));
        LOCK TABLE public.ledger_hold, public.ledger_rule IN SHARE MODE;
        -- Erasing may abandon them at this moment.
        PERFORM FROM public.ledger_archive a WHERE a.id = ANY (ids) ORDER BY a.id FOR UPDATE;
        IF (SELECT count(*) FROM public.ledger_archive a WHERE a.id = ANY (ids)
            AND a.finished_at IS NOT NULL AND a.forgotten_at IS NULL AND NOT a.is_abandoned
            AND (a.due_by = public.ledger_due_by() OR public.ledger_archive_is_due(a))) <> amount THEN
          RETURN false;
        END IF;
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_count'));
        UPDATE public.ledger_archive a SET forgotten_in = me WHERE a.id = ANY (ids);
        IF whole IS NULL THEN
          WITH deleted AS (
            DELETE FROM public.ledger_entry e USING (
              SELECT s.at, s.shard, s.seq FROM public.ledger_archive a
              JOIN public.ledger_range r ON r.first_index >= a.first_leaf AND r.first_index < a.end_leaf
              CROSS JOIN LATERAL (
                SELECT f.at, f.shard, f.seq FROM public.ledger_entry f
                WHERE f.shard = r.shard AND f.seq >= r.first_seq AND f.seq < r.first_seq + r.count
                  AND f.at >= r.first_at AND f.at <= r.last_at OFFSET 0) s
              WHERE a.id = ANY (ids)
                AND get_bit(a.leaves, (r.first_index + s.seq - r.first_seq - a.first_leaf)::integer) = 1
            ) d
            WHERE e.at = d.at AND e.shard = d.shard AND e.seq = d.seq
            RETURNING e.at, e.shard, e.seq, e.kind, e.outcome
          ), summed AS (
            SELECT g.minutes, date_bin(g.minutes * interval '1 minute', d.at, to_timestamp(0)) AS at,
              d.kind, d.outcome, count(*) AS amount
            FROM deleted d JOIN public.ledger_counted c ON c.shard = d.shard AND d.seq <= c.seq,
              (VALUES (5), (60), (1440)) AS g(minutes)
            GROUP BY 1, 2, 3, 4
          )
          SELECT (SELECT count(*) FROM deleted) AS gone, array_agg(s.minutes) AS minutes,
            array_agg(s.at) AS at, array_agg(s.kind) AS kinds, array_agg(s.outcome) AS outcomes,
            array_agg(s.amount) AS amounts
          INTO counts FROM summed s;
        ELSE
          month := to_date(substring(whole FROM '^ledger_entry_(\\d{4}_\\d{2})$'), 'YYYY_MM');
          IF month IS NULL OR (month + interval '1 month') AT TIME ZONE 'UTC' > clock_timestamp()
            OR NOT EXISTS (SELECT FROM pg_inherits i
              WHERE i.inhparent = 'public.ledger_entry'::regclass
                AND i.inhrelid = to_regclass(format('public.%I', whole)))
            OR EXISTS (SELECT FROM public.ledger_archive a WHERE a.id = ANY (ids)
              AND (a.from_at < month::timestamp AT TIME ZONE 'UTC'
                OR a.to_at >= (month + interval '1 month') AT TIME ZONE 'UTC')) THEN
            RAISE EXCEPTION '% is no partition of these archives', whole;
          END IF;
          -- A clock that was put back could still write into it.
          EXECUTE format('LOCK TABLE public.%I IN SHARE MODE', whole);
          EXECUTE format($whole$
            WITH summed AS (
              SELECT date_bin(interval '5 minutes', e.at, to_timestamp(0)) AS at, e.kind, e.outcome,
                count(*) AS entries, count(*) FILTER (WHERE e.seq <= c.seq) AS amount
              FROM public.%I e LEFT JOIN public.ledger_counted c ON c.shard = e.shard
              GROUP BY 1, 2, 3
            ), levels AS (
              SELECT g.minutes, date_bin(g.minutes * interval '1 minute', s.at, to_timestamp(0)) AS at,
                s.kind, s.outcome, sum(s.amount)::bigint AS amount
              FROM summed s, (VALUES (5), (60), (1440)) AS g(minutes) GROUP BY 1, 2, 3, 4
            )
            SELECT (SELECT sum(entries) FROM summed)::bigint AS gone, array_agg(l.minutes) AS minutes,
              array_agg(l.at) AS at, array_agg(l.kind) AS kinds, array_agg(l.outcome) AS outcomes,
              array_agg(l.amount) AS amounts
            FROM levels l $whole$, whole) INTO counts;
        END IF;
        gone := counts.gone;
        IF gone IS DISTINCT FROM wanted THEN
          RAISE EXCEPTION 'of % entries that were archived % are there', wanted, gone
            USING ERRCODE = 'serialization_failure';
        END IF;
        PERFORM public.ledger_lower_counts(counts.minutes, counts.at, counts.kinds, counts.outcomes,
          counts.amounts);
        -- Before the table is locked: whoever appends locks the head first.
        SELECT w.last_seq, w.at_us INTO last_seq, at_us FROM (
          SELECT array_agg(a.payload::json ORDER BY a.first_leaf, a.id) AS payloads
          FROM public.ledger_archive a WHERE a.id = ANY (ids)) p,
          LATERAL public.ledger_append(0, 0, array_fill('ledger.forgotten'::text, ARRAY[amount]),
            array_fill('ok'::text, ARRAY[amount]), array_fill(actor_kind, ARRAY[amount]),
            array_fill(actor_id, ARRAY[amount]), array_fill(actor_label, ARRAY[amount]),
            array_fill(NULL::text, ARRAY[amount]), array_fill(NULL::text, ARRAY[amount]),
            array_fill(request_id, ARRAY[amount]), array_fill(ip, ARRAY[amount]),
            array_fill(NULL::text, ARRAY[amount]), p.payloads,
            array_fill(NULL::json, ARRAY[amount])) w;
        UPDATE public.ledger_archive a SET forgotten_at = clock_timestamp(),
          entry_at = to_timestamp(0) + at_us * interval '1 microsecond',
          entry_seq = last_seq - amount + n.place
        FROM (SELECT o.id, row_number() OVER (ORDER BY o.first_leaf, o.id) AS place
          FROM public.ledger_archive o WHERE o.id = ANY (ids)) n
        WHERE a.id = n.id;
        IF whole IS NOT NULL THEN
          EXECUTE format('DROP TABLE public.%I', whole);
        END IF;
        RETURN true;
      END $$`);
    await queryRunner.query(`
      REVOKE ALL ON FUNCTION ${BEGIN}, ${FINISH}, ledger_archive_abandon(uuid, boolean), ${FORGET},
        ledger_lower_counts, ledger_rule_delay_others() FROM PUBLIC`);
  }

  /** Beside erasing, an entry may go when `ledger_forget` takes it; what is held is not erased. */
  private async guardEntries(queryRunner: QueryRunner, knowsRules: boolean): Promise<void> {
    const whenHeld = `
            IF public.ledger_hold_of(before, 'infinity') IS NOT NULL THEN
              RAISE EXCEPTION 'a legal hold keeps this entry' USING ERRCODE = 'insufficient_privilege';
            END IF;`;
    const whenForgotten = `
        IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM public.ledger_archive a
          WHERE a.id = public.ledger_archive_of(OLD.shard, OLD.seq)
            AND a.forgotten_in = pg_current_xact_id()::text AND a.forgotten_at IS NULL) THEN
          RETURN OLD;
        END IF;`;
    await queryRunner.query(`
      CREATE OR REPLACE FUNCTION ledger_entry_refuse_change() RETURNS trigger
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        before public.ledger_entry;
        after public.ledger_entry;
      BEGIN${knowsRules ? whenForgotten : ''}
        IF TG_OP = 'UPDATE' THEN
          before := OLD;
          after := NEW;
          IF NOT after *= before AND (
            after *= public.ledger_erased(before, true, false)
            OR after *= public.ledger_erased(before, false, true)
            OR after *= public.ledger_erased(before, true, true)) THEN${knowsRules ? whenHeld : ''}
            RETURN NEW;
          END IF;
        END IF;
        RAISE EXCEPTION 'the ledger only grows: % on % is refused', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'insufficient_privilege';
      END $$`);
  }

  private async createGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_rules`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_rules(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON public.ledger_rule TO %I', application);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON public.ledger_hold TO %I', application);
        EXECUTE format('GRANT SELECT ON public.ledger_archive TO %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.${BEGIN}, public.${FINISH}, '
          'public.ledger_archive_abandon(uuid, boolean), public.${FORGET} TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  /** A rule or a hold that is changed past Rolecall is named, as policy is. */
  private async watch(queryRunner: QueryRunner, table: string, kinds: string): Promise<void> {
    const names = WATCHED[table] ?? [];
    const list = (row: string) => names.map((name) => `${row}.${name}`).join(', ');
    const conditions = {
      insert: 'true',
      update: `ROW(${list('OLD')}) IS DISTINCT FROM ROW(${list('NEW')})`,
      delete: 'true',
    };
    for (const [event, condition] of Object.entries(conditions)) {
      await queryRunner.query(`
        CREATE CONSTRAINT TRIGGER ${table}_noted_${event} AFTER ${event} ON ${table}
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (${condition})
          EXECUTE FUNCTION policy_note_change('id', '${kinds}')`);
    }
    await queryRunner.query(`
      CREATE TRIGGER ${table}_noted_truncate AFTER TRUNCATE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION policy_note_truncate()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_rules(name) RENAME TO rolecall_grant_application`,
    );
    await this.guardEntries(queryRunner, false);
    for (const name of [
      ...[FORGET, 'ledger_lower_counts', 'ledger_archive_abandon(uuid, boolean)', FINISH, BEGIN],
      ...['ledger_archive_of(integer, bigint)', 'ledger_archive_is_due(ledger_archive)'],
      ...['ledger_due_by()', 'ledger_due(bigint, bigint)'],
      'ledger_hold_of(ledger_entry, timestamptz)',
    ]) {
      await queryRunner.query(`DROP FUNCTION ${name}`);
    }
    for (const table of ['ledger_archive', 'ledger_hold', 'ledger_rule']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
    for (const name of [
      ...['ledger_archive_refuse_change()', 'ledger_hold_refuse_change()'],
      ...['ledger_rule_delay_others()', 'ledger_rule_set_times()'],
    ]) {
      await queryRunner.query(`DROP FUNCTION ${name}`);
    }
  }
}

const WATCHED: Readonly<Record<string, readonly string[]>> = {
  ledger_rule: ['id', 'kind_group', 'kinds', 'rooms', 'keep_days', 'reason', 'by_id', 'by_label'],
  ledger_hold: [
    ...['id', 'held', 'name', 'label', 'reason', 'from_at', 'to_at', 'placed_by_id', 'placed_by'],
    ...['lifted_by_id', 'lifted_by', 'lifted_at', 'lift_reason'],
  ],
};
