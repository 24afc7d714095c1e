import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What others wrote at the same moment is not seen at other levels, whatever locks are taken. */
const SEES_OTHERS = `IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
          RAISE EXCEPTION 'entries are archived and erased at the isolation level READ COMMITTED';
        END IF;`;

const LOCK = 'LOCK TABLE public.ledger_hold, public.ledger_rule IN SHARE MODE;';
const LOCK_HOLDS = 'LOCK TABLE public.ledger_hold IN SHARE MODE;';
const TURN = `PERFORM pg_advisory_xact_lock(hashtext('rolecall.ledger_archive'));`;

/** Of an entry 'e' in `ledger_erase_person`: whether it is about them. */
const ABOUT = `(e.identity = person OR e.kind = 'token.issued'
  AND e.payload->>'source' = 'peek' AND e.personal->>'peeksAt' = person)`;
/** Kinds that keep what somebody looked for, or chose; not those that name what went wrong. */
const SEARCHES = 'bulk.started,ledger.export_started,ledger.exported,ledger.read,token.previewed';
const ABOUT_OR_SOUGHT = `(${ABOUT.slice(1, -1)}
  OR CASE WHEN e.kind = ANY ('{${SEARCHES}}') THEN public.ledger_search_names(e.personal::text, person)
    ELSE false END)`;

type Edit = readonly [name: string, before: string, after: string];

/** What changes in the body of a function. */
const EDITS: readonly Edit[] = [
  // A rule that was set past Rolecall is named by this one alone.
  ['ledger_due', 'ledger.rule_removed}', 'ledger.rule_removed,policy.changed_directly}'],
  // A hold that came and went since an archive was finished is one that was lifted just now.
  [
    'ledger_due_by',
    'ROW(h.id, h.held, h.name, h.from_at, h.to_at)',
    'ROW(h.id, h.held, h.name, h.from_at, h.to_at, h.lifted_at)',
  ],
  [
    'ledger_due_by',
    'WHERE h.lifted_at IS NULL)',
    `WHERE h.lifted_at IS NULL OR h.lifted_at > clock_timestamp() - interval '1 day')`,
  ],
  // All of its leaves, and no other ones, are due by its rule; its file is its own.
  [
    'ledger_archive_begin',
    TURN,
    `${SEES_OTHERS}
        IF amount IS DISTINCT FROM bit_count(new_leaves)
          OR new_file IS DISTINCT FROM format('ledger-%s-%s.ndjson',
            lpad(new_first::text, greatest(12, length(new_first::text)), '0'), new_id) THEN
          RAISE EXCEPTION 'the archive % is not described', new_id;
        END IF;
        ${TURN}`,
  ],
  ['ledger_archive_begin', 'last_time timestamptz;', 'last_time timestamptz;\n        due bigint;'],
  [
    'ledger_archive_begin',
    'SELECT min(d.at), max(d.at) INTO first_time, last_time',
    'SELECT min(d.at), max(d.at), count(*) FILTER (WHERE d.rule = by_rule) INTO first_time, last_time, due',
  ],
  ['ledger_archive_begin', 'IF first_time IS NULL THEN', 'IF due <> amount THEN'],
  ['ledger_archive_finish', LOCK, `${SEES_OTHERS}\n        ${LOCK}`],
  ['ledger_forget', LOCK, `${SEES_OTHERS}\n        ${LOCK}`],
  ['ledger_forget', '<> amount THEN', '<> amount OR coalesce(amount, 0) = 0 THEN'],
  ['ledger_erase_person', LOCK_HOLDS, `${SEES_OTHERS}\n        ${LOCK_HOLDS}`],
  // As the owner's erasing does.
  ['ledger_erase_person', ABOUT, ABOUT_OR_SOUGHT],
  // The name of a hold goes with whom it names, by the owner's functions, not before.
  [
    'rolecall_grant_application_before_erasing',
    'GRANT SELECT, INSERT, UPDATE ON public.ledger_hold',
    'GRANT SELECT, INSERT, UPDATE (lifted_at, lifted_by_id, lifted_by, lift_reason) ON public.ledger_hold',
  ],
];

/**
 * The application's role chooses the time zone and the isolation level of its session, and what it says
 * of an archive. A day is 24 hours in each function that decides what may go, such a function sees what
 * others committed, and an archive is about due entries and its own file alone.
 */
export class GuardForgetting1796700000000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // One of the texts has them as a whole word, as they are or as a search quotes them. Postgres cannot
    // read every text with an escape.
    await queryRunner.query(String.raw`
      CREATE FUNCTION ledger_search_names(sought text, person text) RETURNS boolean
      LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, public, pg_temp
      SET standard_conforming_strings = on AS $$
      DECLARE
        quoted CONSTANT text := to_json(person)::text;
        words CONSTANT text := regexp_replace(person, '([^[:alnum:]])', '\\\1', 'g') || '|'
          || regexp_replace(substr(quoted, 2, length(quoted) - 2), '([^[:alnum:]])', '\\\1', 'g');
        pattern CONSTANT text := '(^|[^[:alnum:]_.@-])(' || words || ')($|[^[:alnum:]_.@-])';
      BEGIN
        IF sought IS NULL THEN
          RETURN false;
        END IF;
        IF strpos(sought, '\u') > 0 THEN
          RETURN sought ~* pattern;
        END IF;
        RETURN EXISTS (SELECT FROM jsonb_path_query(sought::jsonb, 'strict $.**') AS value
          WHERE jsonb_typeof(value) = 'string' AND value #>> '{}' ~* pattern);
      END $$`);
    await queryRunner.query('REVOKE ALL ON FUNCTION ledger_search_names(text, text) FROM PUBLIC');
    for (const [name, before, after] of EDITS) await edit(queryRunner, name, before, after);
    await setTimeZones(queryRunner, `SET TimeZone TO 'UTC'`);
    // Begun while anything could be said of them: they are written again.
    await queryRunner.query(
      'UPDATE ledger_archive SET is_abandoned = true WHERE forgotten_at IS NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await setTimeZones(queryRunner, 'RESET TimeZone');
    for (const [name, before, after] of [...EDITS].reverse()) {
      await edit(queryRunner, name, after, before);
    }
    await queryRunner.query('DROP FUNCTION ledger_search_names(text, text)');
  }
}

/** Postgres keeps a body as it was written. */
async function edit(
  queryRunner: QueryRunner,
  name: string,
  before: string,
  after: string,
): Promise<void> {
  const rows = (await queryRunner.query(
    `SELECT pg_get_functiondef(p.oid) AS text FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.proname = $1`,
    [name],
  )) as { text: string }[];
  const parts = rows[0]?.text.split(before) ?? [];
  if (rows.length !== 1 || parts.length < 2) {
    throw new Error(`The function ${name} is not what the migrations wrote.`);
  }
  await queryRunner.query(parts.join(after));
}

/** In a zone of one's own, with a change of its clocks by days, a week ago can be a week ahead. */
async function setTimeZones(queryRunner: QueryRunner, setting: string): Promise<void> {
  const rows = (await queryRunner.query(
    `SELECT p.oid::regprocedure::text AS name FROM pg_proc p
     WHERE p.pronamespace = 'public'::regnamespace AND p.proconfig IS NOT NULL
       AND p.prosrc ~ 'interval ''[0-9]+ days?'''`,
  )) as { name: string }[];
  for (const { name } of rows) await queryRunner.query(`ALTER FUNCTION ${name} ${setting}`);
}
