import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Temporary objects are looked up last: else the caller's own types and tables come first. */
const SEARCH_PATH = 'pg_catalog, public, pg_temp';

/** Kinds of entries that Rolecall writes with a change of these columns. */
const SEAT_KINDS = `seat.brought seat.set_aside seat.ceiling_lifted seat.readmitted seat.peeked
  token.issued room.% demo.%`.replaceAll(/\s+/g, ' ');
const OPERATION_KINDS = 'seat.% scene.% bulk.% stage.% token.% room.% drift.% participant.%';

/** What a row has when it comes or goes. */
const BOUNDS = (row: string) =>
  ['brought', 'before_scene', 'admitted', 'awaited', 'peeks_at', 'proof_at', 'admitted_at']
    .map((name) => `${row}.${name} IS NOT NULL`)
    .join(' OR ');

/**
 * `brought` holds strangers, so only a connection that is taken back from is left out: that narrows.
 * `before_scene` gives nothing once it is forgotten.
 */
const BOUNDS_CHANGE = `
  OLD.brought IS DISTINCT FROM NEW.brought AND (OLD.brought IS NULL OR NEW.brought IS NULL
    OR NEW.brought->>'givenTo' IS NOT NULL
    OR (OLD.brought - 'givenTo') <> (NEW.brought - 'givenTo'))
  OR NEW.before_scene IS NOT NULL AND OLD.before_scene IS DISTINCT FROM NEW.before_scene
  OR (OLD.admitted IS DISTINCT FROM NEW.admitted OR OLD.awaited IS DISTINCT FROM NEW.awaited)
    AND seat_lifts_ceiling(OLD.admitted, OLD.awaited, NEW.admitted, NEW.awaited)
  OR ROW(OLD.peeks_at, OLD.proof_at, OLD.admitted_at)
    IS DISTINCT FROM ROW(NEW.peeks_at, NEW.proof_at, NEW.admitted_at)
  OR OLD.last_issued_at IS NOT NULL AND NEW.last_issued_at IS NULL`;

/** What an end of a lease or an undo gives back, and whose word it was. */
const OF_OPERATION = [
  ...['id', 'room', 'identity', 'action', 'actor_kind', 'actor_id', 'actor_label', 'before'],
  ...['epoch', 'created_at'],
];

/**
 * Besides policy itself, some columns say how far it reaches: what strangers may have back, which
 * ceiling a connection has, and which refreshed tokens count. Whoever changes these past Rolecall is
 * named as well.
 */
export class WatchWhatBoundsRights1796500700000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await this.createFunctions(queryRunner);
    await this.watchSeats(queryRunner);
    const row = (name: string) => OF_OPERATION.map((column) => `${name}.${column}`).join(', ');
    const kept = ['room', 'identity', 'brought', 'kept_at'];
    const keptOf = (name: string) => kept.map((column) => `${name}.${column}`).join(', ');
    await this.watch(queryRunner, 'seat_operation', 'id', OPERATION_KINDS, {
      // Only these give something back; acts without one stay as cheap as they were.
      insert: `jsonb_typeof(NEW.before->'override') = 'object'`,
      update: `ROW(${row('OLD')}) IS DISTINCT FROM ROW(${row('NEW')})`,
    });
    await this.watch(queryRunner, 'seat_brought', 'room identity', 'room.% demo.%', {
      insert: 'true',
      update: `ROW(${keptOf('OLD')}) IS DISTINCT FROM ROW(${keptOf('NEW')})`,
    });
  }

  private async createFunctions(queryRunner: QueryRunner): Promise<void> {
    // A bound that was there is gone: neither the connection that is admitted nor one that is awaited
    // in the same way has it. Or an override counts as given to a connection that came later.
    await queryRunner.query(`
      CREATE FUNCTION seat_lifts_ceiling(old_admitted jsonb, old_awaited jsonb, new_admitted jsonb,
        new_awaited jsonb) RETURNS boolean
      LANGUAGE sql STABLE SET search_path = ${SEARCH_PATH} AS $$
        SELECT old_admitted->'ceiling' IS NOT NULL
            AND new_admitted->'ceiling' IS DISTINCT FROM old_admitted->'ceiling'
          OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(old_awaited, '[]')) AS was
            WHERE jsonb_typeof(was->'ceiling') = 'array'
              AND new_admitted->'ceiling' IS DISTINCT FROM was->'ceiling'
              AND NOT EXISTS (SELECT FROM jsonb_array_elements(coalesce(new_awaited, '[]')) AS one
                WHERE one->'ceiling' = was->'ceiling'
                  AND one->'notSid' IS NOT DISTINCT FROM was->'notSid'
                  AND (one->>'from')::timestamptz = (was->>'from')::timestamptz
                  AND (one->>'to')::timestamptz >= (was->>'to')::timestamptz))
          OR EXISTS (SELECT FROM jsonb_array_elements(coalesce(new_awaited, '[]')) AS one
            WHERE (one->>'from')::timestamptz < now() - interval '1 second'
              AND NOT EXISTS (SELECT FROM jsonb_array_elements(coalesce(old_awaited, '[]')) AS was
                WHERE was->'from' = one->'from'))
          OR coalesce((new_admitted->>'at')::timestamptz < (old_admitted->>'at')::timestamptz, false)
          OR coalesce(new_admitted->>'issuedAt' IS DISTINCT FROM old_admitted->>'issuedAt'
            AND (new_admitted->>'at')::timestamptz <= (old_admitted->>'issuedAt')::timestamptz, false)
      $$`);
    // The entry of a token comes first, in a transaction of its own.
    await queryRunner.query(`
      CREATE FUNCTION seat_note_issued() RETURNS trigger
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH}
      SET standard_conforming_strings = on AS $$
      BEGIN
        IF EXISTS (SELECT FROM public.ledger_entry e WHERE e.identity = NEW.identity
          AND e.room = NEW.room AND e.kind = 'token.issued') THEN
          RETURN NULL;
        END IF;
        PERFORM public.policy_report(TG_TABLE_NAME, lower(TG_OP),
          CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END, to_jsonb(NEW),
          ARRAY['room', 'identity'], ARRAY['token.issued', 'demo.%'], TG_RELID);
        RETURN NULL;
      END $$`);
    await queryRunner.query(`REVOKE ALL ON FUNCTION seat_note_issued() FROM PUBLIC`);
    // The application's role has no right on the table: it may ask for this, and nothing else.
    await queryRunner.query(`
      CREATE FUNCTION seat_brought_expire(at_most integer) RETURNS integer
      LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${SEARCH_PATH} AS $$
      DECLARE
        deleted integer;
      BEGIN
        DELETE FROM public.seat_brought AS expired USING (
          SELECT kept.room, kept.identity FROM public.seat_brought kept
          WHERE kept.kept_at < clock_timestamp() - interval '30 days'
          LIMIT at_most FOR UPDATE SKIP LOCKED) AS overdue
        WHERE expired.room = overdue.room AND expired.identity = overdue.identity;
        GET DIAGNOSTICS deleted = ROW_COUNT;
        RETURN deleted;
      END $$`);
  }

  private async watchSeats(queryRunner: QueryRunner): Promise<void> {
    const create = (event: string, name: string, when: string, run: string) =>
      queryRunner.query(`
        CREATE CONSTRAINT TRIGGER seat_${name}_${event} AFTER ${event} ON seat
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (${when}) EXECUTE FUNCTION ${run}`);
    const note = `policy_note_change('room identity', '${SEAT_KINDS}')`;
    await create('insert', 'bounds_noted', BOUNDS('NEW'), note);
    await create('update', 'bounds_noted', BOUNDS_CHANGE, note);
    await create('delete', 'bounds_noted', BOUNDS('OLD'), note);
    const issued = 'NEW.last_issued_at IS NOT NULL';
    await create('insert', 'issued_noted', issued, 'seat_note_issued()');
    const first = `OLD.last_issued_at IS NULL AND ${issued}`;
    await create('update', 'issued_noted', first, 'seat_note_issued()');
  }

  private async watch(
    queryRunner: QueryRunner,
    table: string,
    key: string,
    kinds: string,
    when: { readonly insert: string; readonly update: string },
  ): Promise<void> {
    for (const [event, condition] of Object.entries(when)) {
      await queryRunner.query(`
        CREATE CONSTRAINT TRIGGER ${table}_noted_${event} AFTER ${event} ON ${table}
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (${condition})
          EXECUTE FUNCTION policy_note_change('${key}', '${kinds}')`);
    }
    await queryRunner.query(`
      CREATE TRIGGER ${table}_noted_truncate AFTER TRUNCATE ON ${table}
        FOR EACH STATEMENT EXECUTE FUNCTION policy_note_truncate()`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['seat_brought', 'seat_operation']) {
      for (const event of ['insert', 'update', 'truncate']) {
        await queryRunner.query(`DROP TRIGGER ${table}_noted_${event} ON ${table}`);
      }
    }
    for (const trigger of ['issued_noted_insert', 'issued_noted_update']) {
      await queryRunner.query(`DROP TRIGGER seat_${trigger} ON seat`);
    }
    for (const event of ['insert', 'update', 'delete']) {
      await queryRunner.query(`DROP TRIGGER seat_bounds_noted_${event} ON seat`);
    }
    await queryRunner.query(`DROP FUNCTION seat_brought_expire(integer)`);
    await queryRunner.query(`DROP FUNCTION seat_note_issued()`);
    await queryRunner.query(`DROP FUNCTION seat_lifts_ceiling(jsonb, jsonb, jsonb, jsonb)`);
  }
}
