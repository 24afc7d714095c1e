import { Injectable } from '@nestjs/common';
import { PgPool } from '../database/pg-pool.js';
import { leafText, subjectPart } from './leaf.js';
import { ledgerId, type LedgerRef } from './ledger-entry.js';
import { LedgerProofs } from './sealing/ledger-proofs.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from './stored-entry.js';
import { toHex } from './tree/bytes.js';

/** An entry that is about one participant of one room. */
export interface EntryAbout {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly outcome: string;
  readonly actorKind: string;
  readonly actorId: string | null;
  readonly reason: string | null;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly hasPersonalPayload: boolean;
  /** In hex; null: the entry is from before the ledger had proofs. */
  readonly leafHash: string | null;
  /** The data of its leaf. */
  readonly leaf: string;
  /** What the leaf says of the participant is a commitment to it; null: it is erased. */
  readonly subject: { readonly part: string; readonly salt: string } | null;
}

export interface Whom {
  readonly room: string;
  readonly identity: string;
}

const SEARCH_TIMEOUT_MS = 3_000;

/** Reads what the ledger says of one participant of one room, for themselves. */
@Injectable()
export class EntriesAbout {
  constructor(
    private readonly pg: PgPool,
    private readonly proofs: LedgerProofs,
  ) {}

  /** Newest first, older than `before`. */
  async list(
    { room, identity }: Whom,
    kinds: readonly string[],
    outcomes: readonly string[],
    before: LedgerRef | null,
    limit: number,
  ): Promise<EntryAbout[]> {
    const { rows } = await this.pg.query<StoredRow>(
      'ledger-entries-about',
      `SELECT ${STORED_COLUMNS} FROM ledger_entry
       WHERE identity = $1 AND room = $2 AND kind = ANY($3) AND outcome = ANY($4)
         AND ($5::bigint IS NULL OR (at, shard, seq) <
           (to_timestamp(0) + $5::bigint * interval '1 microsecond', $6::int, $7::bigint))
       ORDER BY at DESC, shard DESC, seq DESC LIMIT $8`,
      [
        identity,
        room,
        kinds,
        outcomes,
        before?.atMicros ?? null,
        before?.shard ?? null,
        before?.seq ?? null,
        limit,
      ],
      SEARCH_TIMEOUT_MS,
    );
    return rows.map(toEntryAbout);
  }

  /** Null: there is no such entry about them. */
  async find(
    { room, identity }: Whom,
    kinds: readonly string[],
    outcomes: readonly string[],
    { shard, seq, atMicros }: LedgerRef,
  ): Promise<EntryAbout | null> {
    const { rows } = await this.pg.query<StoredRow>(
      'ledger-entry-about',
      `SELECT ${STORED_COLUMNS} FROM ledger_entry
       WHERE at = to_timestamp(0) + $1::bigint * interval '1 microsecond' AND shard = $2 AND seq = $3
         AND identity = $4 AND room = $5 AND kind = ANY($6) AND outcome = ANY($7)`,
      [atMicros, shard, seq, identity, room, kinds, outcomes],
    );
    return rows[0] ? toEntryAbout(rows[0]) : null;
  }

  prove(ref: LedgerRef) {
    return this.proofs.proveLeaf(ref);
  }
}

function toEntryAbout(row: StoredRow): EntryAbout {
  const entry = toStoredEntry(row);
  const { shard, seq, atMicros } = entry;
  const salt = entry.subjectCommitment ? null : entry.subjectSalt;
  return {
    id: ledgerId({ shard, seq, atMicros }),
    at: new Date(Number(BigInt(atMicros) / 1000n)),
    kind: entry.kind,
    outcome: entry.outcome,
    actorKind: entry.actorKind,
    actorId: entry.actorId,
    reason: entry.reason,
    payload: JSON.parse(entry.payload) as Record<string, unknown>,
    hasPersonalPayload: entry.personal !== null,
    leafHash: row.leaf_hash && toHex(row.leaf_hash),
    leaf: leafText(entry),
    subject: salt && { part: subjectPart(entry), salt: toHex(salt) },
  };
}
