import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** Kinds that come by themselves, with each connect or look: no index is kept for them. */
const FREQUENT = [
  'token.issued',
  'gate.admitted',
  'participant.joined',
  'participant.left',
  'room.started',
  'room.finished',
];

/**
 * What searches of the log need. Indexes only over what is rare, so that a token or a connect writes
 * nothing in them; and counts by time, kind and outcome, which are added up after the commit.
 */
export class SearchTheLedger1796500200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    const frequent = FREQUENT.map((kind) => `'${kind}'`).join(', ');
    await queryRunner.query(`
      CREATE INDEX ix_ledger_entry_kind ON ledger_entry (kind, at DESC) WHERE kind NOT IN (${frequent})`);
    await queryRunner.query(`
      CREATE INDEX ix_ledger_entry_operator ON ledger_entry (actor_id, at DESC)
      WHERE actor_kind = 'operator'`);
    await this.createCounts(queryRunner);
    await this.createGrants(queryRunner);
    await queryRunner.query('SELECT ledger_recount()');
  }

  private async createCounts(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE ledger_count (
        minutes integer NOT NULL,
        at timestamptz NOT NULL,
        kind text NOT NULL,
        outcome text NOT NULL,
        entries bigint NOT NULL,
        CONSTRAINT pk_ledger_count PRIMARY KEY (minutes, at, kind, outcome),
        CONSTRAINT ck_ledger_count_minutes CHECK (minutes IN (5, 60, 1440))
      )`);
    // Up to which entry of a shard they are counted. No entry after it is older than `at`.
    await queryRunner.query(`
      CREATE TABLE ledger_counted (
        shard integer NOT NULL,
        seq bigint NOT NULL,
        at timestamptz NOT NULL,
        CONSTRAINT pk_ledger_counted PRIMARY KEY (shard)
      )`);
    // A head is locked until its entries are committed, so up to a head's number all of them are there.
    // Null: another server counts at this moment.
    await queryRunner.query(`
      CREATE FUNCTION ledger_count_entries(at_most integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        shards integer[];
        counted bigint[];
        heads bigint[];
        since timestamptz;
        amount integer;
      BEGIN
        IF NOT pg_try_advisory_xact_lock(hashtext('rolecall.ledger_count')) THEN
          RETURN NULL;
        END IF;
        INSERT INTO public.ledger_counted (shard, seq, at)
        SELECT h.shard, 0, h.opened_at - interval '1 minute' FROM public.ledger_head h
        ON CONFLICT (shard) DO NOTHING;
        -- A shard that was silent for long has a long way to its next entry.
        UPDATE public.ledger_counted c SET at = clock_timestamp() - interval '10 minutes'
        FROM public.ledger_head h
        WHERE h.shard = c.shard AND h.seq = c.seq AND c.at < clock_timestamp() - interval '1 hour';
        SELECT array_agg(c.shard), array_agg(c.seq), array_agg(h.seq), min(c.at)
        INTO shards, counted, heads, since
        FROM public.ledger_counted c JOIN public.ledger_head h ON h.shard = c.shard AND h.seq > c.seq;
        IF shards IS NULL THEN
          RETURN 0;
        END IF;
        WITH added AS MATERIALIZED (
          SELECT e.shard, e.seq, e.at, e.kind, e.outcome
          FROM public.ledger_entry e
          JOIN unnest(shards, counted, heads) AS s(shard, counted, head)
            ON s.shard = e.shard AND e.seq > s.counted AND e.seq <= s.head
          WHERE e.at >= since
          ORDER BY e.at, e.shard, e.seq LIMIT at_most
        ), moved AS (
          UPDATE public.ledger_counted c SET seq = a.seq, at = a.at
          FROM (SELECT shard, max(seq) AS seq, max(at) AS at FROM added GROUP BY shard) a
          WHERE c.shard = a.shard
        ), summed AS (
          INSERT INTO public.ledger_count AS c (minutes, at, kind, outcome, entries)
          SELECT g.minutes, date_bin(g.minutes * interval '1 minute', a.at, to_timestamp(0)),
            a.kind, a.outcome, count(*)
          FROM added a, (VALUES (5), (60), (1440)) AS g(minutes)
          GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
          ON CONFLICT (minutes, at, kind, outcome) DO UPDATE SET entries = c.entries + EXCLUDED.entries
        )
        SELECT count(*) INTO amount FROM added;
        RETURN amount;
      END $$`);
    // Everything from the beginning; for the owner of the tables.
    await queryRunner.query(`
      CREATE FUNCTION ledger_recount() RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_count'));
        DELETE FROM public.ledger_count;
        DELETE FROM public.ledger_counted;
        WITH fine AS MATERIALIZED (
          SELECT date_bin(interval '5 minutes', e.at, to_timestamp(0)) AS at, e.kind, e.outcome,
            count(*) AS entries
          FROM public.ledger_entry e GROUP BY 1, 2, 3
        ), marks AS (
          INSERT INTO public.ledger_counted (shard, seq, at)
          SELECT h.shard, h.seq, h.at - interval '10 minutes' FROM public.ledger_head h
        )
        INSERT INTO public.ledger_count (minutes, at, kind, outcome, entries)
        SELECT g.minutes, date_bin(g.minutes * interval '1 minute', f.at, to_timestamp(0)),
          f.kind, f.outcome, sum(f.entries)
        FROM fine f, (VALUES (5), (60), (1440)) AS g(minutes)
        GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
      END $$`);
    await queryRunner.query(
      `REVOKE ALL ON FUNCTION ledger_count_entries(integer), ledger_recount() FROM PUBLIC`,
    );
  }

  private async createGrants(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_search`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_search(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT SELECT ON public.ledger_count, public.ledger_counted TO %I', application);
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.ledger_count_entries(integer) TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_search(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP FUNCTION ledger_recount()`);
    await queryRunner.query(`DROP FUNCTION ledger_count_entries(integer)`);
    await queryRunner.query(`DROP TABLE ledger_counted`);
    await queryRunner.query(`DROP TABLE ledger_count`);
    for (const name of ['operator', 'kind']) {
      await queryRunner.query(`DROP INDEX ix_ledger_entry_${name}`);
    }
  }
}
