import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { fromHex, toHex } from '../tree/bytes.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { verifiersOf } from '../tree/note-keys.js';
import { verifyConsistency, verifyInclusion } from '../tree/merkle.js';
import { treeHasher } from '../tree/sha256.js';
import { decodeBundle, splitHashes, tilesBetween, tilePath } from '../tree/tiles.js';
import { TreeEdge } from '../tree/tree-edge.js';
import { LedgerMirror } from './ledger-mirror.js';
import { LedgerSealing } from './ledger-sealing.js';
import { MirrorWriter } from './mirror-writer.js';
import { SealLock } from './seal-lock.js';
import { Sealer } from './sealer.js';
import { TreeReader } from './tree-reader.js';
import { TreeStore } from './tree-store.js';
import { checkpointIn, LedgerWorld } from '../../../test/support/ledger-world.js';

let app: TestApp;
let world: LedgerWorld;

beforeEach(async () => {
  app = await startTestApp();
  world = new LedgerWorld(app);
});
afterEach(() => app.stop());

const verifiers = async () => {
  const { body } = await app.inject('GET', '/api/v1/ledger/keys');
  const keys = body.keys as { vkey: string; retiredAt: string | null }[];
  return { origin: body.origin as string, keys, all: verifiersOf(keys.map(({ vkey }) => vkey)) };
};

describe('sealing', () => {
  it('puts entries of all shards into the tree exactly once, in order, and proves each', async () => {
    await Promise.all([world.write(700), app.newRoom()]);
    await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'a', title: 'A' } });
    const { size, note } = await world.sealed();
    const { origin, all } = await verifiers();
    expect(openCheckpoint(note, origin, all).size).toBe(size);

    const rows = await app.sql<{ shard: number; seq: string }>(
      `SELECT r.shard, r.first_seq + n AS seq, r.first_index + n AS index FROM ledger_range r,
       generate_series(0, r.count - 1) n ORDER BY 3`,
    );
    expect(rows).toHaveLength(size);
    expect(new Set(rows.map(({ shard, seq }) => `${shard}/${seq}`)).size).toBe(size);
    const last = new Map<number, number>();
    for (const { shard, seq } of rows) {
      expect(Number(seq)).toBe((last.get(shard) ?? 0) + 1);
      last.set(shard, Number(seq));
    }
    expect(last.size).toBeGreaterThan(1);

    const { body } = await app.inject('GET', '/api/v1/ledger?limit=200', { as: app.admin });
    for (const { id } of [...body.data.slice(0, 20), body.data[199]]) {
      const { body: proof } = await app.inject('GET', `/api/v1/ledger/${id}/proof`, {
        as: app.admin,
      });
      expect(proof.entry.id).toBe(id);
      // Looking is an entry too, so the tree may have grown since.
      const { root } = openCheckpoint(proof.checkpoint, origin, all);
      const holds = verifyInclusion(
        treeHasher,
        fromHex(proof.leafHash) as Uint8Array,
        proof.index,
        proof.treeSize,
        proof.inclusion.map(fromHex),
        root,
      );
      expect([id, holds]).toEqual([id, true]);
    }
  });

  it('serves tiles and bundles that lead to the root of the checkpoint', async () => {
    await world.write(600);
    const { size, root } = await world.sealed();
    const edge = new TreeEdge(treeHasher);
    for (const tile of tilesBetween(0, size).filter(({ level }) => level === 0)) {
      const path = tilePath(tile);
      const { rawPayload } = await app.app.inject({ method: 'GET', url: `/ledger/${path}` });
      const bundle = await app.app.inject({
        method: 'GET',
        url: `/ledger/${path.replace('tile/0', 'tile/entries')}`,
        headers: app.admin.headers,
      });
      const leaves = decodeBundle(bundle.rawPayload)?.map((data) => toHex(treeHasher.leaf(data)));
      const hashes = splitHashes(rawPayload);
      expect(leaves).toEqual(hashes.map(toHex));
      edge.append(hashes);
    }
    expect(toHex(edge.root())).toBe(toHex(root));
    for (const path of ['tile/0/999', 'tile/0/000.p/0', 'tile/7/000.p/1', 'tile/x', 'tile/0/002']) {
      expect([path, (await app.inject('GET', `/ledger/${path}`)).status]).toEqual([path, 404]);
    }
    // A narrower tile was served for an earlier checkpoint, and its hashes are the same.
    const narrow = await app.app.inject({ method: 'GET', url: '/ledger/tile/0/000.p/3' });
    expect(narrow.rawPayload).toHaveLength(96);
    expect(narrow.headers['cache-control']).toContain('immutable');
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['a-*'] }]);
    const forbidden = await app.inject('GET', '/ledger/tile/entries/000', { as: limited });
    expect([
      (await app.inject('GET', '/ledger/tile/entries/000')).status,
      forbidden.status,
    ]).toEqual([401, 403]);
  });

  it('lets bundles be kept while their entries are right, and counts them apart', async () => {
    await world.write(300);
    const { size } = await world.sealed();
    await world.byHand();
    const cachingOf = async (path: string) =>
      (await app.inject('GET', `/ledger/tile/entries/${path}`, { as: app.admin })).headers[
        'cache-control'
      ];
    expect(await cachingOf('000')).toBe('private, max-age=31536000, immutable');
    expect(await cachingOf(`001.p/${size - 256}`)).toBe('private, no-store');
    await world.tamper(`UPDATE ledger_entry SET room = 'x' WHERE seq = 20`);
    expect(await cachingOf('000')).toBe('private, no-store');
    await app.stop();

    app = await startTestApp({ overrides: { rateOperator: { points: 10, seconds: 60 } } });
    await new LedgerWorld(app).sealed();
    const statuses = async (url: string) =>
      Promise.all(
        Array.from(
          { length: 30 },
          async () => (await app.inject('GET', url, { as: app.admin })).status,
        ),
      );
    expect(new Set(await statuses('/ledger/tile/entries/999'))).toEqual(new Set([404]));
    expect((await statuses('/api/v1/status')).filter((status) => status === 200)).toHaveLength(10);
  });

  it('answers 409 with Retry-After until an entry is sealed, and says so of entries without leaf', async () => {
    await world.byHand();
    await world.write(1);
    const { body } = await app.inject('GET', '/api/v1/ledger?limit=1', { as: app.admin });
    const path = `/api/v1/ledger/${body.data[0].id}/proof`;
    const early = await app.inject('GET', path, { as: app.admin });
    expect([early.status, early.body.code, early.headers['retry-after']]).toEqual([
      409,
      'ledger.not_sealed',
      '1',
    ]);
    await app.app.get(Sealer).pass();
    expect((await app.inject('GET', path, { as: app.admin })).status).toBe(200);
  });

  it('writes a whole mirror, and goes on where it was cut off', async () => {
    await world.write(300);
    const first = await world.sealed();
    await world.mirrored(first.size);
    await world.byHand();
    await world.write(300);
    await app.app.get(Sealer).pass(); // committed, and the machine stops before the mirror is written
    const second = await world.newest();
    expect(checkpointIn(await world.mirrored(first.size)).size).toBe(first.size);
    await app.app.get(MirrorWriter).pass(() => true);
    expect(await world.mirrored(second?.size ?? Infinity)).toBe(second?.note);
    const files = tilesBetween(0, second?.size ?? 0).map(tilePath);
    const edge = new TreeEdge(treeHasher);
    for (const path of files.filter((one) => one.startsWith('tile/0/'))) {
      const bytes = readFileSync(join(world.mirrorFolder, path));
      const bundle = readFileSync(join(world.mirrorFolder, path.replace('tile/0', 'tile/entries')));
      expect(decodeBundle(bundle)?.map((data) => toHex(treeHasher.leaf(data)))).toEqual(
        splitHashes(bytes).map(toHex),
      );
      edge.append(splitHashes(bytes));
    }
    expect(toHex(edge.root())).toBe(toHex(second?.root as Uint8Array));
    // The partial forms of what is full are gone: there may be 255 of each tile.
    expect(readdirSync(join(world.mirrorFolder, 'tile/0')).filter((name) => name < '002')).toEqual([
      '000',
      '001',
    ]);

    // A new mirror gets everything.
    rmSync(world.mirrorFolder, { recursive: true });
    await app.app.get(MirrorWriter).pass(() => true);
    for (const path of files)
      expect(statSync(join(world.mirrorFolder, path)).size).toBeGreaterThan(0);
  });

  it('does not fork when two sealers work at once, or one wakes up late', async () => {
    await world.sealed();
    await world.byHand();
    const other = await startTestApp({ database: app.database });
    try {
      await other.app.get(LedgerSealing).onModuleDestroy();
      const sealers = [app.app.get(Sealer), other.app.get(Sealer)];
      for (let round = 0; round < 10; round++) {
        await (round % 2 === 0 ? world : new LedgerWorld(other)).write(40);
        await Promise.all(sealers.map((sealer) => sealer.pass()));
      }
      await sealers[0]?.pass();
      const { size } = (await world.newest()) ?? { size: 0 };
      expect(size).toBe(await world.entries());
      const rows = await app.sql<{ size: string; root: Buffer }>(
        'SELECT size, root FROM ledger_checkpoint ORDER BY size',
      );
      const reader = app.app.get(TreeReader);
      for (const row of rows) {
        const older = { size: Number(row.size), root: row.root };
        const proof = await reader.consistencyProof(older.size, size);
        const newer = { size, root: rows.at(-1)?.root as Buffer };
        expect(verifyConsistency(treeHasher, older, newer, proof)).toBe(true);
      }
    } finally {
      await other.stop();
    }
  });

  it('of two servers, lets one seal, and another one when it ends', async () => {
    await world.sealed();
    const other = await startTestApp({ database: app.database });
    try {
      await until('it waits', () => other.app.get(LedgerSealing).state === 'standby');
      await app.app.get(LedgerSealing).onModuleDestroy();
      app.app.get(SealLock).onApplicationShutdown();
      await new LedgerWorld(other).write(3);
      await until('the other one seals', () => other.app.get(LedgerSealing).state === 'sealing');
      await world.sealed();
    } finally {
      await other.stop();
    }
  });
});

describe('the application’s role', () => {
  it('can change nothing of the tree, and add no second history', async () => {
    const { size } = await world.sealed();
    await world.byHand();
    const client = new pg.Client({ connectionString: app.database.appUrl });
    await client.connect();
    try {
      const tables = ['ledger_tile', 'ledger_range', 'ledger_checkpoint', 'ledger_key'];
      for (const table of tables) {
        await expect(client.query(`DELETE FROM ${table}`)).rejects.toThrow('permission denied');
        await expect(client.query(`INSERT INTO ${table} DEFAULT VALUES`)).rejects.toThrow(
          'permission denied',
        );
      }
      const seal = (from: number, seq: number) =>
        client.query<{ ok: boolean }>(
          `SELECT ledger_seal($1, 1, sha256(''), 'x', '{}', '{}', '{}', '{}', '{0}', ARRAY[$2::bigint], '{1}', '{1}', '{1}') AS ok`,
          [from, seq],
        );
      expect((await seal(size - 1, 1)).rows[0]?.ok).toBe(false);
      await expect(seal(size, 1)).rejects.toThrow('shard 0 goes on at');
      const prune = `SELECT ledger_prune_checkpoints(100) AS n`;
      expect((await client.query<{ n: string }>(prune)).rows[0]?.n).toBe('0');
    } finally {
      await client.end();
    }
    for (const table of ['ledger_tile', 'ledger_range', 'ledger_checkpoint', 'ledger_key']) {
      await expect(app.sql(`TRUNCATE ${table}`)).rejects.toThrow('only grows');
    }
    await expect(app.sql('DELETE FROM ledger_checkpoint')).rejects.toThrow('only grows');
  });

  it('keeps of old checkpoints the last one of each hour', async () => {
    await world.sealed();
    await world.byHand();
    const at = (size: number, instant: string) =>
      `INSERT INTO ledger_checkpoint (size, root, note, at) VALUES (${size}, sha256('x'), 'x', '${instant}')`;
    await app.database.asOwner(
      at(1_000, '2020-01-01T10:00:01Z'),
      at(1_001, '2020-01-01T10:00:02Z'),
      at(1_002, '2020-01-01T10:59:59Z'),
      at(1_003, '2020-01-01T11:00:00Z'),
    );
    await app.app.get(TreeStore).pruneCheckpoints();
    const rows = await app.sql<{ size: string }>(
      'SELECT size FROM ledger_checkpoint WHERE size >= 1000 ORDER BY size',
    );
    expect(rows.map(({ size }) => Number(size))).toEqual([1_002, 1_003]);
  });
});

describe('the mirror', () => {
  it('is reported when it cannot be written', async () => {
    const { size } = await world.sealed();
    await world.mirrored(size);
    rmSync(world.mirrorFolder, { recursive: true });
    writeFileSync(world.mirrorFolder, 'in the way');
    await world.write(1);
    await until('it is reported', async () => {
      const { body } = await app.inject('GET', '/readyz');
      return body.ledger.problems.includes('mirror_failing');
    });
    rmSync(world.mirrorFolder);
    await world.write(1);
    await world.mirrored((await world.sealed()).size);
    expect(app.app.get(LedgerMirror).store.place).toBe(world.mirrorFolder);
  });

  it('gets no bundle with an entry that was changed, and says which', async () => {
    await world.byHand();
    await world.write(3);
    await app.app.get(Sealer).pass();
    const [entry] = await app.sql<{ shard: number; seq: string }>(
      'SELECT shard, seq FROM ledger_entry WHERE shard > 0 ORDER BY seq DESC LIMIT 1',
    );
    await app.database.asOwner(
      'ALTER TABLE ledger_entry DISABLE TRIGGER USER',
      `UPDATE ledger_entry SET room = 'another' WHERE shard = ${entry?.shard} AND seq = ${entry?.seq}`,
    );
    await expect(app.app.get(MirrorWriter).pass(() => true)).rejects.toThrow(
      new RegExp(`-${entry?.shard}-${entry?.seq} is not what its leaf was made from`),
    );
  });
});
