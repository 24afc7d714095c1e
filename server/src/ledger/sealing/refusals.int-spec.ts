import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { openCheckpoint } from '../tree/checkpoint.js';
import { generationsOf, keyChainProblem } from '../tree/key-chain.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey, verifiersOf } from '../tree/note-keys.js';
import { LedgerKeys } from './ledger-keys.js';
import { LedgerSealing } from './ledger-sealing.js';
import { Sealer } from './sealer.js';
import { SealingStopped } from './sealing-stopped.js';
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

describe('the sealer refuses to sign', () => {
  const refusal = async (): Promise<string> => {
    const sealer = app.app.get(Sealer);
    sealer.forget();
    return sealer.pass().then(
      () => 'signed',
      (error: unknown) => {
        if (error instanceof SealingStopped) return error.code;
        throw error;
      },
    );
  };
  it('when Postgres was put back to an older state', async () => {
    const before = await world.sealed();
    await world.write(20);
    const { size } = await world.sealed();
    await world.mirrored(size);
    await world.byHand();
    await world.tamper(
      `DELETE FROM ledger_checkpoint WHERE size > ${before.size}`,
      `DELETE FROM ledger_range WHERE first_index >= ${before.size}`,
    );
    expect(await refusal()).toBe('postgres_behind');
    await world.tamper('TRUNCATE ledger_checkpoint, ledger_range, ledger_tile, ledger_key');
    Object.assign(app.app.get(LedgerKeys), { loaded: null });
    expect(await refusal()).toBe('postgres_behind');
  });

  it('when leaves or tiles were rewritten, and goes on when they are as they were', async () => {
    await world.write(300);
    const { size } = await world.sealed();
    await world.mirrored(size);
    await world.byHand();
    const flip = (column: string) =>
      `${column} = set_byte(${column}, 0, get_byte(${column}, 0) # 1)`;
    const tile = `UPDATE ledger_tile SET ${flip('root')}`;
    const leaf = `UPDATE ledger_entry SET ${flip('leaf_hash')} FROM ledger_range r
      WHERE r.first_index >= 256 AND ledger_entry.shard = r.shard AND seq = r.first_seq`;
    for (const change of [tile, leaf]) {
      await world.tamper(change);
      expect(await refusal()).toBe('tree_changed');
      await world.tamper(change);
      expect(await refusal()).toBe('signed');
    }
  });

  it('when the whole tree was made again with another history, and the mirror has the old one', async () => {
    await world.write(30);
    const { size } = await world.sealed();
    await world.mirrored(size);
    const own = join(app.database.home, 'ledger-checkpoint');
    await world.byHand();
    await world.tamper(
      'TRUNCATE ledger_checkpoint, ledger_range, ledger_tile',
      `UPDATE ledger_entry SET leaf_hash = sha256(leaf_hash) WHERE seq = 1`,
    );
    // The attacker even has the key, and makes the server forget what it signed and mirrored.
    rmSync(own);
    const kept = readFileSync(join(world.mirrorFolder, 'checkpoint'));
    rmSync(join(world.mirrorFolder, 'checkpoint'));
    expect(await refusal()).toBe('signed');
    rmSync(own);
    writeFileSync(join(world.mirrorFolder, 'checkpoint'), kept);
    expect(await refusal()).toBe('tree_changed');
  });

  it('when its key is gone or is another one, and lets a server that has it', async () => {
    await world.sealed();
    await world.byHand();
    const file = join(app.database.home, 'ledger-key');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const key = readFileSync(file, 'utf8');
    const reload = () => {
      Object.assign(app.app.get(LedgerKeys), { loaded: null });
    };
    rmSync(file);
    reload();
    expect(await refusal()).toBe('key_missing');
    writeFileSync(file, key.replace(/^1\n/, '2\n'));
    reload();
    expect(await refusal()).toBe('key_changed');
    writeFileSync(file, key);
    reload();
    expect(await refusal()).toBe('signed');
  });

  it('when the database names a key beside its own', async () => {
    const { note } = await world.sealed();
    await world.byHand();
    const { origin } = checkpointIn(note);
    const { vkey } = generateSigningKey(origin, SIGNATURE_TYPES.ed25519);
    await world.tamper(`INSERT INTO ledger_key (generation, vkey) VALUES (1, '${vkey}')`);
    Object.assign(app.app.get(LedgerKeys), { loaded: null });
    expect(await refusal()).toBe('key_changed');
  });

  it('aloud: in the log, in status, in the probe and in an entry', async () => {
    const { size } = await world.sealed();
    await world.mirrored(size);
    await world.tamper('TRUNCATE ledger_checkpoint, ledger_range, ledger_tile');
    await until('it stops', () => app.app.get(LedgerSealing).state === 'stopped');
    const { body } = await app.inject('GET', '/api/v1/status', { as: app.admin });
    expect(body.ledger.sealing).toBe('stopped');
    expect(body.ledger.problems.map(({ code }: { code: string }) => code)).toContain(
      'postgres_behind',
    );
    const ready = await app.inject('GET', '/readyz');
    expect([ready.status, ready.body.ledger.problems]).toEqual([
      200,
      expect.arrayContaining(['postgres_behind']),
    ]);
    const stopped = await until('an entry', async () => {
      const found = await app.ledger('ledger.sealing_stopped');
      return found.length > 0 && found;
    });
    expect(stopped.map(({ payload }) => payload.code)).toEqual(['postgres_behind']);
    expect(checkpointIn(world.mirrorCheckpoint() ?? '').size).toBe(size);
  });

  it('what is missing in a shard, and seals the others', async () => {
    await world.sealed();
    await world.byHand();
    await world.write(5);
    await app.inject('POST', '/api/v1/rooms', { as: app.admin, body: { name: 'b', title: 'B' } });
    const [lost] = await app.sql<{ shard: number; seq: string }>(
      `SELECT shard, seq FROM ledger_entry e WHERE shard > 0 AND seq > coalesce((SELECT max(first_seq + count)
         FROM ledger_range r WHERE r.shard = e.shard), 0) ORDER BY seq LIMIT 1`,
    );
    await world.tamper(
      `DELETE FROM ledger_entry WHERE shard = ${lost?.shard} AND seq = ${lost?.seq}`,
    );
    const before = (await world.newest())?.size ?? 0;
    const batch = await app.app.get(Sealer).pass();
    expect(batch?.missing).toEqual([{ shard: lost?.shard, seq: Number(lost?.seq) }]);
    expect((await world.newest())?.size).toBeGreaterThan(before);
  });
});

describe('the keys of the log', () => {
  it('are handed over by the old ones, also when the rotation is cut off', async () => {
    await world.sealed();
    const keys = app.app.get(LedgerKeys);
    await keys.rotate(SYSTEM_ACTOR);
    await world.write(1);
    const { note } = await world.sealed();
    const { origin, keys: listed, all } = await verifiers();
    const stored = await app.app.get(TreeStore).keys();
    expect(keyChainProblem(origin, generationsOf(stored), verifiersOf)).toBeNull();
    const current = listed.filter(({ retiredAt }) => retiredAt === null).map(({ vkey }) => vkey);
    expect(listed.length).toBe(2 * current.length);
    expect(openCheckpoint(note, origin, verifiersOf(current)).size).toBeGreaterThan(0);
    expect(all.length).toBe(listed.length);
    expect(await app.ledger('ledger.key_rotated')).toHaveLength(1);
    const forged = generationsOf(stored).map((one) =>
      one.generation === 2 ? { ...one, vkeys: one.vkeys.slice(1) } : one,
    );
    expect(keyChainProblem(origin, forged, verifiersOf)).toContain('other keys');

    // The process ends after the commit, before the file is in its place.
    const file = join(app.database.home, 'ledger-key');
    const before = readFileSync(file);
    await keys.rotate(SYSTEM_ACTOR);
    writeFileSync(`${file}.next`, readFileSync(file));
    writeFileSync(file, before);
    Object.assign(keys, { loaded: null });
    expect((await keys.read()).generation).toBe(3);
  });
});
