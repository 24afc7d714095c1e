import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { runCli, runNode } from '../../../test/support/run-cli.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { SIGNATURE_TYPES } from '../tree/note.js';
import { generateSigningKey } from '../tree/note-keys.js';

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
    expect((await verify(dir, '--key', keys[0]!.vkey)).status).toBe(0);
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

  it('says the same about the first wrong entry as ledger verify', async () => {
    for (const [sql, undo] of [
      [
        `UPDATE ledger_entry SET reason = 'x' WHERE room = 'room 11' AND seq < 300`,
        `UPDATE ledger_entry SET reason = NULL WHERE room = 'room 11' AND seq < 300`,
      ],
      [
        `UPDATE ledger_entry SET identity = 'x' WHERE room = 'room 12' AND seq < 300`,
        `UPDATE ledger_entry SET identity = 'person 12' WHERE room = 'room 12' AND seq < 300`,
      ],
    ]) {
      await whileTampered(sql!, undo!, async () => {
        const here = await runCli(app, ['ledger', 'verify']);
        const there = await verify(await exported());
        expect([here.status, there.status]).toEqual([1, 1]);
        expect(idOf(there.out)).toBe(idOf(here.out));
        expect(idOf(there.out)).toMatch(/^[0-9a-z]+-\d+-\d+$/);
      });
    }
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

  it('does not stop the sealing of what runs', () => {
    expect(app.app.get(LedgerSealing).state).toBe('sealing');
  });
});
