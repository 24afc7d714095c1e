import { Injectable } from '@nestjs/common';
import pg from 'pg';
import type { ActorRef } from '../../actor/actor.js';
import { Connections } from '../../database/connections.js';
import { PgPool } from '../../database/pg-pool.js';
import { ledgerId } from '../ledger-entry.js';
import { toBase64 } from '../tree/bytes.js';
import { archiveFile, type ForgottenBy } from './forgotten-note.js';

export interface ArchiveRow {
  readonly id: string;
  readonly file: string;
  readonly rule: ForgottenBy;
  readonly firstLeaf: number;
  readonly endLeaf: number;
  /** As the signed note has them. */
  readonly leaves: string;
  readonly entries: number;
  readonly from: Date;
  readonly to: Date;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly isAbandoned: boolean;
  readonly forgottenAt: Date | null;
  readonly bytes: number | null;
  readonly sha256: string | null;
  readonly root: string | null;
  readonly note: string | null;
  /** The id of the entry that says so; null: its entries are still in the database. */
  readonly entry: string | null;
}

/** A month of the ledger, which is a partition of its table. */
export interface Month {
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/** Entries of a stretch of leaves that one rule lets go. */
export interface DueLeaves {
  readonly rule: string;
  readonly leaves: readonly number[];
}

/** So many go at once; fewer wait until a day's worth is due. */
const MANY_DUE = 4_096;
const STATEMENT_MS = 300_000;
/** Whoever appends waits behind it. */
const LOCK_MS = 1_000;

const COLUMNS = `id, rule, first_leaf, end_leaf, leaves, entries, from_at, to_at, started_at,
  finished_at, is_abandoned, forgotten_at, bytes, encode(sha256, 'hex') AS sha256, encode(root, 'hex') AS root, note,
  (extract(epoch FROM entry_at) * 1000000)::bigint::text AS entry_us, entry_seq`;

interface StoredArchive {
  id: string;
  rule: ForgottenBy;
  first_leaf: string;
  end_leaf: string;
  leaves: Buffer;
  entries: number;
  from_at: Date;
  to_at: Date;
  started_at: Date;
  finished_at: Date | null;
  is_abandoned: boolean;
  forgotten_at: Date | null;
  bytes: string | null;
  sha256: string | null;
  root: string | null;
  note: string | null;
  entry_us: string | null;
  entry_seq: string | null;
}

/** The SQL of archives. What archives has one connection of its own, so that it takes none from tokens. */
@Injectable()
export class ArchiveStore {
  private opened: Promise<pg.Client> | null = null;

  constructor(
    private readonly connections: Connections,
    private readonly pg: PgPool,
  ) {}

  /** The connection of a pass, which reads entries for its files. */
  client(): Promise<pg.Client> {
    return (this.opened ??= this.connect());
  }

  async close(): Promise<void> {
    const opened = this.opened;
    this.opened = null;
    await (await opened?.catch(() => null))?.end().catch(() => undefined);
  }

  /** Months that may have something to forget, the oldest first. */
  async months(): Promise<Month[]> {
    const rows = await this.query<{ name: string; from: Date; to: Date }>(
      `SELECT m.name, m.from, m.to FROM (
         SELECT c.relname AS name, month::timestamp AT TIME ZONE 'UTC' AS from,
           (month + interval '1 month') AT TIME ZONE 'UTC' AS to
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid,
           to_date(substring(c.relname FROM '^ledger_entry_(\\d{4}_\\d{2})$'), 'YYYY_MM') AS month
         WHERE i.inhparent = 'public.ledger_entry'::regclass AND month IS NOT NULL) m
       WHERE m.from < clock_timestamp() - (SELECT min(keep_days) FROM ledger_rule) * interval '1 day'
       ORDER BY m.from`,
    );
    return rows;
  }

  /**
   * What rules let go at these leaves, of entries from a time; what is held or waits is not among it.
   * `gathers`: a few that are due wait for others, since each archive has an entry that is kept for ever.
   */
  async due(
    first: number,
    end: number,
    { from, to }: Month,
    gathers: boolean,
  ): Promise<DueLeaves[]> {
    const rows = await this.query<{ rule: string; leaves: string[] }>(
      `SELECT d.rule, array_agg(d.leaf ORDER BY d.leaf)::text[] AS leaves
       FROM ledger_due($1, $2) d JOIN ledger_rule l ON l.id = d.rule
       WHERE d.at >= $3 AND d.at < $4 AND d.hold IS NULL AND d.acts_at <= clock_timestamp()
       GROUP BY d.rule
       HAVING NOT $5::boolean OR count(*) >= $6
         OR min(d.at) < clock_timestamp() - (max(l.keep_days) + 1) * interval '24 hours'`,
      [first, end, from, to, gathers, MANY_DUE],
    );
    return rows.map(({ rule, leaves }) => ({ rule, leaves: leaves.map(Number) }));
  }

  async rule(id: string): Promise<ForgottenBy | null> {
    const [row] = await this.query<ForgottenBy>(
      `SELECT id, kind_group AS group, kinds, rooms, keep_days AS "keepDays" FROM ledger_rule WHERE id = $1`,
      [id],
    );
    return row ?? null;
  }

  /** False: some of the leaves cannot be archived, or are already. */
  async begin(
    archive: Pick<ArchiveRow, 'id' | 'file' | 'rule' | 'firstLeaf' | 'endLeaf' | 'entries'>,
    bits: Uint8Array,
  ): Promise<boolean> {
    const { id, file, rule, firstLeaf, endLeaf, entries } = archive;
    const [row] = await this.query<{ done: boolean }>(
      'SELECT ledger_archive_begin($1, $2, $3, $4, $5, $6, $7, $8) AS done',
      [id, file, rule.id, JSON.stringify(rule), firstLeaf, endLeaf, Buffer.from(bits), entries],
    );
    return row?.done === true;
  }

  /** The file is whole and on the disk. False: its entries are due no longer. */
  async finish(
    id: string,
    { bytes, sha256, root }: { bytes: number; sha256: string; root: string },
    note: string,
    payload: string,
  ): Promise<boolean> {
    const [row] = await this.query<{ done: boolean }>(
      `SELECT ledger_archive_finish($1, $2, decode($3, 'hex'), decode($4, 'hex'), $5, $6) AS done`,
      [id, bytes, sha256, root, note, payload],
    );
    return row?.done === true;
  }

  /** From then on nothing is forgotten with it. False: its entries are gone, or it is. */
  async abandon(id: string): Promise<boolean> {
    return this.setAbandoned(id, true);
  }

  /** Of one that is abandoned, once it has no file. */
  async remove(id: string): Promise<void> {
    await this.setAbandoned(id, false);
  }

  private async setAbandoned(id: string, hasFile: boolean): Promise<boolean> {
    const [row] = await this.query<{ done: boolean }>(
      'SELECT ledger_archive_abandon($1, $2) AS done',
      [id, hasFile],
    );
    return row?.done === true;
  }

  /**
   * Takes the entries of archives out of the table; `whole` is the partition that consists of them.
   * False: some of them are due no longer, and nothing was changed.
   */
  async forget(ids: readonly string[], whole: string | null, by: ActorRef): Promise<boolean> {
    const [row] = await this.query<{ done: boolean }>(
      'SELECT ledger_forget($1, $2, $3, $4, $5, NULL, NULL) AS done',
      [ids, whole, by.kind, by.id, by.label],
    );
    return row?.done === true;
  }

  /** Those whose entries are still in the database: all, or those of a stretch of leaves. */
  async unfinished(first: number | null = null, end = 0): Promise<ArchiveRow[]> {
    const rows = await this.query<StoredArchive>(
      `SELECT ${COLUMNS} FROM ledger_archive WHERE forgotten_at IS NULL
         AND ($1::bigint IS NULL OR first_leaf < $2 AND end_leaf > $1)
       ORDER BY first_leaf, id`,
      [first, end],
    );
    return rows.map(toArchive);
  }

  async countIn({ from, to }: Month): Promise<number> {
    const [row] = await this.query<{ n: string }>(
      'SELECT count(*) AS n FROM ledger_entry WHERE at >= $1 AND at < $2',
      [from, to],
    );
    return Number(row?.n);
  }

  // What the rest asks is read on the pool that everything uses.

  async page(limit: number, before: { at: Date; id: string } | null): Promise<ArchiveRow[]> {
    const { rows } = await this.pg.query<StoredArchive>(
      'ledger-archives',
      `SELECT ${COLUMNS} FROM ledger_archive
       WHERE $2::timestamptz IS NULL OR (started_at, id) < ($2, $3::uuid)
       ORDER BY started_at DESC, id DESC LIMIT $1`,
      [limit, before?.at ?? null, before?.id ?? null],
    );
    return rows.map(toArchive);
  }

  async get(id: string): Promise<ArchiveRow | null> {
    const { rows } = await this.pg.query<StoredArchive>(
      'ledger-archive',
      `SELECT ${COLUMNS} FROM ledger_archive WHERE id = $1`,
      [id],
    );
    return rows[0] ? toArchive(rows[0]) : null;
  }

  /** Every archive whose entries are gone, in the order of their leaves. */
  async forgotten(): Promise<ArchiveRow[]> {
    const { rows } = await this.pg.query<StoredArchive>(
      'ledger-archives-forgotten',
      `SELECT ${COLUMNS} FROM ledger_archive WHERE forgotten_at IS NOT NULL ORDER BY first_leaf, id`,
    );
    return rows.map(toArchive);
  }

  /** The archive with which an entry went; null: it did not. */
  async archiveOf(shard: number, seq: number): Promise<ArchiveRow | null> {
    const { rows } = await this.pg.query<StoredArchive>(
      'ledger-archive-of',
      `SELECT ${COLUMNS} FROM ledger_archive WHERE id = ledger_archive_of($1, $2)`,
      [shard, seq],
    );
    return rows[0] ? toArchive(rows[0]) : null;
  }

  /** When the newest token was issued whose entry is in an archive alone; null: none is. */
  async newestForgottenToken(): Promise<Date | null> {
    const { rows } = await this.pg.query<{ at: Date | null }>(
      'ledger-archive-tokens',
      `SELECT max(to_at) AS at FROM ledger_archive WHERE forgotten_at IS NOT NULL
         AND (jsonb_typeof(rule->'kinds') <> 'array' OR rule->'kinds' ? 'token.issued')`,
    );
    return rows[0]?.at ?? null;
  }

  async totals(): Promise<{ archives: number; waiting: number; forgotten: number }> {
    const { rows } = await this.pg.query<{ archives: string; waiting: string; forgotten: string }>(
      'ledger-archive-totals',
      `SELECT count(*) AS archives, count(*) FILTER (WHERE forgotten_at IS NULL) AS waiting,
         coalesce(sum(entries) FILTER (WHERE forgotten_at IS NOT NULL), 0) AS forgotten
       FROM ledger_archive`,
    );
    const { archives = 0, waiting = 0, forgotten = 0 } = rows[0] ?? {};
    return { archives: Number(archives), waiting: Number(waiting), forgotten: Number(forgotten) };
  }

  private async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    const opening = this.client();
    try {
      return (await (await opening).query<R & pg.QueryResultRow>(text, values)).rows;
    } catch (error) {
      // Whatever it was, the next one begins with a connection of its own.
      if (this.opened === opening) await this.close();
      throw error;
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = this.connections.client({
      application_name: 'rolecall-retention',
      connectionTimeoutMillis: 5_000,
      settings: {
        statement_timeout: String(STATEMENT_MS),
        lock_timeout: String(LOCK_MS),
        max_parallel_workers_per_gather: '0',
      },
    });
    client.on('error', () => undefined); // the next statement fails
    await client.connect();
    return client;
  }
}

function toArchive(row: StoredArchive): ArchiveRow {
  const { entry_us: atMicros, entry_seq: seq } = row;
  return {
    id: row.id,
    // Never as it stands in the database: whoever writes there names no file of this machine.
    file: archiveFile(row.id, Number(row.first_leaf)),
    rule: row.rule,
    firstLeaf: Number(row.first_leaf),
    endLeaf: Number(row.end_leaf),
    leaves: toBase64(row.leaves),
    entries: row.entries,
    from: row.from_at,
    to: row.to_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    isAbandoned: row.is_abandoned,
    forgottenAt: row.forgotten_at,
    bytes: row.bytes === null ? null : Number(row.bytes),
    sha256: row.sha256,
    root: row.root,
    note: row.note,
    entry:
      atMicros === null || seq === null ? null : ledgerId({ shard: 0, seq: Number(seq), atMicros }),
  };
}
