import { LEDGER_FUNCTIONS } from './ledger-functions.js';

const BODIES = Object.entries(LEDGER_FUNCTIONS)
  .map(([name, hash]) => `('${name}', '${hash}')`)
  .join(', ');

/** What the trigger `name` runs, and when: as pg_trigger.tgtype has it. */
const RUNS = `CASE
  WHEN name IN ('ledger_entry_only_grows', 'ledger_checkpoint_only_grows',
    'ledger_review_only_grows', 'ledger_cosignature_only_grows', 'ledger_archive_only_grows')
    THEN replace(name, '_only_grows', '_refuse_change')
  ELSE 'ledger_refuse_change' END`;
const FIRES = `CASE WHEN name LIKE '%_never_empties' THEN 34 WHEN name LIKE '%_only_grows' THEN 27
  WHEN name = 'ledger_head_stays' THEN 11 ELSE 19 END`;

/** Every table of the ledger: its triggers and what they run, what hides rows, and what the server's role may do. */
export const PROTECTION = `
  WITH tables AS (
    SELECT 'public.ledger_entry'::regclass AS id, ARRAY['ledger_entry_only_grows', 'ledger_entry_never_empties'] AS wanted
    UNION ALL
    SELECT inhrelid, ARRAY['ledger_entry_only_grows', 'ledger_entry_never_empties'] FROM pg_inherits
      WHERE inhparent = 'public.ledger_entry'::regclass
    UNION ALL
    SELECT 'public.ledger_head'::regclass, ARRAY['ledger_head_never_moves_back', 'ledger_head_stays', 'ledger_head_never_empties']
    UNION ALL
    SELECT format('public.%s', name)::regclass, ARRAY[name || '_only_grows', name || '_never_empties']
      FROM unnest(ARRAY['ledger_tile', 'ledger_range', 'ledger_checkpoint', 'ledger_key',
        'ledger_review', 'ledger_cosignature', 'ledger_archive']) AS name
  ), missing AS (
    SELECT t.id, name FROM tables t, unnest(t.wanted) AS name
    WHERE NOT EXISTS (SELECT FROM pg_trigger g JOIN pg_proc p ON p.oid = g.tgfoid
      WHERE g.tgrelid = t.id AND g.tgname = name
        AND p.pronamespace = 'public'::regnamespace AND p.proname = ${RUNS} AND g.tgtype = ${FIRES}
        -- Only this one has a condition, and the columns that it looks at.
        AND (name = 'ledger_head_never_moves_back' OR g.tgqual IS NULL AND g.tgattr = '')
        AND (g.tgenabled = 'A'
        -- A role or database may have this as its default: then triggers do not fire.
        OR g.tgenabled = 'O' AND current_setting('session_replication_role') <> 'replica'))
  ), hiding AS (
    -- Either can show the server other entries than those that are verified.
    SELECT format('row security of %s is on', t.id) AS problem
      FROM tables t JOIN pg_class c ON c.oid = t.id WHERE c.relrowsecurity
    UNION ALL
    SELECT format('%s is no table', t.id)
      FROM tables t JOIN pg_class c ON c.oid = t.id WHERE c.relkind NOT IN ('r', 'p')
  ), replaced AS (
    SELECT name FROM (VALUES ${BODIES}) AS wanted (name, hash)
    WHERE NOT EXISTS (SELECT FROM pg_proc p
      WHERE p.proname = name AND p.pronamespace = 'public'::regnamespace
        AND encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex') = hash)
  ), held AS (
    SELECT t.id, privilege FROM tables t,
      unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
    WHERE CASE WHEN privilege IN ('INSERT', 'UPDATE') THEN has_any_column_privilege(t.id, privilege)
      ELSE has_table_privilege(t.id, privilege) END
      -- The server adds these itself: a review is an entry too, and a witness signs what it sends.
      AND NOT (privilege = 'INSERT' AND t.id IN ('public.ledger_review'::regclass,
        'public.ledger_cosignature'::regclass))
  )
  SELECT
    (SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = 'public.ledger_entry'::regclass) AS "isOwner",
    ARRAY(SELECT format('the trigger %s of %s is off, missing or another one', name, id) FROM missing
      UNION ALL SELECT format('the function %s is missing, or not what the migrations wrote', name) FROM replaced
      UNION ALL SELECT problem FROM hiding ORDER BY 1) AS triggers,
    ARRAY(SELECT format('%s may %s on %s', current_user, privilege, id) FROM held ORDER BY 1) AS privileges`;

export interface ProtectionRow {
  /** The server connects as the owner, so only triggers protect the ledger. */
  readonly isOwner: boolean;
  /** Triggers that are off or other ones, functions with another body, and what hides rows. */
  readonly triggers: string[];
  readonly privileges: string[];
}
