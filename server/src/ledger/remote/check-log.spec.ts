import { webcrypto } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { concat, fromText } from '../tree/bytes.js';
import { type Checkpoint, signCheckpoint } from '../tree/checkpoint.js';
import { signKeys } from '../tree/key-chain.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey, type SigningKey } from '../tree/note-keys.js';
import { sha256, treeHasher as hasher } from '../tree/sha256.js';
import { encodeBundle, TILE_WIDTH, type TileRef } from '../tree/tiles.js';
import { checkLog, type LogFiles } from './check-log.js';
import { type LogHeadInput, readLogHead } from './log-head.js';

const ORIGIN = 'rolecall.example.com/ledger';
const SIZES = [1, 255, 256, 257, 700, 70_000];

/** The text of an entry, as its leaf has it. */
const textOf = (leaf: number) =>
  `{"at":"2026-11-29T01:02:03.${String(leaf % 1_000_000).padStart(6, '0')}Z","seq":${leaf},"shard":1}`;
const idOf = (leaf: number) =>
  `${(BigInt(Date.parse('2026-11-29T01:02:03Z')) * 1000n + BigInt(leaf)).toString(36)}-1-${leaf}`;

class World {
  readonly entries: Uint8Array[];
  readonly tiles = new Map<string, Uint8Array[]>();

  constructor(readonly size: number) {
    this.entries = Array.from({ length: size }, (_, leaf) => fromText(textOf(leaf)));
    let hashes = this.entries.map((data) => hasher.leaf(data));
    for (let level = 0; hashes.length > 0; level++) {
      const roots: Uint8Array[] = [];
      for (let at = 0; at < hashes.length; at += TILE_WIDTH) {
        const tile = hashes.slice(at, at + TILE_WIDTH);
        this.tiles.set(`${level}/${at / TILE_WIDTH}`, tile);
        if (tile.length === TILE_WIDTH) roots.push(hasher.perfectRoot(tile));
      }
      hashes = roots;
    }
  }

  /** What the first `size` leaves give. */
  root(size = this.size): Uint8Array {
    const fold = (hashes: readonly Uint8Array[]): Uint8Array => {
      if (hashes.length <= 1) return hashes[0] ?? hasher.emptyRoot;
      let k = 1;
      while (k * 2 < hashes.length) k *= 2;
      return hasher.node(fold(hashes.slice(0, k)), fold(hashes.slice(k)));
    };
    return fold(this.entries.slice(0, size).map((data) => hasher.leaf(data)));
  }

  tile({ level, index, width }: TileRef): Uint8Array | null {
    const hashes = this.tiles.get(`${level}/${index}`);
    return hashes && hashes.length >= width ? concat(...hashes.slice(0, width)) : null;
  }

  files(what: 'entries' | 'hashes' = 'entries'): LogFiles {
    return {
      tile: async (ref) => this.tile(ref),
      bundle:
        what === 'hashes'
          ? null
          : async ({ index, width }) =>
              encodeBundle(this.entries.slice(index * TILE_WIDTH, index * TILE_WIDTH + width)),
    };
  }
}

interface Asked {
  kept?: { size: number; root: Uint8Array } | null;
  isOnlyNew?: boolean;
  what?: 'entries' | 'hashes';
  root?: Uint8Array;
  forgotten?: ReadonlySet<number>;
}

function check(
  world: World,
  { kept = null, isOnlyNew = false, what, root, forgotten = new Set() }: Asked = {},
) {
  const trusted = { size: world.size, root: root ?? world.root(), name: 'the checkpoint' };
  const seen: number[] = [];
  return checkLog(
    world.files(what),
    hasher,
    {
      checkpoint: trusted,
      kept: kept && { ...kept, name: 'the last run here' },
      isOnlyNew,
      forgotten,
    },
    { signal: new AbortController().signal, onProgress: ({ done }) => seen.push(done) },
  ).then((report) => ({ ...report, seen }));
}

describe('a log that is read over HTTP', () => {
  it.each(SIZES)('of %d entries is proved, from entries and from hashes', async (size) => {
    const world = new World(size);
    for (const what of ['entries', 'hashes'] as const) {
      const { finding, checked, seen } = await check(world, { what });
      expect([finding, checked, seen.at(-1)]).toEqual([null, size, size]);
    }
  });

  it.each(SIZES)('of %d entries has its first changed entry named', async (size) => {
    const world = new World(size);
    const root = world.root();
    const wrong = size >> 1;
    world.entries[wrong] = fromText(textOf(wrong).replace('}', ',"room":"elsewhere"}'));
    world.entries[size - 1] = fromText(textOf(size - 1).replace('}', ',"room":"elsewhere"}'));
    const { finding } = await check(world, { root });
    expect(finding).toMatchObject({
      leaf: wrong,
      entry: idOf(wrong),
      problem: 'the entry was changed',
      expected: expect.stringMatching(/^hash [0-9a-f]{64}$/),
    });
  });

  it('has it named too when the tiles were rewritten with it, as far as a right tile is left', async () => {
    const world = new World(70_000);
    const root = world.root();
    world.entries[300] = fromText('{}');
    const tile = world.tiles.get('0/1') as Uint8Array[];
    tile[44] = hasher.leaf(fromText('{}'));
    const { finding } = await check(world, { root });
    // The tile above still says which tile is wrong; nothing says any longer which hash.
    expect(finding).toMatchObject({ leaf: 256, entry: null });
    expect(finding?.problem).toContain('one of the leaves 256 to 511');
  });

  it('has a missing entry named, and one whose number is there twice', async () => {
    for (const [data, problem] of [
      [new Uint8Array(0), 'the entry is missing'],
      [fromText(`${textOf(400)}\n${textOf(400)}`), 'the number is there twice'],
    ] as const) {
      const world = new World(700);
      const root = world.root();
      world.entries[400] = data;
      expect((await check(world, { root })).finding).toMatchObject({ leaf: 400, problem });
    }
  });

  it('is proved without what a rule let go, and not with another hash in its place', async () => {
    const world = new World(700);
    const asked = { root: world.root(), forgotten: new Set([3, 400]) };
    for (const leaf of asked.forgotten) world.entries[leaf] = new Uint8Array(0);
    expect((await check(world, asked)).finding).toBeNull();
    (world.tiles.get('0/1') as Uint8Array[])[144] = hasher.emptyRoot;
    expect((await check(world, asked)).finding).toMatchObject({ leaf: 256 });
  });

  it('has a tile named that does not fit to right entries', async () => {
    for (const [name, leaf] of [
      ['0/1', 256],
      ['1/0', 0],
    ] as const) {
      const world = new World(70_000);
      (world.tiles.get(name) as Uint8Array[])[0] = hasher.emptyRoot;
      const { finding } = await check(world);
      expect([name, finding?.leaf, finding?.problem]).toEqual([
        name,
        leaf,
        `tile ${name} of the server is wrong`,
      ]);
    }
  });

  it('shows a cut and another history by a checkpoint that was kept', async () => {
    const world = new World(600);
    const cut = await check(world, { kept: { size: 700, root: new World(700).root() } });
    expect(cut.finding).toMatchObject({ leaf: 600, found: '600 entries' });
    expect(cut.finding?.problem).toContain('the log has been cut: the last run here');
    const fork = new World(700);
    fork.entries[500] = fromText('{"other":true}');
    const other = await check(fork, { kept: { size: 600, root: world.root() } });
    expect(other.finding?.problem).toContain('says the last run here');
    const same = await check(new World(700), { kept: { size: 600, root: world.root() } });
    expect(same.finding).toBeNull();
  });

  it('reads only what is new, and all of it when that is wrong', async () => {
    const world = new World(1_500);
    const kept = { size: 1_000, root: world.root(1_000) };
    const good = await check(world, { kept, isOnlyNew: true });
    expect(good).toMatchObject({ from: 768, checked: 732, finding: null });
    const root = world.root();
    world.entries[1_200] = fromText('{"x":1}');
    const bad = await check(world, { kept, isOnlyNew: true, root });
    expect(bad.finding).toMatchObject({ leaf: 1_200 });
  });

  it('stops when it is told to', async () => {
    const world = new World(700);
    const aborting = new AbortController();
    const trusted = { size: 700, root: world.root(), name: '' };
    const running = checkLog(
      world.files(),
      hasher,
      { checkpoint: trusted, kept: null, isOnlyNew: false },
      { signal: aborting.signal, onProgress: () => aborting.abort(new Error('enough')) },
    );
    await expect(running).rejects.toThrow('enough');
  });
});

describe('the head of a log', () => {
  const key = (name = ORIGIN) => generateSigningKey(name, SIGNATURE_TYPES.ed25519);
  const [first, second] = [key(), key()];
  const world = new World(3);
  const checkpoint: Checkpoint = { origin: ORIGIN, size: 3, root: world.root() };
  const published = (signer: SigningKey) => [
    { generation: 1, vkey: first.vkey, signature: null },
    {
      generation: 2,
      vkey: second.vkey,
      signature: signKeys(ORIGIN, { generation: 2, vkeys: [second.vkey] }, signer),
    },
  ];
  const read = (input: Partial<LogHeadInput>) =>
    readLogHead(
      {
        note: signCheckpoint(checkpoint, [second]),
        keys: published(first),
        pin: null,
        kept: null,
        ...input,
      },
      sha256,
      async (publicKey, message, signature) => {
        const imported = await webcrypto.subtle.importKey('raw', publicKey, 'Ed25519', false, [
          'verify',
        ]);
        return webcrypto.subtle.verify('Ed25519', imported, signature, message);
      },
    );

  it('is opened with the keys of the log, or with one that is known from elsewhere', async () => {
    for (const pin of [null, first.vkey, second.vkey]) {
      expect(await read({ pin })).toMatchObject({ checkpoint: { size: 3 }, problems: [] });
    }
  });

  it.each<[string, Partial<LogHeadInput>, RegExp]>([
    ['signed by another key', { note: signCheckpoint(checkpoint, [key()]) }, /no known key/],
    [
      'with another root',
      { note: signCheckpoint(checkpoint, [second]).replace('\n3\n', '\n4\n') },
      /is wrong/,
    ],
    ['with another key than the pinned one', { pin: key().vkey }, /other keys/],
    ['with a pin that is no key', { pin: 'hello' }, /not a verifier key/],
    [
      'whose new key the old one did not name',
      { keys: published(key()) },
      /not signed by the one before/,
    ],
    [
      'signed by a key from before the pinned one',
      { pin: second.vkey, note: signCheckpoint(checkpoint, [first]) },
      /no known key/,
    ],
  ])('is refused: %s', async (_, input, problem) => {
    const head = await read(input);
    expect([head.checkpoint, head.problems.join()]).toEqual([null, expect.stringMatching(problem)]);
  });

  it.each<[string, (mine: SigningKey) => LogHeadInput['keys']]>([
    [
      'beside',
      ({ vkey }) => [first.vkey, vkey].map((one) => ({ ...published(first)[0]!, vkey: one })),
    ],
    [
      'before',
      (mine) => [
        { generation: 1, vkey: mine.vkey, signature: null },
        {
          generation: 2,
          vkey: first.vkey,
          signature: signKeys(ORIGIN, { generation: 2, vkeys: [first.vkey] }, mine),
        },
      ],
    ],
  ])('does not trust a key that the server lists %s the pinned one', async (_, keysWith) => {
    const mine = key();
    const note = signCheckpoint(checkpoint, [mine]);
    expect(await read({ note, keys: keysWith(mine) })).toMatchObject({ checkpoint: { size: 3 } });
    const head = await read({ note, keys: keysWith(mine), pin: first.vkey });
    expect([head.checkpoint, head.problems.join()]).toEqual([
      null,
      expect.stringMatching(/no known key/),
    ]);
    const right = await read({
      note: signCheckpoint(checkpoint, [first]),
      keys: keysWith(mine),
      pin: first.vkey,
    });
    expect(right).toMatchObject({ checkpoint: { size: 3 }, problems: [] });
  });

  it('opens a kept checkpoint of a key that was rotated since, and refuses one of another log', async () => {
    const kept = signCheckpoint({ ...checkpoint, size: 2, root: world.root(2) }, [first]);
    expect(await read({ kept })).toMatchObject({ kept: { size: 2 }, problems: [] });
    const foreign = await read({ kept: signCheckpoint(checkpoint, [key()]) });
    expect(foreign).toMatchObject({ checkpoint: { size: 3 }, kept: null });
    expect(foreign.problems.join()).toMatch(/last run here is not of this log/);
  });
});
