import { Injectable } from '@nestjs/common';
import type pg from 'pg';
import { Connections } from '../database/connections.js';
import { unavailableOn } from '../database/database-errors.js';
import { PROTECTION, type ProtectionRow } from './ledger-protection.js';
import { ledgerId } from './ledger-entry.js';

export interface ShardReport {
  readonly shard: number;
  readonly entries: number;
  readonly problems: readonly string[];
  /** The id of the first entry that is wrong; null when none is. */
  readonly firstWrong: string | null;
  /** Entries up to this number are from before there were leaves, and outside of the tree. */
  readonly leavesAfter: number;
}

export interface VerifierReport {
  readonly shards: readonly ShardReport[];
  /** Privileges with which the server's own connection could change the ledger. */
  readonly protection: readonly string[];
  /** The server connects as the owner, so only triggers protect the ledger. */
  readonly hasOneRole: boolean;
}

/** What `verify` looks at, in the words of its output. */
export const CHECKS: readonly string[] = [
  'each shard has the numbers from 1 to its head, none missing, none twice, none beyond',
  'every entry belongs to a shard that has a head',
  "times follow the numbers: not before the shard was opened, not after its last entry's time",
  'every entry has the hash of its leaf, but those from before there were leaves',
  'no webhook has two entries',
  "no row security hides entries, the triggers are on, and the server's role can add entries through the append function alone",
];

/** A clock that an administrator puts back leaves the head's time ahead for that long. */
const CLOCK_SLACK = "interval '1 minute'";

/** A million entries; more are sorted on disk. */
const SORT_IN_MEMORY = `SET LOCAL work_mem = '128MB'`;

/** One row a shard, also for a head without entries and for entries without a head. */
const SHARDS = `
  WITH numbered AS (
    SELECT shard, seq, at, leaf_hash IS NULL AS has_no_leaf, false AS is_forgotten FROM ledger_entry
    UNION ALL
    -- Numbers without an entry; that the log has signed this is looked at with the tree.
    SELECT r.shard, r.first_seq + n, NULL, false, true
    FROM ledger_archive a
    JOIN ledger_range r ON r.first_index >= a.first_leaf AND r.first_index < a.end_leaf
    CROSS JOIN generate_series(0, r.count - 1) AS n
    WHERE a.forgotten_at IS NOT NULL
      AND get_bit(a.leaves, (r.first_index + n - a.first_leaf)::integer) = 1
  ), placed AS (
    SELECT numbered.*, lag(seq, 1, 0::bigint) OVER w AS seq_before, lag(at) OVER w AS at_before
    FROM numbered WINDOW w AS (PARTITION BY shard ORDER BY seq, at)
  ), judged AS (
    SELECT p.shard, p.seq, p.at, p.is_forgotten, h.seq AS head,
      p.seq = p.seq_before AS is_repeated,
      p.seq > p.seq_before + 1 OR p.seq < 1 AS is_after_gap,
      p.seq > h.seq AS is_beyond,
      (p.at < p.at_before AND p.seq > h.ordered_after) AS is_backwards,
      p.at < h.opened_at AS is_early,
      p.has_no_leaf AND p.seq > h.leaves_after AS is_leafless,
      (p.at > h.at OR p.at > clock_timestamp() + ${CLOCK_SLACK}) AS is_late
    FROM placed p LEFT JOIN ledger_head h ON h.shard = p.shard
  ), counted AS (
    SELECT shard, count(*) FILTER (WHERE NOT is_forgotten) AS entries,
      count(*) FILTER (WHERE seq BETWEEN 1 AND head AND NOT is_repeated) AS present,
      count(*) FILTER (WHERE is_repeated) AS repeated,
      count(*) FILTER (WHERE is_beyond) AS beyond,
      count(*) FILTER (WHERE is_backwards) AS backwards,
      count(*) FILTER (WHERE is_early) AS early,
      count(*) FILTER (WHERE is_late) AS late,
      count(*) FILTER (WHERE is_leafless) AS leafless,
      min(ARRAY[seq, coalesce((extract(epoch FROM at) * 1000000)::bigint, 0)]) FILTER (
        WHERE head IS NULL OR is_repeated OR is_after_gap OR is_beyond OR is_backwards OR is_early
          OR is_late OR is_leafless) AS first_wrong
    FROM judged GROUP BY shard
  )
  SELECT shard, h.seq AS head, h.at > clock_timestamp() + ${CLOCK_SLACK} AS is_head_late,
    coalesce(entries, 0) AS entries, coalesce(present, 0) AS present, coalesce(repeated, 0) AS repeated,
    coalesce(beyond, 0) AS beyond, coalesce(backwards, 0) AS backwards, coalesce(early, 0) AS early,
    coalesce(late, 0) AS late, coalesce(leafless, 0) AS leafless,
    coalesce(h.leaves_after, 0) AS leaves_after, first_wrong
  FROM ledger_head h FULL JOIN counted USING (shard) ORDER BY shard`;

/** The same heads, with what a pass over the entries tells that sorts nothing. */
const COUNTS = `
  WITH counted AS (SELECT shard, count(*) AS entries FROM ledger_entry GROUP BY shard)
  SELECT shard, h.seq AS head, h.at > clock_timestamp() + ${CLOCK_SLACK} AS is_head_late,
    coalesce(entries, 0) AS entries, coalesce(h.leaves_after, 0) AS leaves_after,
    (extract(epoch FROM h.opened_at) * 1000000)::bigint AS opened_us,
    (extract(epoch FROM h.at) * 1000000)::bigint AS at_us
  FROM ledger_head h FULL JOIN counted USING (shard) ORDER BY shard`;

/** Each webhook's second entry. Only Rolecall itself writes them, so others are not looked into. */
const WEBHOOKS = `
  SELECT shard, min(seq) AS seq, min(at_us) AS at_us, count(*) AS repeated FROM (
    SELECT shard, seq, (extract(epoch FROM at) * 1000000)::bigint AS at_us,
      row_number() OVER (PARTITION BY payload->>'webhookId' ORDER BY at, shard, seq) AS place
    FROM ledger_entry
    WHERE CASE WHEN actor_kind = 'system' AND strpos(payload::text, '"webhookId"') > 0
      THEN payload->>'webhookId' IS NOT NULL END
  ) e WHERE place > 1 GROUP BY shard`;

interface ShardRow {
  shard: number;
  head: string | null;
  is_head_late: boolean | null;
  entries: string;
  present: string;
  repeated: string;
  beyond: string;
  backwards: string;
  early: string;
  late: string;
  leafless: string;
  leaves_after: string;
  first_wrong: [seq: string, atMicros: string] | null;
}

interface CountRow {
  shard: number;
  head: string | null;
  is_head_late: boolean | null;
  entries: string;
  leaves_after: string;
  opened_us: string | null;
  at_us: string | null;
}

/** Entries of a shard that were read one by one: each number from 1 on once, in order of time. */
export interface NumbersInOrder {
  readonly entries: number;
  /** The times of the first and the last one, in µs. */
  readonly micros: readonly [first: number, last: number];
}

interface WebhookRow {
  shard: number;
  seq: string;
  at_us: string;
  repeated: string;
}

/** Checks what `CHECKS` says, on one snapshot: what is written meanwhile is not half seen. */
@Injectable()
export class LedgerVerifier {
  constructor(private readonly connections: Connections) {}

  async verify(): Promise<VerifierReport> {
    // Its own connection: a full scan of a large ledger takes longer than the pool allows.
    const client = this.connections.client({
      application_name: 'rolecall-verify',
      connectionTimeoutMillis: 5_000,
    });
    client.on('error', () => undefined); // a lost connection also fails the query
    try {
      await client.connect();
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY');
      return await readShape(client);
    } catch (error) {
      throw unavailableOn(error);
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}

/** The same, in the snapshot of the caller. */
export async function readShape(client: pg.Client): Promise<VerifierReport> {
  await client.query(SORT_IN_MEMORY);
  const { rows: shards } = await client.query<ShardRow>(SHARDS);
  const { rows: webhooks } = await client.query<WebhookRow>(WEBHOOKS);
  const reports = shards.map((row) => toReport(row, webhooks));
  return { shards: reports, ...(await readRights(client)) };
}

/**
 * The same for a third of the cost, where the entries are read one by one anyway: answers null when
 * counts and `inOrder` do not show that everything is right, and then `readShape` says what is wrong.
 * Asks at once; `inOrder` may follow later.
 */
export async function readShapeInOrder(
  client: pg.Client,
  inOrder: Promise<ReadonlyMap<number, NumbersInOrder> | null>,
): Promise<VerifierReport | null> {
  const { rows } = await client.query<CountRow>(COUNTS);
  const { rows: webhooks } = await client.query<WebhookRow>(WEBHOOKS);
  const rights = await readRights(client);
  const read = await inOrder;
  if (!read || webhooks.length > 0 || !rows.every((row) => isWhole(row, read.get(row.shard)))) {
    return null;
  }
  const shards = rows.map(({ shard, entries }) => {
    return { shard, entries: Number(entries), problems: [], firstWrong: null, leavesAfter: 0 };
  });
  return { shards, ...rights };
}

/** As many entries as were read in order: then there are no others, wherever they might be. */
function isWhole(row: CountRow, read: NumbersInOrder | undefined): boolean {
  const [entries, head] = [Number(row.entries), Number(row.head)];
  if (row.head === null || row.is_head_late || Number(row.leaves_after) > 0) return false;
  if (entries !== head || entries !== (read?.entries ?? 0)) return false;
  if (!read) return true;
  const [first, last] = read.micros;
  return first >= Number(row.opened_us) && last <= Number(row.at_us);
}

async function readRights(client: pg.Client): Promise<Omit<VerifierReport, 'shards'>> {
  const { rows } = await client.query<ProtectionRow>(PROTECTION);
  const { isOwner = false, triggers = [], privileges = [] } = rows[0] ?? {};
  return { protection: isOwner ? triggers : [...triggers, ...privileges], hasOneRole: isOwner };
}

function toReport(row: ShardRow, webhooks: readonly WebhookRow[]): ShardReport {
  const { shard } = row;
  const [entries, present, repeated, beyond, backwards, early, late] = [
    row.entries,
    row.present,
    row.repeated,
    row.beyond,
    row.backwards,
    row.early,
    row.late,
  ].map(Number) as [number, number, number, number, number, number, number];
  const problems: string[] = [];
  if (row.head === null) problems.push('the shard has no head');
  else if (present < Number(row.head)) {
    problems.push(`${Number(row.head) - present} of ${row.head} entries are missing`);
  }
  if (repeated > 0) problems.push(`${repeated} numbers stand twice`);
  if (beyond > 0) problems.push(`${beyond} entries beyond the head`);
  if (backwards > 0) problems.push(`${backwards} entries are older than the one before them`);
  if (early > 0) problems.push(`${early} entries are older than their shard`);
  if (late > 0) problems.push(`${late} entries are later than their shard's last`);
  if (Number(row.leafless) > 0) problems.push(`${row.leafless} entries have no leaf hash`);
  if (row.is_head_late) problems.push('the head is in the future');
  const webhook = webhooks.find((found) => found.shard === shard);
  if (webhook) problems.push(`${webhook.repeated} entries repeat a webhook`);
  const wrong = [
    ...(row.first_wrong ? [{ seq: row.first_wrong[0], atMicros: row.first_wrong[1] }] : []),
    ...(webhook ? [{ seq: webhook.seq, atMicros: webhook.at_us }] : []),
  ].sort((a, b) => Number(a.seq) - Number(b.seq))[0];
  const firstWrong =
    wrong && Number(wrong.seq) >= 0
      ? ledgerId({ shard, seq: Number(wrong.seq), atMicros: wrong.atMicros })
      : null;
  return { shard, entries, problems, firstWrong, leavesAfter: Number(row.leaves_after) };
}
