import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { runCli, runNode } from '../../../test/support/run-cli.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { canonicalJson } from '../../common/canonical-json.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { concat, fromText } from '../tree/bytes.js';
import { signCheckpoint } from '../tree/checkpoint.js';
import { type KeyGeneration, signKeys } from '../tree/key-chain.js';
import { parseVerifierKey, SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey, type SigningKey } from '../tree/note-keys.js';
import { treeHasher } from '../tree/sha256.js';
import { TILE_WIDTH, tilePath, type TileRef } from '../tree/tiles.js';
import { TreeEdge } from '../tree/tree-edge.js';
import { type ExportedLine, type Manifest, signManifest } from './export-format.js';

const ED25519 = SIGNATURE_TYPES.ed25519;

const folder = mkdtempSync(join(tmpdir(), 'rolecall-export-'));
let app: TestApp;
let ledger: LedgerWorld;
let count = 0;

const newFolder = () => join(folder, `export-${++count}`);
const verify = (dir: string, ...args: string[]) => runNode([join(dir, 'verify.mjs'), ...args]);
const lineOf = (out: string) => out.split('\n').find((line) => line.startsWith('first wrong'));
const idOf = (out: string) => /first wrong entry: (\S+)/.exec(lineOf(out) ?? '')?.[1];

async function exported(...args: string[]): Promise<string> {
  const dir = newFolder();
  const { status, err } = await runCli(app, ['ledger', 'export', ...args, dir]);
  expect([status, err]).toEqual([0, '']);
  return dir;
}

/** The same export, changed by somebody who has it. */
function changed(dir: string, file: string, change: (text: string) => string): string {
  const copy = newFolder();
  cpSync(dir, copy, { recursive: true });
  const path = join(copy, file);
  writeFileSync(path, change(readFileSync(path, 'latin1')), 'latin1');
  return copy;
}

/** Changes the database behind the back of the server, and puts it right again. */
async function whileTampered(sql: string, undo: string, work: () => Promise<void>): Promise<void> {
  await asOwner(sql);
  try {
    await work();
  } finally {
    await asOwner(undo);
  }
}

/** As who owns the table, and switches its protection off for the moment. */
async function asOwner(sql: string): Promise<void> {
  const parts = await app.sql<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass`,
  );
  for (const { name } of parts) await app.sql(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
  await app.sql(sql);
  for (const { name } of parts) await app.sql(`ALTER TABLE ${name} ENABLE TRIGGER USER`);
}

const ed25519Of = (keys: readonly { vkey: string }[]): string =>
  keys.map(({ vkey }) => vkey).find((vkey) => parseVerifierKey(vkey).type === ED25519) ?? '';
const keysOf = (dir: string) =>
  JSON.parse(readFileSync(join(dir, 'keys.json'), 'utf8')) as KeyGeneration[];

/** The export with one entry changed and everything computed again, signed by somebody else. */
function forged(
  dir: string,
  keys: readonly KeyGeneration[],
  signer: SigningKey,
  says: Partial<Manifest> = {},
): string {
  const copy = changed(dir, 'entries.ndjson', (text) => text.replace('"room 9"', '"room X"'));
  const text = readFileSync(join(copy, 'entries.ndjson'), 'utf8');
  const hashes = text
    .trim()
    .split('\n')
    .map((line) =>
      treeHasher.leaf(fromText(canonicalJson((JSON.parse(line) as ExportedLine).entry))),
    );
  const edge = new TreeEdge(treeHasher);
  edge.append(hashes);
  rmSync(join(copy, 'tile'), { recursive: true });
  const roots: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += TILE_WIDTH) {
    const tile = hashes.slice(at, at + TILE_WIDTH);
    writeTile(copy, { level: 0, index: at / TILE_WIDTH, width: tile.length }, tile);
    if (tile.length === TILE_WIDTH) roots.push(treeHasher.perfectRoot(tile));
  }
  writeTile(copy, { level: 1, index: 0, width: roots.length }, roots);
  const manifest = JSON.parse(
    readFileSync(join(copy, 'manifest'), 'utf8').split('\n')[1] ?? '',
  ) as Manifest;
  const size = hashes.length;
  const entriesSha256 = createHash('sha256').update(text).digest('hex');
  const claims = { ...manifest, endLeaf: size, treeSize: size, entriesSha256, ...says };
  const checkpoint = { origin: manifest.origin, size, root: edge.root() };
  writeFileSync(join(copy, 'checkpoint'), signCheckpoint(checkpoint, [signer]));
  writeFileSync(join(copy, 'manifest'), signManifest(claims, [signer]));
  writeFileSync(join(copy, 'keys.json'), JSON.stringify(keys));
  return copy;
}

function writeTile(dir: string, ref: TileRef, hashes: readonly Uint8Array[]): void {
  const path = join(dir, tilePath(ref));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, concat(...hashes));
}

beforeAll(async () => {
  app = await startTestApp();
  ledger = new LedgerWorld(app);
  await ledger.write(300);
  await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'board' } });
  const { size } = await ledger.sealed();
  await until('the mirror has it', () => ledger.mirrorCheckpoint()?.includes(`\n${size}\n`));
});
afterAll(async () => {
  await app.stop();
  rmSync(folder, { recursive: true });
});

describe('ledger verify', () => {
  it('proves everything, says so in the ledger, and again since a checkpoint', async () => {
    const note = join(folder, 'checkpoint');
    writeFileSync(note, (await app.inject('GET', '/ledger/checkpoint')).text);
    const whole = await runCli(app, ['ledger', 'verify']);
    expect([whole.err, whole.status]).toEqual(['', 0]);
    expect(whole.out).toMatch(/tree: 3\d\d entries sealed, 3\d\d computed again from leaf 0 on/);
    await ledger.write(300);
    await ledger.sealed();
    const rest = await runCli(app, ['ledger', 'verify', '--since', note]);
    expect([rest.err, rest.status]).toEqual(['', 0]);
    expect(rest.out).toMatch(/computed again from leaf 256 on/);
    const entries = await app.ledger('ledger.verified');
    expect(entries.map(({ payload }) => [payload.isProved, payload.since])).toEqual([
      [true, null],
      [true, expect.any(Number)],
    ]);
  });

  it('names the changed entry, what it was and what it is, also in the past of --since', async () => {
    const note = join(folder, 'since');
    writeFileSync(note, (await app.inject('GET', '/ledger/checkpoint')).text);
    const [row] = await app.sql<{ id: string }>(
      `SELECT shard || '-' || seq AS id FROM ledger_entry WHERE room = 'room 7' AND seq < 300`,
    );
    await whileTampered(
      `UPDATE ledger_entry SET room = 'elsewhere' WHERE room = 'room 7' AND seq < 300`,
      `UPDATE ledger_entry SET room = 'room 7' WHERE room = 'elsewhere'`,
      async () => {
        for (const since of [[], ['--since', note]]) {
          const { status, out } = await runCli(app, ['ledger', 'verify', ...since]);
          if (since.length > 0) {
            // What came before it was proved by the checkpoint, not read again.
            expect([status, lineOf(out)]).toEqual([0, undefined]);
            continue;
          }
          expect(status).toBe(1);
          expect(idOf(out)).toMatch(new RegExp(`-${row?.id}$`));
          expect(lineOf(out)).toMatch(/expected room: "room 7", found room: "elsewhere"/);
        }
      },
    );
  });

  it('does not trust a key that the owner of the database adds beside those of the log', async () => {
    const { name } = parseVerifierKey(
      (await app.sql<{ vkey: string }>('SELECT vkey FROM ledger_key'))[0]!.vkey,
    );
    const { vkey } = generateSigningKey(name, ED25519);
    await app.sql('INSERT INTO ledger_key (generation, vkey) VALUES (1, $1)', [vkey]);
    try {
      const { status, out } = await runCli(app, ['ledger', 'verify']);
      expect([status, out]).toEqual([1, expect.stringMatching(/problem: .*other keys of the log/)]);
    } finally {
      await app.sql('ALTER TABLE ledger_key DISABLE TRIGGER USER');
      await app.sql('DELETE FROM ledger_key WHERE vkey = $1', [vkey]);
      await app.sql('ALTER TABLE ledger_key ENABLE TRIGGER USER');
    }
  });

  it.each([
    ['of another log', () => generateSigningKey('x', SIGNATURE_TYPES.ed25519).vkey],
    ['that is none', () => 'hello'],
  ])('refuses a checkpoint %s', async (_, text) => {
    const file = join(folder, 'wrong');
    writeFileSync(file, text());
    const { status, err } = await runCli(app, ['ledger', 'verify', '--since', file]);
    expect([status, err]).toEqual([1, expect.stringMatching(/--since/)]);
  });
});

describe('an export', () => {
  it('proves itself on any machine, whole, and each of its changes', async () => {
    const dir = await exported();
    const { status, out } = await verify(dir);
    expect([status, out]).toEqual([0, expect.stringMatching(/none of these leaves is left out/)]);
    expect(out).toMatch(/people: \d\d+ parts proved, 0 erased or left out/);
    const keys = (await app.inject('GET', '/api/v1/ledger/keys')).body.keys as { vkey: string }[];
    const own = ed25519Of(keys);
    expect((await verify(dir, '--key', own)).status).toBe(0);
    const other = generateSigningKey('x.example', SIGNATURE_TYPES.ed25519).vkey;
    expect((await verify(dir, '--key', other)).status).toBe(1);

    const lines = readFileSync(join(dir, 'entries.ndjson'), 'utf8').trim().split('\n');
    const { id } = JSON.parse(lines[40]!) as { id: string };
    const edit = (change: (line: string) => string) =>
      changed(dir, 'entries.ndjson', (text) =>
        text
          .split('\n')
          .map((line, i) => (i === 40 ? change(line) : line))
          .filter((line, i, all) => line !== '' || i === all.length - 1)
          .join('\n'),
      );
    for (const change of [
      (line: string) => line.replace('"outcome":"ok"', '"outcome":"refused"'),
      (line: string) => line.replace('"label":"', '"label":"not '),
      (line: string) => line.replace('"salt":"', '"salt":"00'),
      (line: string) => `${line}\n${line}`,
    ]) {
      const wrong = await verify(edit(change));
      expect([wrong.status, idOf(wrong.out)]).toEqual([1, id]);
    }
    const gone = await verify(edit(() => ''));
    expect([gone.status, lineOf(gone.out)]).toEqual([
      1,
      expect.stringMatching(/leaf 40: .*missing/),
    ]);
    for (const [file, change] of [
      ['manifest', (text: string) => text.replace('"entries":', '"entries":1')],
      ['checkpoint', (text: string) => text.replace(/\n\d/, '\n9')],
      ['tile/0/000', (text: string) => `x${text.slice(1)}`],
    ] as const) {
      const wrong = await verify(changed(dir, file, change));
      expect([file, wrong.status]).toEqual([file, 1]);
    }
  });

  it('proves entries with keys that V8 may read wrongly', async () => {
    const attributes = { '\\': 'x', '\u001f': 'y', '"': 'z' };
    await app.app.get(LedgerService).appendDurably({
      kind: 'token.issued',
      outcome: 'ok',
      actor: SYSTEM_ACTOR,
      room: 'escapes',
      identity: 'ana',
      payload: { jti: 'j', claims: { h: [], '\\': 0, attributes }, grants: attributes },
    });
    await ledger.sealed();
    const dir = await exported();
    const text = readFileSync(join(dir, 'entries.ndjson'), 'utf8');
    expect(text).toContain('"\\u001f":"y"');
    expect(await verify(dir)).toMatchObject({ status: 0 });
  });

  it('proves entries whose text holds what some take for the end of a line', async () => {
    const name = 'Ana\u2028\u2029\u0085\r\v';
    await app.app.get(LedgerService).appendDurably({
      kind: 'participant.joined',
      outcome: 'ok',
      actor: SYSTEM_ACTOR,
      room: `lines ${name}`,
      identity: name,
      payload: { name },
    });
    await ledger.sealed();
    const dir = await exported();
    expect(readFileSync(join(dir, 'entries.ndjson'), 'utf8')).toContain('lines Ana\\u2028\\u2029');
    const { status, out } = await verify(dir);
    expect([status, out]).toEqual([0, expect.stringMatching(/none of these leaves is left out/)]);
  });

  it('says the same about the first wrong entry as ledger verify', async () => {
    await whileTampered(
      `UPDATE ledger_entry SET identity = 'x' WHERE room = 'room 12' AND seq < 300`,
      `UPDATE ledger_entry SET identity = 'person 12' WHERE room = 'room 12' AND seq < 300`,
      async () => {
        const here = await runCli(app, ['ledger', 'verify']);
        const there = await verify(await exported());
        expect([here.status, there.status]).toEqual([1, 1]);
        expect(idOf(there.out)).toBe(idOf(here.out));
        expect(idOf(there.out)).toMatch(/^[0-9a-z]+-\d+-\d+$/);
      },
    );
  });

  describe('that was forged', () => {
    let dir: string;
    beforeAll(async () => {
      dir = await exported();
    });

    /** What somebody may know of the log: one key, all of them, or a policy. */
    const pinsOf = (real: string): string[][] => {
      const { vkeys } = keysOf(real)[0] as KeyGeneration;
      const policy = join(folder, 'policy');
      writeFileSync(policy, `${vkeys.map((vkey) => `log ${vkey}\n`).join('')}quorum none\n`);
      return [
        ['--key', ed25519Of(vkeys.map((vkey) => ({ vkey })))],
        vkeys.flatMap((vkey) => ['--key', vkey]),
        ['--policy', policy],
      ];
    };
    const signedBy = (origin: string, generation: number, keys: string[], by: SigningKey) => {
      const vkeys = keys.toSorted();
      return { generation, vkeys, signature: signKeys(origin, { generation, vkeys }, by) };
    };

    it.each<[string, (real: string[], mine: SigningKey, more: SigningKey) => KeyGeneration[]]>([
      [
        'beside it',
        (real, mine) => [
          { generation: 1, vkeys: [...real, mine.vkey].toSorted(), signature: null },
        ],
      ],
      [
        'before it, which names it',
        (real, mine) => [
          { generation: 1, vkeys: [mine.vkey], signature: null },
          signedBy(mine.name, 2, real, mine),
        ],
      ],
      [
        'that one beside it has signed',
        (real, mine, more) => [
          { generation: 1, vkeys: [...real, more.vkey].toSorted(), signature: null },
          signedBy(mine.name, 2, [mine.vkey], more),
        ],
      ],
    ])('is refused to who knows the key of the log, with a key %s', async (_, keysWith) => {
      const real = keysOf(dir)[0]?.vkeys as string[];
      const own = parseVerifierKey(real[0] ?? '').name;
      const [mine, more] = [1, 2].map(() => generateSigningKey(own, SIGNATURE_TYPES.ed25519)) as [
        SigningKey,
        SigningKey,
      ];
      const forgery = forged(dir, keysWith(real, mine, more), mine);
      // It agrees with itself, and says that this is all that it does.
      const alone = await verify(forgery);
      expect([alone.status, alone.out]).toEqual([0, expect.stringMatching(/key comes from this/)]);
      for (const given of pinsOf(dir)) {
        const { status, out } = await verify(forgery, ...given);
        expect([status, out]).toEqual([1, expect.stringMatching(/the manifest: no known key/)]);
      }
    });

    it('is told from a real one, which every pin of the log accepts', async () => {
      for (const pins of pinsOf(dir)) expect((await verify(dir, ...pins)).status).toBe(0);
    });

    it('is not taken as pinned by a policy that names neither log nor witness', async () => {
      const policy = join(folder, 'nothing');
      writeFileSync(policy, 'quorum none\n');
      expect((await verify(dir, '--policy', policy)).out).toMatch(/key comes from this export/);
    });

    it('tells the terminal nothing', async () => {
      const mine = generateSigningKey(
        parseVerifierKey(keysOf(dir)[0]?.vkeys[0] ?? '').name,
        SIGNATURE_TYPES.ed25519,
      );
      const keys = [{ generation: 1, vkeys: [mine.vkey], signature: null }];
      const evil = '\u001b]0;x\u0007\u009b31m\u202eevil\u2066\u2028proved: all';
      const forgery = forged(dir, keys, mine, { exportedBy: evil, filter: { room: evil } });
      const told = [
        await verify(forgery),
        await verify(
          changed(forgery, 'entries.ndjson', (text) =>
            text
              .replace(/"id":"[^"]+"/, '"id":"\\u001b[31m"')
              .replace('"outcome":"ok"', '"outcome":"no"'),
          ),
        ),
      ];
      for (const { out } of told) {
        expect(out).not.toMatch(/[\u001b\u0007\u009b\u202e\u2066\u2028]/);
        expect(out).toContain('\\u{1b}');
      }
    });
  });

  it('with a filter holds what matches, with a proof for each', async () => {
    const dir = await exported('--filter', '{"room":"board"}', '--without-people');
    const { status, out } = await verify(dir);
    expect([status, out]).toEqual([0, expect.stringMatching(/not proved: that the filter/)]);
    const text = readFileSync(join(dir, 'entries.ndjson'), 'utf8');
    expect(text.trim().split('\n')).toHaveLength(1);
    expect(text).not.toMatch(/salt|admin@/);
    expect(existsSync(join(dir, 'tile/1'))).toBe(true);
    expect(readdirSync(join(dir, 'tile'))).not.toContain('entries');
  });

  it('is written once, of a time that has entries, and is an entry itself', async () => {
    const dir = await exported('--from', '2020-01-01T00:00:00Z');
    const again = await runCli(app, ['ledger', 'export', dir]);
    expect([again.status, again.err]).toEqual([1, expect.stringMatching(/exists already/)]);
    const none = await runCli(app, [
      'ledger',
      'export',
      '--to',
      '2020-01-01T00:00:00Z',
      newFolder(),
    ]);
    expect(none.status).toBe(1);
    const wrong = await runCli(app, ['ledger', 'export', '--filter', '{"rom":"x"}', newFolder()]);
    expect([wrong.status, wrong.err]).toEqual([1, expect.stringMatching(/rom/)]);
    const [entry] = (await app.ledger('ledger.exported')).slice(-1);
    expect(entry?.payload).toMatchObject({ from: '2020-01-01T00:00:00.000Z', filter: null });
  });

  it('is proved by any Ed25519 key from which its own follows', async () => {
    const before = await exported();
    const old = keysOf(before)[0]?.vkeys as string[];
    await app.app.get(LedgerKeys).rotate(SYSTEM_ACTOR);
    await ledger.sealed();
    const after = await exported();
    const [, next] = keysOf(after);
    const [a1, a2] = [old, next?.vkeys ?? []].map((vkeys) =>
      ed25519Of(vkeys.map((vkey) => ({ vkey }))),
    ) as [string, string];
    for (const [dir, key, status] of [
      [before, a1, 0],
      [before, a2, 1],
      [after, a1, 0],
      [after, a2, 0],
    ] as const) {
      expect((await verify(dir, '--key', key)).status).toBe(status);
    }
    for (const other of old.filter((vkey) => vkey !== a1)) {
      const { status, out } = await verify(before, '--key', other);
      expect([status, out]).toEqual([1, expect.stringMatching(/give its Ed25519 key as well/)]);
    }
    expect(await runCli(app, ['ledger', 'verify'])).toMatchObject({ status: 0 });
  });

  it('does not stop the sealing of what runs', () => {
    expect(app.app.get(LedgerSealing).state).toBe('sealing');
  });
});
