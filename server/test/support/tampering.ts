import type pg from 'pg';
import { leafHash } from '../../src/ledger/leaf.js';
import { signCheckpoint } from '../../src/ledger/tree/checkpoint.js';
import { SIGNATURE_TYPES } from '../../src/ledger/tree/note.js';
import { generateSigningKey, type SigningKey } from '../../src/ledger/tree/note-keys.js';
import { treeHasher } from '../../src/ledger/tree/sha256.js';
import { TreeEdge } from '../../src/ledger/tree/tree-edge.js';
import { STORED_COLUMNS, type StoredRow, toStoredEntry } from '../../src/ledger/stored-entry.js';

/** Numbers that a seed decides: mulberry32. */
export class Dice {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(count: number): number {
    return Math.floor(this.next() * count);
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

/** What a tamper did, and where it has to be found. */
export interface Tamper {
  readonly what: string;
  /** The first leaf that it changed; null: it is about no leaf that a checkpoint proves. */
  readonly leaf: number | null;
  /** Nothing signed speaks of it yet. */
  readonly isUnsealed?: boolean;
  /** The mirror and the files of the server say the same as the database: only witnesses do not. */
  readonly isEverywhere?: boolean;
}

/** Each column, with a value that it does not have. */
const CHANGES: readonly (readonly [column: string, value: string])[] = [
  ['kind', `'room.deleted'`],
  ['outcome', `CASE outcome WHEN 'ok' THEN 'refused' ELSE 'ok' END`],
  ['actor_kind', `CASE actor_kind WHEN 'system' THEN 'operator' ELSE 'system' END`],
  ['actor_id', `coalesce(actor_id, '') || 'x'`],
  ['actor_label', `actor_label || 'x'`],
  ['ip', `coalesce(ip, '') || '1'`],
  ['room', `coalesce(room, '') || ' '`],
  ['identity', `coalesce(identity, '') || 'x'`],
  ['request_id', `coalesce(request_id, '') || 'x'`],
  ['reason', `coalesce(reason, '') || '.'`],
  ['payload', `CASE payload::text WHEN '{}' THEN '{"a":1}' ELSE '{}' END::json`],
  ['personal', `CASE WHEN personal IS NULL THEN '{"a":1}'::json END`],
  ['actor_salt', `coalesce(substr(actor_salt, 2), '\\x00'::bytea) || '\\x00'::bytea`],
  ['subject_salt', `coalesce(subject_salt, '') || '\\x00'::bytea`],
  ['leaf_hash', `sha256(leaf_hash)`],
  ['at', `at + interval '1 microsecond'`],
  ['at', `at - interval '1 minute'`],
  // Another person beside the commitment to the right one, as if that one had been erased.
  [
    'identity',
    `'mallory', subject_commitment = ledger_commitment(subject_salt, ledger_subject_part(identity, personal, reason))`,
  ],
  [
    'identity',
    `'mallory', subject_salt = NULL, subject_commitment = ledger_commitment(subject_salt, ledger_subject_part(identity, personal, reason))`,
  ],
  [
    'actor_label',
    `'mallory', actor_salt = NULL, actor_commitment = ledger_commitment(actor_salt, ledger_actor_part(actor_id, ip, actor_label))`,
  ],
];
const OF_PERSON = /subject_|personal/;

const IN_RANGE = 'e.shard = r.shard AND e.seq >= r.first_seq AND e.seq < r.first_seq + r.count';

/** The database's owner, who stops at nothing. Everything happens in the transaction of `client`. */
export class Tamperer {
  private readonly forged: SigningKey;

  constructor(
    private readonly client: pg.Client,
    private readonly dice: Dice,
    private readonly log: {
      readonly origin: string;
      readonly size: number;
      readonly unsealed: number;
    },
    /** The log's own private key, for tampers by who has stolen it too. */
    private readonly stolen: readonly SigningKey[],
  ) {
    this.forged = generateSigningKey(log.origin, SIGNATURE_TYPES.ed25519);
  }

  /** Answers with the name of the kind as well. */
  async tamper(): Promise<Tamper & { kind: string }> {
    const [kind, work] = this.dice.pick(Object.entries(this.kinds));
    return { ...(await work()), kind };
  }

  private readonly kinds: Readonly<Record<string, () => Promise<Tamper>>> = {
    'entry changed': () => this.change('entry'),
    'entry and its hash changed': () => this.change('hash'),
    'entry, hash and tiles changed': () => this.change('tiles'),
    'all changed, signed with another key': () => this.change('all, signed with another key'),
    'all changed, signed with the stolen key': () => this.change('all, signed with the stolen key'),
    'all changed everywhere, signed with the stolen key': () =>
      this.everywhere(() => this.change('all, signed with the stolen key')),
    'tail rewritten, signed with the stolen key': () => this.rewriteTail(),
    'tail rewritten everywhere, signed with the stolen key': () =>
      this.everywhere(() => this.rewriteTail()),
    'entry deleted': () => this.delete(),
    'entry deleted, gap closed': () => this.deleteAndClose(),
    'entry inserted': () => this.insert(),
    'entries swapped': () => this.swap(),
    'tile changed': () => this.changeTile(),
    'tile deleted': () => this.deleteTile(),
    'checkpoint changed': () => this.changeCheckpoint(),
    'tail deleted': () => this.deleteTail(),
    'key replaced': () => this.changeKey(),
    'range changed': () => this.changeRange(),
    'unsealed entry changed': () => this.changeUnsealed(),
  };

  private async everywhere(work: () => Promise<Tamper>): Promise<Tamper> {
    return { ...(await work()), isEverywhere: true };
  }

  /** Changes an entry, and as much above it as `upTo` says. */
  private async change(upTo: string): Promise<Tamper> {
    const leaf = this.dice.below(this.log.size);
    const { shard, seq } = await this.entryAt(leaf);
    const [column, value] = this.dice.pick(CHANGES);
    const { rowCount } = await this.client.query(
      `UPDATE ledger_entry SET ${column} = ${value} WHERE shard = $1 AND seq = $2
       ${OF_PERSON.test(column + value) ? 'AND identity IS NOT NULL' : ''}`,
      [shard, seq],
    );
    const what = `change of ${column} of leaf ${leaf}, up to ${upTo}`;
    if (rowCount === 0) return this.change(upTo); // nobody is in it who could be changed
    if (column === 'leaf_hash' && upTo !== 'entry') return { what, leaf };
    if (upTo !== 'entry') await this.rehash(shard, seq);
    if (upTo === 'tiles') await this.rebuild(null, leaf);
    if (upTo.includes('another key')) await this.rebuild([this.forged], leaf);
    if (upTo.includes('stolen')) await this.rebuild(this.stolen, leaf);
    return { what, leaf };
  }

  /** Every entry from a leaf on becomes another one. */
  private async rewriteTail(): Promise<Tamper> {
    const leaf = this.dice.below(this.log.size);
    await this.client.query(
      `UPDATE ledger_entry e SET reason = coalesce(e.reason, '') || '!' FROM ledger_range r
       WHERE ${IN_RANGE} AND r.first_index + e.seq - r.first_seq >= $1`,
      [leaf],
    );
    const { rows } = await this.client.query<StoredRow>(
      `SELECT ${STORED_COLUMNS} FROM ledger_entry e WHERE EXISTS (SELECT FROM ledger_range r
         WHERE ${IN_RANGE} AND r.first_index + e.seq - r.first_seq >= $1)`,
      [leaf],
    );
    const entries = rows.map(toStoredEntry);
    await this.client.query(
      `UPDATE ledger_entry e SET leaf_hash = n.hash
       FROM unnest($1::int[], $2::bigint[], $3::bytea[]) AS n(shard, seq, hash)
       WHERE e.shard = n.shard AND e.seq = n.seq`,
      [entries.map(({ shard }) => shard), entries.map(({ seq }) => seq), entries.map(leafHash)],
    );
    await this.rebuild(this.stolen, leaf);
    return { what: `everything from leaf ${leaf} on rewritten`, leaf };
  }

  private async delete(): Promise<Tamper> {
    const leaf = this.dice.below(this.log.size);
    const { shard, seq } = await this.entryAt(leaf);
    await this.client.query('DELETE FROM ledger_entry WHERE shard = $1 AND seq = $2', [shard, seq]);
    return { what: `deletion of leaf ${leaf}`, leaf };
  }

  /** The entries after it in its shard move up, and the head with them. */
  private async deleteAndClose(): Promise<Tamper> {
    const leaf = this.dice.below(this.log.size);
    const { shard, seq } = await this.entryAt(leaf);
    await this.client.query('DELETE FROM ledger_entry WHERE shard = $1 AND seq = $2', [shard, seq]);
    // Two steps: else their keys meet on the way.
    await this.client.query('UPDATE ledger_entry SET seq = -seq WHERE shard = $1 AND seq > $2', [
      shard,
      seq,
    ]);
    await this.client.query('UPDATE ledger_entry SET seq = -seq - 1 WHERE shard = $1 AND seq < 0', [
      shard,
    ]);
    await this.client.query('UPDATE ledger_head SET seq = seq - 1 WHERE shard = $1', [shard]);
    return { what: `deletion of leaf ${leaf}, the gap closed`, leaf };
  }

  /** Of the same number, as a copy or in its place in time. */
  private async insert(): Promise<Tamper> {
    const leaf = this.dice.below(this.log.size);
    const { shard, seq } = await this.entryAt(leaf);
    await this.client.query(
      `INSERT INTO ledger_entry (shard, seq, at, kind, outcome, actor_kind, actor_label, payload,
         leaf_hash)
       SELECT shard, seq, at + interval '1 microsecond', kind, outcome, actor_kind, 'x', '{}', leaf_hash
       FROM ledger_entry WHERE shard = $1 AND seq = $2`,
      [shard, seq],
    );
    return { what: `insertion beside leaf ${leaf}`, leaf };
  }

  private async swap(): Promise<Tamper> {
    const [a, b] = [this.dice.below(this.log.size), this.dice.below(this.log.size)];
    const [one, two] = [await this.entryAt(a), await this.entryAt(b)];
    if (a === b || one.shard !== two.shard) return this.swap();
    // Their keys meet on the way.
    const away = 1_000_000_000;
    const at = 'SELECT at FROM ledger_entry WHERE shard = $1 AND seq = $2';
    const times = [one, two].map(({ shard, seq }) => this.client.query(at, [shard, seq]));
    const [first, second] = (await Promise.all(times)).map(
      ({ rows }) => (rows as { at: Date }[])[0]?.at,
    );
    const move = `UPDATE ledger_entry SET seq = $3, at = coalesce($4, at) WHERE shard = $1 AND seq = $2`;
    await this.client.query(move, [one.shard, one.seq, away, null]);
    await this.client.query(move, [two.shard, two.seq, one.seq, first]);
    await this.client.query(move, [one.shard, away, two.seq, second]);
    return { what: `swap of leaves ${a} and ${b}`, leaf: Math.min(a, b) };
  }

  private async changeTile(): Promise<Tamper> {
    const index = this.dice.below(Math.floor(this.log.size / 256));
    const at = this.dice.below(256);
    const column = this.dice.pick(['hashes', 'root']);
    const offset = column === 'hashes' ? at * 32 : 0;
    await this.client.query(
      `UPDATE ledger_tile SET ${column} = set_byte(${column}, $2, get_byte(${column}, $2) # 1)
       WHERE level = 0 AND index = $1`,
      [index, offset],
    );
    const leaf = column === 'hashes' ? index * 256 + at : index * 256;
    return { what: `change of ${column} of tile ${index}`, leaf };
  }

  private async deleteTile(): Promise<Tamper> {
    const index = this.dice.below(Math.floor(this.log.size / 256));
    await this.client.query('DELETE FROM ledger_tile WHERE level = 0 AND index = $1', [index]);
    return { what: `deletion of tile ${index}`, leaf: index * 256 };
  }

  private async changeCheckpoint(): Promise<Tamper> {
    const sizes = await this.sizes();
    const size = this.dice.pick(sizes);
    const change = this.dice.pick([
      `root = sha256(root)`,
      `note = replace(note, E'\\n— ', E'\\n— x')`,
      `note = regexp_replace(note, E'\\n[0-9]+\\n', E'\\n99999\\n')`,
    ]);
    await this.client.query(`UPDATE ledger_checkpoint SET ${change} WHERE size = $1`, [size]);
    return { what: `checkpoint ${size}: ${change}`, leaf: size - 1 };
  }

  /** Everything from a checkpoint on, as if it had never been. */
  private async deleteTail(): Promise<Tamper> {
    const sizes = await this.sizes();
    const size = this.dice.pick(sizes.slice(0, -1));
    const { client } = this;
    await client.query('DELETE FROM ledger_checkpoint WHERE size > $1', [size]);
    await client.query('DELETE FROM ledger_tile WHERE (index + 1) * 256 ^ (level + 1) > $1', [
      size,
    ]);
    await client.query(
      `DELETE FROM ledger_entry e USING ledger_range r WHERE r.first_index >= $1
         AND e.shard = r.shard AND e.seq >= r.first_seq`,
      [size],
    );
    await client.query('DELETE FROM ledger_range WHERE first_index >= $1', [size]);
    await client.query(`UPDATE ledger_head h SET
      seq = coalesce((SELECT max(e.seq) FROM ledger_entry e WHERE e.shard = h.shard), 0),
      at = coalesce((SELECT max(e.at) FROM ledger_entry e WHERE e.shard = h.shard), h.at)`);
    return { what: `deletion of everything after ${size}`, leaf: size };
  }

  /** Puts another key in the place of the log's, and signs everything with it. */
  private async changeKey(): Promise<Tamper> {
    await this.client.query('DELETE FROM ledger_key');
    await this.client.query(`INSERT INTO ledger_key (generation, vkey) VALUES (1, $1)`, [
      this.forged.vkey,
    ]);
    await this.rebuild([this.forged], 0);
    const [first] = await this.sizes();
    return { what: 'another key', leaf: (first as number) - 1 };
  }

  private async changeRange(): Promise<Tamper> {
    const { rows } = await this.client.query<{ first: string; count: number; shard: number }>(
      `SELECT first_index AS first, count, shard FROM ledger_range ORDER BY first_index`,
    );
    const range = this.dice.pick(rows);
    const leaf = Number(range.first);
    if (this.dice.next() < 0.5) {
      await this.client.query('DELETE FROM ledger_range WHERE first_index = $1', [leaf]);
      return { what: `deletion of the range at ${leaf}`, leaf };
    }
    await this.client.query(
      'UPDATE ledger_range SET first_seq = first_seq + 100000 WHERE first_index = $1',
      [leaf],
    );
    return { what: `other numbers for the range at ${leaf}`, leaf };
  }

  private async changeUnsealed(): Promise<Tamper> {
    const { rows } = await this.client.query<{ shard: number; seq: string }>(
      `SELECT e.shard, e.seq FROM ledger_entry e WHERE NOT EXISTS (SELECT FROM ledger_range r
         WHERE r.shard = e.shard AND e.seq >= r.first_seq AND e.seq < r.first_seq + r.count)`,
    );
    const { shard, seq } = this.dice.pick(rows);
    await this.client.query(
      `UPDATE ledger_entry SET room = 'another' WHERE shard = $1 AND seq = $2`,
      [shard, seq],
    );
    await this.rehash(shard, Number(seq));
    return { what: `change of ${shard}/${seq}, never sealed`, leaf: null, isUnsealed: true };
  }

  private async entryAt(leaf: number): Promise<{ shard: number; seq: number }> {
    const { rows } = await this.client.query<{ shard: number; seq: string }>(
      `SELECT shard, first_seq + $1 - first_index AS seq FROM ledger_range
       WHERE first_index <= $1 ORDER BY first_index DESC LIMIT 1`,
      [leaf],
    );
    return { shard: rows[0]?.shard ?? 0, seq: Number(rows[0]?.seq) };
  }

  private async sizes(): Promise<number[]> {
    const { rows } = await this.client.query<{ size: string }>(
      'SELECT size FROM ledger_checkpoint ORDER BY size',
    );
    return rows.map(({ size }) => Number(size));
  }

  /** Gives the entry the hash that its columns have now. */
  private async rehash(shard: number, seq: number): Promise<void> {
    const { rows } = await this.client.query<StoredRow>(
      `SELECT ${STORED_COLUMNS} FROM ledger_entry WHERE shard = $1 AND seq = $2`,
      [shard, seq],
    );
    const hash = leafHash(toStoredEntry(rows[0] as StoredRow));
    await this.client.query(
      'UPDATE ledger_entry SET leaf_hash = $3 WHERE shard = $1 AND seq = $2',
      [shard, seq, hash],
    );
  }

  /** Makes tiles, and the checkpoints after a leaf, again from the hashes; without keys only tiles. */
  private async rebuild(keys: readonly SigningKey[] | null, after: number): Promise<void> {
    const { client } = this;
    const { rows } = await client.query<{ hash: Buffer }>(
      `SELECT e.leaf_hash AS hash FROM ledger_range r JOIN ledger_entry e ON ${IN_RANGE}
       ORDER BY r.first_index + e.seq - r.first_seq`,
    );
    const sizes = await this.sizes();
    const edge = new TreeEdge(treeHasher);
    for (const { hash } of rows) {
      for (const tile of edge.append([hash])) {
        await client.query(
          'UPDATE ledger_tile SET hashes = $3, root = $4 WHERE level = $1 AND index = $2',
          [tile.level, tile.index, tile.hashes, tile.root],
        );
      }
      if (edge.size !== sizes[0]) continue;
      const size = sizes.shift() as number;
      if (!keys || size <= after) continue;
      const root = edge.root();
      const note = signCheckpoint({ origin: this.log.origin, size, root }, keys);
      await client.query('UPDATE ledger_checkpoint SET root = $2, note = $3 WHERE size = $1', [
        size,
        root,
        note,
      ]);
    }
  }
}
