import type pg from 'pg';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from '../stored-entry.js';
import type { StoredEntry } from '../leaf.js';
import type { LedgerKind } from '../ledger-kinds.js';

/** An entry of a person, and where it is in the tree. */
export interface PersonEntry {
  readonly entry: StoredEntry;
  /** Null: it is not sealed yet, or from before the ledger had proofs. */
  readonly leaf: number | null;
  readonly isBeforeTree: boolean;
}

/** Whose entries, and of which rooms. */
export interface PersonScope {
  readonly identity: string;
  /** LIKE patterns; an entry has to match one of each list. None: no limit. */
  readonly rooms: readonly (readonly string[])[];
}

/** Together these may have some 25 MB. */
const AT_ONCE = 100;
/** Of these a participant may be the actor without being whom they are about. */
const THEIR_ACTS = ['access.refused'] as const satisfies readonly LedgerKind[];
const LOOKS = ['ledger.read'] as const satisfies readonly LedgerKind[];

const WITH_LEAF = `SELECT e.*, r.leaf FROM e LEFT JOIN LATERAL (
  SELECT CASE WHEN e.seq < first_seq + count THEN first_index + e.seq - first_seq END AS leaf
  FROM ledger_range WHERE shard = e.shard AND first_seq <= e.seq
  ORDER BY first_seq DESC LIMIT 1) r ON true`;

type Row = StoredRow & { leaf: string | null };

/** Entries about a person and by them, a batch at a time. Each is there once. */
export async function* entriesOfPerson(
  client: pg.Client,
  { identity, rooms }: PersonScope,
): AsyncGenerator<PersonEntry[]> {
  const watchers = new Set<string>();
  for await (const batch of batches(client, 'identity = $1', [identity], rooms)) {
    for (const { entry } of batch) {
      const watcher = entry.kind === 'seat.peeked' ? watcherIn(entry) : null;
      if (watcher !== null) watchers.add(watcher);
    }
    yield batch;
  }
  yield* batches(
    client,
    `kind = ANY($2) AND actor_kind IN ('participant', 'user') AND actor_id = $1
      AND identity IS DISTINCT FROM $1`,
    [identity, THEIR_ACTS],
    rooms,
  );
  // The token with which somebody watched them is that person's, and says whom it was for.
  yield* batches(
    client,
    `identity = ANY($2) AND identity <> $1 AND kind = 'token.issued' AND personal->>'peeksAt' = $1`,
    [identity, [...watchers]],
    rooms,
  );
}

/** Looks at the log that asked for them by their identity. They are about no room. */
export function looksAtPerson(client: pg.Client, identity: string): AsyncGenerator<PersonEntry[]> {
  const member = `"identity":${JSON.stringify(identity)}`;
  return batches(client, 'kind = ANY($1) AND strpos(personal::text, $2) > 0', [LOOKS, member], []);
}

async function* batches(
  client: pg.Client,
  where: string,
  given: readonly unknown[],
  rooms: readonly (readonly string[])[],
): AsyncGenerator<PersonEntry[]> {
  let last: StoredEntry | null = null;
  for (;;) {
    const values = [...given];
    const parameter = (value: unknown) => `$${values.push(value)}`;
    const conditions = [
      where,
      ...rooms.map((patterns) => `room LIKE ANY(${parameter(patterns)}::text[])`),
    ];
    if (last) {
      const { atMicros, shard, seq }: StoredEntry = last;
      conditions.push(`(at, shard, seq) > (to_timestamp(0)
        + ${parameter(atMicros)}::bigint * interval '1 microsecond',
        ${parameter(shard)}::int, ${parameter(seq)}::bigint)`);
    }
    const { rows }: { rows: Row[] } = await client.query<Row>(
      `WITH e AS (SELECT ${STORED_COLUMNS}, at FROM ledger_entry
         WHERE ${conditions.join(' AND ')} ORDER BY at, shard, seq LIMIT ${AT_ONCE})
       ${WITH_LEAF} ORDER BY e.at, e.shard, e.seq`,
      values,
    );
    if (rows.length === 0) return;
    const found = rows.map(toPersonEntry);
    yield found;
    if (rows.length < AT_ONCE) return;
    last = (found.at(-1) as PersonEntry).entry;
  }
}

function toPersonEntry(row: Row): PersonEntry {
  const isBeforeTree = row.leaf_hash === null;
  return {
    entry: toStoredEntry(row),
    leaf: row.leaf === null || isBeforeTree ? null : Number(row.leaf),
    isBeforeTree,
  };
}

function watcherIn({ personal }: StoredEntry): string | null {
  const { as } = (personal === null ? {} : JSON.parse(personal)) as { as?: unknown };
  return typeof as === 'string' ? as : null;
}
