import type pg from 'pg';
import { ledgerId } from '../ledger-entry.js';
import { fromBase64 } from '../tree/bytes.js';
import { NoteError } from '../tree/note.js';
import { TILE_WIDTH } from '../tree/tiles.js';
import { openForgotten, ruleText } from '../retention/forgotten-note.js';
import type { TrustedKeys } from './trusted-keys.js';
import { verifiersOf } from '../tree/note-keys.js';

/** Leaves whose entries were forgotten, as a signed entry says: a bit for each. */
export interface ForgottenStretch {
  readonly firstLeaf: number;
  readonly endLeaf: number;
  readonly bits: Uint8Array;
}

/** For a report: which entries went, by which rule, and the entry that says so. */
export interface ForgottenReport {
  readonly archive: string;
  readonly entry: string;
  readonly rule: string;
  readonly entries: number;
  readonly file: string;
}

/** Looks up whether a leaf was forgotten. Archives are about 16,384 leaves at most. */
export class ForgottenLeaves {
  private readonly byTile = new Map<number, ForgottenStretch[]>();

  constructor(readonly stretches: readonly ForgottenStretch[]) {
    for (const stretch of stretches) {
      for (let leaf = stretch.firstLeaf; leaf < stretch.endLeaf; leaf += TILE_WIDTH) {
        const tile = leaf / TILE_WIDTH;
        const known = this.byTile.get(tile);
        if (known) known.push(stretch);
        else this.byTile.set(tile, [stretch]);
      }
    }
  }

  has(leaf: number): boolean {
    const near = this.byTile.get(Math.floor(leaf / TILE_WIDTH));
    return near?.some(({ firstLeaf, bits }) => isSet(bits, leaf - firstLeaf)) === true;
  }

  isAnyIn(tile: number): boolean {
    if (!this.byTile.has(tile)) return false;
    for (let k = 0; k < TILE_WIDTH; k++) if (this.has(tile * TILE_WIDTH + k)) return true;
    return false;
  }
}

export const NOTHING_FORGOTTEN = new ForgottenLeaves([]);

export interface Forgotten {
  readonly leaves: ForgottenLeaves;
  readonly reports: readonly ForgottenReport[];
  /** Entries that say so, and that the log has not signed. */
  readonly problems: readonly string[];
}

interface SaidRow {
  seq: string;
  at_us: string;
  archive: string | null;
  note: string | null;
}

/**
 * What the ledger itself says was forgotten: the entries are leaves as all others, and what they say is
 * signed with the log's key, since who owns the database can write entries as well.
 */
export async function readForgotten(client: pg.Client, keys: TrustedKeys): Promise<Forgotten> {
  const { rows } = await client.query<SaidRow>(
    `SELECT seq, (extract(epoch FROM at) * 1000000)::bigint::text AS at_us,
       payload->>'archive' AS archive, payload->>'note' AS note
     FROM ledger_entry WHERE kind = 'ledger.forgotten' AND shard = 0 ORDER BY seq`,
  );
  if (rows.length === 0) return { leaves: NOTHING_FORGOTTEN, reports: [], problems: [] };
  const rotations = await client.query<{ seq: string; generation: string }>(
    `SELECT seq, payload->>'generation' AS generation FROM ledger_entry
     WHERE kind = 'ledger.key_rotated' AND shard = 0 ORDER BY seq`,
  );
  const stretches: ForgottenStretch[] = [];
  const reports: ForgottenReport[] = [];
  const problems: string[] = [];
  for (const { seq, at_us: atMicros, archive, note } of rows) {
    const entry = ledgerId({ shard: 0, seq: Number(seq), atMicros });
    const before = rotations.rows.filter((row) => Number(row.seq) < Number(seq));
    const generation = Math.max(1, ...before.map((row) => Number(row.generation)));
    try {
      const said = openForgotten(note ?? '', verifiersOf(keys.vkeysSince(generation)));
      if (said.archive !== archive || said.origin !== keys.origin) {
        throw new NoteError('it is about another archive');
      }
      const { firstLeaf, endLeaf, leaves, entries, file, rule } = said;
      stretches.push({ firstLeaf, endLeaf, bits: fromBase64(leaves) as Uint8Array });
      reports.push({ archive, entry, rule: ruleText(rule), entries, file });
    } catch (error) {
      if (!(error instanceof NoteError) && !(error instanceof SyntaxError)) throw error;
      problems.push(`the entry ${entry} says that entries were forgotten: ${error.message}`);
    }
  }
  return { leaves: new ForgottenLeaves(stretches), reports, problems };
}

function isSet(bits: Uint8Array, place: number): boolean {
  return (
    place >= 0 &&
    place < bits.length * 8 &&
    ((bits[place >> 3] as number) & (1 << (place % 8))) !== 0
  );
}
