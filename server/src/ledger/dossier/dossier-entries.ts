import type { Actor } from '../../actor/actor.js';
import { Injectable } from '@nestjs/common';
import { SearchPool } from '../../database/search-pool.js';
import type { StoredEntry } from '../leaf.js';
import { type ForgottenBy, ruleText } from '../retention/forgotten-note.js';
import { isWithin, type StoredRowWithin, storedWithin, toStoredEntry } from '../stored-entry.js';

/** An entry of a session, and where it is in the tree. */
export interface SessionEntry {
  readonly entry: StoredEntry;
  /** Null: it is not sealed yet, or `isBeforeTree`. */
  readonly leaf: number | null;
  /** It is from before the ledger had proofs. */
  readonly isBeforeTree: boolean;
}

export interface SessionTime {
  readonly room: string;
  readonly startedAt: Date;
  /** The first moment that is not of the session any longer. */
  readonly before: Date;
}

/** Tokens and connects come before LiveKit starts the room. */
const LEAD = `interval '100 seconds'`;
const LEADING = ['token.issued', 'token.refused', 'gate.admitted', 'gate.refused'];
/** Of these one at most, from before the session, says what role somebody came with. */
const ROLE_KINDS = [
  'token.issued',
  'gate.admitted',
  'seat.promoted',
  'seat.demoted',
  'seat.lease_extended',
  'seat.lease_ended',
  'seat.session_ended',
  'seat.updated',
];
/** No token lives longer by default, and no partition before is read for it. */
const ROLE_AGE = `interval '31 days'`;

const WITH_LEAF = `SELECT e.*, r.leaf FROM e LEFT JOIN LATERAL (
  SELECT CASE WHEN e.seq < first_seq + count THEN first_index + e.seq - first_seq END AS leaf
  FROM ledger_range WHERE shard = e.shard AND first_seq <= e.seq
  ORDER BY first_seq DESC LIMIT 1) r ON true`;

/** Reads the entries of one session of a room. */
@Injectable()
export class DossierEntries {
  constructor(private readonly searches: SearchPool) {}

  /** In the order of time, up to `limit`; null: they have more bytes than that. */
  async list(
    actor: Actor,
    { room, startedAt, before }: SessionTime,
    limit: number,
    mostBytes: number,
  ): Promise<SessionEntry[] | null> {
    const { rows } = await this.searches.inTurn(actor, () =>
      this.searches.query<EntryRow>(
        'ledger-dossier-entries',
        `WITH e AS (${storedWithin(
          `SELECT * FROM ledger_entry
         WHERE room = $1 AND at < $3 AND at >= $2::timestamptz - ${LEAD}
           AND (at >= $2 OR kind = ANY($4))
         ORDER BY at, shard, seq LIMIT $5`,
          '$6::float8',
        )})
       ${WITH_LEAF} ORDER BY e.at, e.shard, e.seq`,
        [room, startedAt, before, LEADING, limit, mostBytes],
      ),
    );
    return toSessionEntries(rows);
  }

  /** The rules by which entries about the room, or about none, went in that time, in words. */
  async forgottenBy(actor: Actor, { room, startedAt, before }: SessionTime): Promise<string[]> {
    const { rows } = await this.searches.inTurn(actor, () =>
      this.searches.query<{ rule: ForgottenBy }>(
        'ledger-dossier-forgotten',
        `SELECT DISTINCT rule FROM ledger_archive
         WHERE forgotten_at IS NOT NULL AND from_at < $3 AND to_at >= $2::timestamptz - ${LEAD}
           AND (rule->>'rooms' IS NULL OR $1 LIKE rolecall_like_of_pattern(rule->>'rooms'))`,
        [room, startedAt, before],
      ),
    );
    return rows.map(({ rule }) => ruleText(rule));
  }

  /** The last entry from before the session that says which role each had; null: too many bytes. */
  async rolesBefore(
    actor: Actor,
    { room, startedAt }: SessionTime,
    identities: readonly string[],
    mostBytes: number,
  ): Promise<SessionEntry[] | null> {
    if (identities.length === 0) return [];
    const { rows } = await this.searches.inTurn(actor, () =>
      this.searches.query<EntryRow>(
        'ledger-dossier-roles-before',
        `WITH e AS (${storedWithin(
          `SELECT newest.* FROM unnest($2::text[]) AS asked(who) CROSS JOIN LATERAL (
           SELECT * FROM ledger_entry
           WHERE identity = asked.who AND room = $1 AND at < $3::timestamptz - ${LEAD}
             AND at >= $3::timestamptz - ${ROLE_AGE} AND kind = ANY($4)
             AND outcome IN ('ok', 'applied')
           ORDER BY at DESC LIMIT 1) AS newest`,
          '$5::float8',
        )})
       ${WITH_LEAF} ORDER BY e.at, e.shard, e.seq`,
        [room, identities, startedAt, ROLE_KINDS, mostBytes],
      ),
    );
    return toSessionEntries(rows);
  }
}

type EntryRow = StoredRowWithin & { leaf: string | null };

function toSessionEntries(rows: readonly EntryRow[]): SessionEntry[] | null {
  const read: SessionEntry[] = [];
  for (const row of rows) {
    if (!isWithin(row)) return null;
    const isBeforeTree = row.leaf_hash === null;
    read.push({
      entry: toStoredEntry(row),
      leaf: row.leaf === null || isBeforeTree ? null : Number(row.leaf),
      isBeforeTree,
    });
  }
  return read;
}

/** What entries take in memory, as `storedWithin` counts it. */
export function bytesOf(read: readonly SessionEntry[]): number {
  return read.reduce(
    (sum, { entry }) =>
      sum + Buffer.byteLength(entry.payload) + Buffer.byteLength(entry.personal ?? ''),
    0,
  );
}
