/** A commitment as `commitmentFor` in `leaf.ts` has it, as JSON; null: there is nothing to commit to. */
function commitment(of: 'actor' | 'subject', hasPart: string, part: string): string {
  const [kept, salt] = [`${of}_commitment`, `${of}_salt`];
  return `CASE WHEN ${salt} IS NULL AND NOT (${hasPart}) THEN encode(${kept}, 'hex')
    ELSE encode(ledger_commitment(coalesce(${kept}, ${salt}, ''), ${part}), 'hex') END`;
}

const ACTOR = commitment(
  'actor',
  'coalesce(actor_id, ip, actor_label) IS NOT NULL',
  'ledger_actor_part(actor_id, ip, actor_label)',
);

const SUBJECT = commitment(
  'subject',
  `identity IS NOT NULL OR personal IS NOT NULL OR (subject_commitment IS NOT NULL AND reason IS NOT NULL)`,
  'ledger_subject_part(identity, personal, reason)',
);

/** Quoted hex is JSON as it is. */
const json = (hex: string) => `coalesce('"' || ${hex} || '"', 'null')`;

/**
 * (seq, leaf_hash, leaf) of entries: what `leafText` makes of each, in SQL. Who needs many reads one
 * text instead of twenty columns.
 */
export const leavesOf = (where: string) => `
  SELECT seq, leaf_hash, concat('{"actor":{"commitment":', ${json(ACTOR)}, ',"kind":', to_json(actor_kind),
    '},"at":"', to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '","kind":', to_json(kind),
    ',"outcome":', to_json(outcome), ',"payload":', payload,
    ',"reason":', CASE WHEN subject IS NULL THEN ledger_text(reason) ELSE 'null' END,
    ',"requestId":', ledger_text(request_id), ',"room":', ledger_text(room), ',"seq":', seq,
    ',"shard":', shard, ',"subject":', ${json('subject')}, ',"v":1}') AS leaf
  FROM (SELECT *, ${SUBJECT} AS subject FROM ledger_entry WHERE ${where} OFFSET 0) entry`;
