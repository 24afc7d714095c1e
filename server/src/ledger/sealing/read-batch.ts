import { splitHashes, TILE_WIDTH } from '../tree/tiles.js';
import type { SealedRange, TreeStore, UnsealedShard, WrittenGroup } from './tree-store.js';

/** Entries in the order in which they get into the tree. */
export interface Batch {
  readonly hashes: readonly Uint8Array[];
  readonly ranges: readonly SealedRange[];
  /** When the oldest one was written, in microseconds; null: the batch is empty. */
  readonly oldestMicros: number | null;
  /** Entries that Postgres numbered and does not have: what follows in their shard cannot be sealed. */
  readonly missing: readonly { readonly shard: number; readonly seq: number }[];
}

/** An entry's time is set before it commits, by this much at most. */
const COMMIT_SLACK_MICROS = 600_000_000;
const HASH_LENGTH = 32;

/** Reads up to `limit` entries that are not sealed, shard by shard. `size` is where the tree ends. */
export async function readBatch(
  store: TreeStore,
  size: number,
  limit: number,
  seenMicros: (shard: number) => number,
): Promise<Batch> {
  const hashes: Uint8Array[] = [];
  const ranges: SealedRange[] = [];
  const missing: { shard: number; seq: number }[] = [];
  let oldestMicros: number | null = null;
  for (const shard of await store.unsealed()) {
    const wanted = Math.min(limit - hashes.length, shard.headSeq - shard.nextSeq + 1);
    if (wanted <= 0) break;
    const groups = await readGroups(store, shard, wanted, seenMicros(shard.shard));
    const whole = contiguous(shard.nextSeq, groups);
    const count = whole.reduce((sum, group) => sum + group.count, 0);
    if (count < wanted) missing.push({ shard: shard.shard, seq: shard.nextSeq + count });
    if (count === 0) continue;
    ranges.push(...rangesOf(shard.shard, whole, size + hashes.length));
    hashes.push(...whole.flatMap((group) => splitHashes(group.hashes)));
    const first = whole[0]?.atMicros ?? Infinity;
    oldestMicros = Math.min(oldestMicros ?? Infinity, first);
  }
  return { hashes, ranges, oldestMicros, missing };
}

/**
 * A shard that was silent for long has a long way from its last entry to its first new one, past
 * those of other shards. Nothing new was there when it was last looked at, so that is tried first.
 */
async function readGroups(
  store: TreeStore,
  shard: UnsealedShard,
  wanted: number,
  seenMicros: number,
): Promise<WrittenGroup[]> {
  const near = Math.max(shard.fromMicros, seenMicros - COMMIT_SLACK_MICROS);
  const groups = await store.readGroups(shard, near, wanted);
  const found = groups.reduce((sum, group) => sum + group.count, 0);
  if (found === wanted || near === shard.fromMicros) return groups;
  return store.readGroups(shard, shard.fromMicros, wanted);
}

/** The groups up to the first gap, repetition or entry without a leaf hash. */
function contiguous(nextSeq: number, groups: readonly WrittenGroup[]): WrittenGroup[] {
  const whole: WrittenGroup[] = [];
  let next = nextSeq;
  for (const group of groups) {
    if (group.firstSeq !== next || group.hashes.length !== group.count * HASH_LENGTH) break;
    whole.push(group);
    next += group.count;
  }
  return whole;
}

/** Cut at the edges of tiles. */
function rangesOf(
  shard: number,
  groups: readonly WrittenGroup[],
  firstIndex: number,
): SealedRange[] {
  const ranges: SealedRange[] = [];
  let index = firstIndex;
  for (const group of groups) {
    for (let done = 0; done < group.count;) {
      const room = TILE_WIDTH - (index % TILE_WIDTH);
      const count = Math.min(room, group.count - done);
      const last = ranges.at(-1);
      if (last && index % TILE_WIDTH !== 0) {
        ranges[ranges.length - 1] = {
          ...last,
          count: last.count + count,
          lastMicros: group.atMicros,
        };
      } else {
        ranges.push({
          shard,
          firstSeq: group.firstSeq + done,
          count,
          firstMicros: group.atMicros,
          lastMicros: group.atMicros,
        });
      }
      index += count;
      done += count;
    }
  }
  return ranges;
}
