import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { SYSTEM_ACTOR } from '../../src/actor/actor.js';
import { LedgerService } from '../../src/ledger/ledger.service.js';
import { LedgerKeys } from '../../src/ledger/sealing/ledger-keys.js';
import { parseCheckpoint, signCheckpoint } from '../../src/ledger/tree/checkpoint.js';
import { toHex } from '../../src/ledger/tree/bytes.js';
import { parseNote, SIGNATURE_TYPES } from '../../src/ledger/tree/note.js';
import { generateSigningKey } from '../../src/ledger/tree/note-keys.js';
import { describeWithGo } from '../support/go-program.js';
import { LedgerWorld } from '../support/ledger-world.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

jest.setTimeout(900_000);

/** On modules of the Go project and of Torchwood, which share no code with Tessera. */
const TLOG_CHECK = { folder: 'tools/tlog-check' };
const FSCK = { module: 'github.com/transparency-dev/tessera/cmd/fsck', version: 'v1.0.4' };

describeWithGo('the tiles of the ledger', FSCK, (fsck) => {
  let app: TestApp;
  let folder: string;
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rolecall-fsck-'));
    app = await startTestApp();
    await app.app.listen({ host: '127.0.0.1', port: 0 });
    url = await app.app.getUrl();
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const check = (storage: string, bearer: string) =>
    new Promise<string>((resolve, reject) => {
      const child = spawn(fsck, [
        `--storage_url=${storage}`,
        `--bearer_token=${bearer}`,
        `--public_key=${join(folder, 'vkey')}`,
        '--ui=false',
        '--N=2',
      ]);
      let out = '';
      child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.once('error', reject);
      child.once('close', () => resolve(out));
    });

  it("are what Tessera's fsck expects, in the mirror and over HTTP", async () => {
    const ledger = app.app.get(LedgerService);
    await Promise.all(
      Array.from({ length: 1_500 }, (_, i) =>
        ledger.appendDurably({
          kind: 'room.created',
          outcome: 'ok',
          actor: SYSTEM_ACTOR,
          room: `room ${i}`,
          identity: i % 2 === 0 ? `person ${i}` : null,
          payload: { text: 'é'.repeat(i % 40) },
        }),
      ),
    );
    const checkpoint = await until('everything is sealed and mirrored', async () => {
      const { body } = await app.inject('GET', '/api/v1/status', { as: app.admin });
      const { sealed, mirror } = body.ledger;
      if (!sealed || sealed.size < 1_500 || mirror.size !== sealed.size) return null;
      const { text } = await app.inject('GET', '/ledger/checkpoint');
      const parsed = parseCheckpoint(parseNote(text).text);
      return parsed.size === sealed.size ? parsed : null;
    });
    const vkey = await ed25519KeyOf(app);
    writeFileSync(join(folder, 'vkey'), vkey);
    const key = await app.newApiKey(['ledger.read']);
    const bearer = String(key.headers['authorization']).replace('Bearer ', '');
    const root = toHex(checkpoint.root);
    // Over HTTP last: reading the log is an entry, with which it grows.
    for (const storage of [`file://${join(app.database.home, 'ledger')}/`, `${url}/ledger/`]) {
      const out = await check(storage, bearer);
      expect(out).toMatch(/Successfully fsck'd log/);
      if (storage.startsWith('file')) expect(out).toContain(`size ${checkpoint.size} and root`);
      if (storage.startsWith('file')) expect(out).toContain(root);
    }
    // Its answer means something: it finds one changed byte.
    writeFileSync(join(app.database.home, 'ledger/tile/0/001'), Buffer.alloc(8_192, 7));
    expect(await check(`file://${join(app.database.home, 'ledger')}/`, bearer)).not.toMatch(
      /Successfully/,
    );
  });
});

describeWithGo('the log over HTTP', TLOG_CHECK, (program) => {
  let app: TestApp;
  let folder: string;
  let url: string;
  let bearer: string;
  let vkey: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rolecall-tlog-check-'));
    app = await startTestApp();
    await app.app.listen({ host: '127.0.0.1', port: 0 });
    url = `${await app.app.getUrl()}/ledger`;
    const key = await app.newApiKey(['ledger.read']);
    bearer = String(key.headers['authorization']).replace('Bearer ', '');
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const check = (given: Record<string, string>) =>
    new Promise<{ code: number | null; out: string }>((resolve, reject) => {
      const all = { url, key: vkey, bearer, ...given };
      const child = spawn(
        program,
        Object.entries(all).map(([name, value]) => `-${name}=${value}`),
      );
      let out = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.on('data', (chunk: Buffer) => (out += chunk.toString()));
      }
      child.once('error', reject);
      child.once('close', (code) => resolve({ code, out }));
    });

  it("is proved by Go's own packages for transparency logs, and a changed tile is noticed", async () => {
    const world = new LedgerWorld(app);
    await world.write(300);
    const older = await world.sealed();
    await world.write(400);
    const newer = await world.sealed();
    vkey = await ed25519KeyOf(app);
    const since = join(folder, 'checkpoint');
    writeFileSync(since, older.note);
    const [entry] = (await app.ledger('room.created')).slice(-1);
    const place = await app.sql<{ leaf: string }>(
      `SELECT first_index + $1 - first_seq AS leaf FROM ledger_range
       WHERE $1 BETWEEN first_seq AND first_seq + count - 1`,
      [entry?.seq],
    );
    const leaf = String(place[0]?.leaf);
    const proved = await check({ leaf, since });
    expect(proved).toMatchObject({ code: 0 });
    expect(proved.out).toContain(`${newer.size} entries, root ${toHex(newer.root)}`);
    expect(proved.out).toContain(`"seq":${entry?.seq},`);
    expect(proved.out).toContain(
      `the tree of ${newer.size} entries continues that of ${older.size}`,
    );

    // The log's own key on another history, and another key on this one.
    const { signers } = await app.app.get(LedgerKeys).read();
    writeFileSync(since, signCheckpoint({ ...older, root: newer.root }, signers));
    expect((await check({ leaf, since })).out).toMatch(/not proved: -since: /);
    const foreign = generateSigningKey(older.origin, SIGNATURE_TYPES.ed25519);
    writeFileSync(since, signCheckpoint(older, [foreign]));
    expect((await check({ leaf, since })).out).toMatch(
      /not proved: -since: note has no verifiable/,
    );

    const byte = `set_byte(hashes, 200, get_byte(hashes, 200) # 1)`;
    await world.tamper(`UPDATE ledger_tile SET hashes = ${byte} WHERE level = 0 AND index = 1`);
    expect(await check({ leaf: '300' })).toMatchObject({ code: 1 });
    expect((await check({ leaf: '300' })).out).toContain('not proved');
  });
});

/** The first byte of the key says Ed25519: what Go's own note package reads. */
async function ed25519KeyOf(app: TestApp): Promise<string> {
  const { body } = await app.inject('GET', '/api/v1/ledger/keys');
  return body.keys
    .map((key: { vkey: string }) => key.vkey)
    .find((key: string) => key.split('+')[2]?.startsWith('A') && key.length < 200);
}
