import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

const ERASE = 'ledger_erase_person(text, timestamp with time zone, text, text, text, text, text)';

/**
 * The server erases a participant on request, in one way only: by a function that refuses whom a legal
 * hold keeps, and appends the entry that says so in the same transaction. Operators are erased by the
 * owner alone.
 */
export class EraseOnRequest1796600100000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // 'held_by': the holds that keep them; then nothing was done.
    await queryRunner.query(`
      CREATE FUNCTION ledger_erase_person(person text, until_at timestamptz, by_kind text, by_id text,
        by_label text, by_request text, by_ip text,
        OUT held_by uuid[], OUT entries integer, OUT actors integer, OUT subjects integer)
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        beside integer := 0;
        more integer;
      BEGIN
        IF person IS NULL OR person = '' OR by_label IS NULL THEN
          RAISE EXCEPTION 'nobody is named';
        END IF;
        -- One at a time, and not while archived entries go.
        PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_archive'));
        LOCK TABLE public.ledger_hold IN SHARE MODE; -- a hold that comes now waits
        SELECT array_agg(found.id) INTO held_by FROM (
          SELECT h.id FROM public.ledger_hold h
          WHERE h.lifted_at IS NULL AND h.held = 'person' AND h.name = person
            AND (until_at IS NULL OR h.from_at IS NULL OR h.from_at < until_at)
          UNION
          SELECT public.ledger_hold_of(e, 'infinity') FROM public.ledger_entry e
          WHERE EXISTS (SELECT FROM public.ledger_hold h WHERE h.lifted_at IS NULL)
            AND (until_at IS NULL OR e.at < until_at)
            AND (e.actor_commitment IS NULL AND ${OF_ACTOR}
              OR e.subject_commitment IS NULL AND ${OF_SUBJECT})
            AND public.ledger_hold_of(e, 'infinity') IS NOT NULL) found;
        IF held_by IS NOT NULL THEN
          RETURN;
        END IF;
        WITH chosen AS (
          SELECT e.at, e.shard, e.seq,
            coalesce(e.actor_commitment IS NULL AND ${OF_ACTOR}, false) AS of_actor,
            coalesce(e.subject_commitment IS NULL AND ${OF_SUBJECT}, false) AS of_subject
          FROM public.ledger_entry e WHERE until_at IS NULL OR e.at < until_at
        ), erased AS (
          UPDATE public.ledger_entry e SET (actor_id, actor_label, ip, actor_salt, actor_commitment,
              identity, personal, reason, subject_salt, subject_commitment)
            = (SELECT n.actor_id, n.actor_label, n.ip, n.actor_salt, n.actor_commitment,
                 n.identity, n.personal, n.reason, n.subject_salt, n.subject_commitment
               FROM public.ledger_erased(e, c.of_actor, c.of_subject) n)
          FROM chosen c
          WHERE e.at = c.at AND e.shard = c.shard AND e.seq = c.seq AND (c.of_actor OR c.of_subject)
          RETURNING c.of_actor, c.of_subject
        )
        SELECT count(*)::integer, (count(*) FILTER (WHERE r.of_actor))::integer,
          (count(*) FILTER (WHERE r.of_subject))::integer
        INTO entries, actors, subjects FROM erased r;
        -- Their files may have what was erased here.
        IF entries > 0 THEN
          UPDATE public.ledger_archive a SET is_abandoned = true WHERE a.forgotten_at IS NULL;
        END IF;
        UPDATE public.ledger_hold h SET name = NULL, label = NULL, reason = '', lift_reason = NULL
        WHERE h.held = 'person' AND h.name = person AND h.lifted_at IS NOT NULL
          AND (until_at IS NULL OR h.lifted_at < until_at);
        GET DIAGNOSTICS beside = ROW_COUNT;
        DELETE FROM public.seat_brought b
        WHERE b.identity = person AND (until_at IS NULL OR b.kept_at < until_at);
        GET DIAGNOSTICS more = ROW_COUNT;
        IF entries + beside + more > 0 THEN
          PERFORM public.ledger_append(0, 0, ARRAY['ledger.erased'], ARRAY['ok'], ARRAY[by_kind],
            ARRAY[by_id], ARRAY[by_label], ARRAY[NULL::text], ARRAY[NULL::text], ARRAY[by_request],
            ARRAY[by_ip], ARRAY[NULL::text], ARRAY[format(
              '{"actors":%s,"before":%s,"entries":%s,"of":"identity","subjects":%s}', actors,
              coalesce('"' || to_char(until_at AT TIME ZONE 'UTC',
                'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || '"', 'null'), entries, subjects)::json],
            ARRAY[NULL::json]);
        END IF;
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION ${ERASE} FROM PUBLIC`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application(name) RENAME TO rolecall_grant_application_before_erasing`,
    );
    await queryRunner.query(`
      CREATE FUNCTION rolecall_grant_application(application name) RETURNS void
      LANGUAGE plpgsql SET search_path = ${SEARCH_PATH} AS $$
      BEGIN
        PERFORM public.rolecall_grant_application_before_erasing(application);
        IF application = current_user THEN
          RETURN;
        END IF;
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.${ERASE} TO %I', application);
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION rolecall_grant_application(name) FROM PUBLIC`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DROP FUNCTION rolecall_grant_application(name)`);
    await queryRunner.query(
      `ALTER FUNCTION rolecall_grant_application_before_erasing(name) RENAME TO rolecall_grant_application`,
    );
    await queryRunner.query(`DROP FUNCTION ${ERASE}`);
  }
}

/** Of an entry 'e': whether they acted. The address that the gate saw is theirs as well. */
const OF_ACTOR = `(e.actor_kind IN ('participant', 'user') AND e.actor_id = person
  OR e.actor_kind = 'system' AND e.ip IS NOT NULL AND e.identity = person)`;
/** Whether it is about them; who watched them has a token that says whom it was for. */
const OF_SUBJECT = `(e.identity = person OR e.kind = 'token.issued'
  AND e.payload->>'source' = 'peek' AND e.personal->>'peeksAt' = person)`;
