import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { SYSTEM_ACTOR } from '../../src/actor/actor.js';
import { LedgerService } from '../../src/ledger/ledger.service.js';
import { parseCheckpoint } from '../../src/ledger/tree/checkpoint.js';
import { toHex } from '../../src/ledger/tree/bytes.js';
import { parseNote } from '../../src/ledger/tree/note.js';
import { describeWithGo } from '../support/go-program.js';
import { startTestApp, type TestApp } from '../support/test-app.js';
import { until } from '../support/until.js';

jest.setTimeout(900_000);

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

  it("are what Tessera's fsck expects, over HTTP and in the mirror", async () => {
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
    const { body } = await app.inject('GET', '/api/v1/ledger/keys');
    // The first byte of the key says Ed25519: what Go's own note package reads.
    const vkey = body.keys
      .map((key: { vkey: string }) => key.vkey)
      .find((key: string) => key.split('+')[2]?.startsWith('A') && key.length < 200);
    writeFileSync(join(folder, 'vkey'), vkey);
    const key = await app.newApiKey(['ledger.read']);
    const bearer = String(key.headers['authorization']).replace('Bearer ', '');
    const root = toHex(checkpoint.root);
    for (const storage of [`${url}/ledger/`, `file://${join(app.database.home, 'ledger')}/`]) {
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
