import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { Connections } from '../../database/connections.js';
import { PgPool } from '../../database/pg-pool.js';
import { EVERYTHING, type LeafBatch, readEntries, type Stretch } from '../export/leaf-entries.js';

/** How a destination gets on, as every server sees it. */
export interface StreamRow {
  readonly name: string;
  readonly position: number;
  /** Entries in the tree that it does not have yet. */
  readonly behind: number;
  readonly sentAt: Date | null;
  readonly failingSince: Date | null;
  readonly failure: string | null;
  readonly refused: number;
  /** The id and the answer of the first one that it does not take; null: it takes all. */
  readonly firstRefused: { readonly entry: string; readonly detail: string } | null;
}

export interface RefusedEntry {
  readonly leaf: number;
  readonly entry: string;
  readonly detail: string;
}

const STATEMENT_MS = 5_000;

/** The SQL of the streams. What sends has one connection of its own, so that it takes none from tokens. */
@Injectable()
export class StreamStore {
  private client: Promise<pg.Client> | null = null;

  constructor(
    private readonly connections: Connections,
    private readonly pg: PgPool,
  ) {}

  async close(): Promise<void> {
    const { client } = this;
    this.client = null;
    await (await client?.catch(() => null))?.end().catch(() => undefined);
  }

  /** The position of a destination, made where there is none. `from` is where a new one begins. */
  async position(name: string, from: 'start' | 'now'): Promise<number> {
    const [known] = await this.query<{ position: string }>(
      'SELECT position FROM ledger_stream WHERE name = $1',
      [name],
    );
    if (known) return Number(known.position);
    const begins = from === 'start' ? 0 : await this.sealed();
    await this.query(
      'INSERT INTO ledger_stream (name, position) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [name, begins],
    );
    return this.position(name, from);
  }

  /** How many entries are in the newest signed tree. */
  async sealed(): Promise<number> {
    const [row] = await this.query<{ size: string }>(
      'SELECT size FROM ledger_checkpoint ORDER BY size DESC LIMIT 1',
    );
    return Number(row?.size ?? 0);
  }

  async entries(stretch: Stretch): Promise<LeafBatch> {
    return this.with((client) => readEntries(client, stretch, EVERYTHING));
  }

  /** False: another server has moved it meanwhile. */
  async move(
    name: string,
    from: number,
    to: number,
    refused: RefusedEntry | null,
  ): Promise<boolean> {
    const rows = await this.query(
      `WITH moved AS (
         UPDATE ledger_stream SET position = $3, sent_at = now(), failing_since = NULL, failure = NULL
         WHERE name = $1 AND position = $2 RETURNING name),
       aside AS (
         INSERT INTO ledger_stream_refused (name, leaf, entry, detail)
         SELECT name, $4::bigint, $5::text, $6::text FROM moved WHERE $4::bigint IS NOT NULL
         ON CONFLICT DO NOTHING)
       SELECT name FROM moved`,
      [
        name,
        from,
        to,
        refused?.leaf ?? null,
        refused?.entry ?? null,
        refused?.detail.slice(0, 500) ?? null,
      ],
    );
    return rows.length > 0;
  }

  async noteFailure(name: string, failure: string): Promise<void> {
    await this.query(
      `UPDATE ledger_stream SET failing_since = coalesce(failing_since, now()), failure = $2
       WHERE name = $1`,
      [name, failure.slice(0, 500)],
    );
  }

  /** What was put aside and has not been tried for a while, the oldest first. */
  async refusedBefore(name: string, minutes: number, limit: number): Promise<number[]> {
    const rows = await this.query<{ leaf: string }>(
      `SELECT leaf FROM ledger_stream_refused
       WHERE name = $1 AND tried_at < now() - $2 * interval '1 minute' ORDER BY tried_at LIMIT $3`,
      [name, minutes, limit],
    );
    return rows.map(({ leaf }) => Number(leaf));
  }

  async settleRefused(name: string, leaf: number, isTaken: boolean): Promise<void> {
    await this.query(
      isTaken
        ? 'DELETE FROM ledger_stream_refused WHERE name = $1 AND leaf = $2'
        : 'UPDATE ledger_stream_refused SET tried_at = now() WHERE name = $1 AND leaf = $2',
      [name, leaf],
    );
  }

  /** How all get on; on the pool that everything uses, since every server asks. */
  async all(): Promise<StreamRow[]> {
    const { rows } = await this.pg.query<{
      name: string;
      position: string;
      size: string;
      sent_at: Date | null;
      failing_since: Date | null;
      failure: string | null;
      refused: string;
      entry: string | null;
      detail: string | null;
    }>(
      'ledger-streams',
      `SELECT s.name, s.position, s.sent_at, s.failing_since, s.failure,
         coalesce((SELECT max(size) FROM ledger_checkpoint), 0) AS size, r.refused, f.entry, f.detail
       FROM ledger_stream s
       CROSS JOIN LATERAL (SELECT count(*) AS refused FROM ledger_stream_refused WHERE name = s.name) r
       LEFT JOIN LATERAL (SELECT entry, detail FROM ledger_stream_refused WHERE name = s.name
         ORDER BY leaf LIMIT 1) f ON true
       ORDER BY s.name`,
    );
    return rows.map((row) => ({
      name: row.name,
      position: Number(row.position),
      behind: Math.max(0, Number(row.size) - Number(row.position)),
      sentAt: row.sent_at,
      failingSince: row.failing_since,
      failure: row.failure,
      refused: Number(row.refused),
      firstRefused:
        row.entry === null || row.detail === null ? null : { entry: row.entry, detail: row.detail },
    }));
  }

  private async query<R extends object>(text: string, values: unknown[] = []): Promise<R[]> {
    return this.with(
      async (client) => (await client.query<R & pg.QueryResultRow>(text, values)).rows,
    );
  }

  private async with<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const opening = (this.client ??= this.connect());
    try {
      return await work(await opening);
    } catch (error) {
      // Whatever it was, the next one begins anew.
      if (this.client === opening) this.client = null;
      void opening.then((client) => client.end()).catch(() => undefined);
      throw error;
    }
  }

  private async connect(): Promise<pg.Client> {
    const client = this.connections.client({
      application_name: 'rolecall-stream-reader',
      connectionTimeoutMillis: STATEMENT_MS,
      query_timeout: STATEMENT_MS + 1_000,
      settings: {
        statement_timeout: String(STATEMENT_MS),
        max_parallel_workers_per_gather: '0',
        // A position that is lost in a crash means that a batch is sent again.
        synchronous_commit: 'off',
      },
    });
    client.on('error', () => undefined); // the next statement fails
    await client.connect();
    return client;
  }
}
