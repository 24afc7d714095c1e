import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { Dice, type Tamper, Tamperer } from '../../../test/support/tampering.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { WitnessProcess } from '../../../test/support/witness-process.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { parseLedgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { MirrorWriter } from '../sealing/mirror-writer.js';
import { TreeStore } from '../sealing/tree-store.js';
import { fromText } from '../tree/bytes.js';
import { encodeBundle, parseTilePath, TILE_WIDTH } from '../tree/tiles.js';
import type { Anchor } from './authentic-tiles.js';
import { EntryReader } from './entry-reader.js';
import type { Finding } from './finding.js';
import { LedgerTables } from './ledger-tables.js';
import { toFoundEntry } from './stored-entries.js';
import type { TreeCopy } from './tree-verifier.js';
import { LedgerVerification } from './verification.js';
import { type Outside, verifySnapshot } from './verify-snapshot.js';

/** `npm run tamper-test` sets more. */
const TAMPERS = Number(process.env.TEST_TAMPERS ?? 150);
const SEED = Number(process.env.TEST_TAMPER_SEED ?? Date.now() % 1_000_000);

let app: TestApp;
let owner: pg.Client;
let witness: WitnessProcess;
const folder = mkdtempSync(join(tmpdir(), 'rolecall-tampering-'));

async function write(count: number, from: number): Promise<void> {
  const ledger = app.app.get(LedgerService);
  const identities = ['ana', 'ben', null];
  for (let i = 0; i < count; i += 25) {
    await Promise.all(
      Array.from({ length: Math.min(25, count - i) }, (_, k) =>
        ledger.appendDurably({
          kind: k % 2 === 0 ? 'participant.joined' : 'token.issued',
          outcome: 'ok',
          actor: { ...SYSTEM_ACTOR, ip: k % 5 === 0 ? '203.0.113.7' : null },
          room: `room ${(from + i + k) % 7}`,
          identity: identities[k % 3] ?? null,
          reason: k % 4 === 0 ? 'because' : null,
          payload: { name: 'Ana', number: from + i + k, claims: { sub: 'ana' } },
        }),
      ),
    );
  }
}

beforeAll(async () => {
  witness = await new WitnessProcess(folder, []).start();
  const policy = join(folder, 'policy');
  writeFileSync(policy, `witness w ${witness.vkey} ${witness.url}\nquorum w\n`);
  app = await startTestApp({ environment: { ROLECALL_LEDGER_WITNESSES: policy } });
  await until('the first entries are sealed', () => app.app.get(TreeStore).newest());
  witness.know((await app.app.get(TreeStore).keys()).map(({ vkey }) => vkey));
  const world = new LedgerWorld(app);
  for (let i = 0; i < 9; i++) {
    await write(75, i * 75);
    await app.newRoom();
    await app.inject('POST', '/api/v1/rooms', {
      as: app.admin,
      body: { name: `hall-${i}`, title: 'Hall' },
    });
    // What the log shows is cosigned.
    await world.sealed();
  }
  await app.app.get(LedgerSealing).onModuleDestroy();
  await app.app.get(MirrorWriter).pass(() => true);
  await write(10, 10_000);
  owner = new pg.Client({ connectionString: app.database.ownerUrl });
  await owner.connect();
  const { rows } = await owner.query<{ name: string }>(
    `SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass
     UNION ALL SELECT unnest(ARRAY['ledger_entry', 'ledger_head', 'ledger_tile', 'ledger_range',
       'ledger_checkpoint', 'ledger_key'])`,
  );
  for (const { name } of rows) await owner.query(`ALTER TABLE ${name} DISABLE TRIGGER USER`);
});

afterAll(async () => {
  await owner?.end();
  await app?.stop();
  await witness?.kill();
  rmSync(folder, { recursive: true });
});

/** A mirror that the database's owner has rewritten, so that it says what the tables say. */
async function mirrorOfTables(size: number): Promise<TreeCopy> {
  const tables = new LedgerTables(owner);
  const ranges = await tables.ranges(0, 10_000);
  const bundle = async (index: number, width: number) => {
    const first = index * TILE_WIDTH;
    const data: Uint8Array[] = [];
    const within = ranges.filter(
      ({ firstIndex, count }) => firstIndex + count > first && firstIndex < first + width,
    );
    await new EntryReader(tables).readRanges(within, (leaf, row) => {
      if (leaf >= first && leaf < first + width)
        data[leaf - first] = fromText(toFoundEntry(row).text);
    });
    return data;
  };
  return {
    size,
    tiles: tables.tileSource,
    bundle,
    folder: null,
    file: async (path) => {
      const ref = parseTilePath(path);
      if (!ref) return null;
      const { level, index, width } = ref;
      if (level === null) return encodeBundle(await bundle(index, width));
      const hashes = await tables.tileSource({ level, index, width });
      return hashes && Buffer.concat(hashes);
    },
  };
}

/** What is left outside of the database when the mirror and the server's files are rewritten as well. */
async function witnessOnly(outside: Outside, size: number): Promise<Outside> {
  const anchors = outside.anchors.filter(({ name }) => name === 'the witness w');
  expect(anchors).toMatchObject([{ size }]);
  return { ...outside, anchors, mirror: await mirrorOfTables(size) };
}

/** The checkpoint after so many entries, as somebody kept it. */
async function keptCheckpoint({ open }: Outside, size: number): Promise<Anchor> {
  const next = await app.app.get(TreeStore).checkpointAfter(Math.floor(size), 0);
  return { ...open(next?.note ?? ''), name: 'the checkpoint of --since' };
}

function withSince(outside: Outside, since: Anchor): Outside {
  return { ...outside, since, anchors: [...outside.anchors, since] };
}

/** Only a root speaks against it, so the leaves that it may be are named. */
const RANGE = /^one of the leaves (\d+) to (\d+) was changed, says .+$/;

function isRight(
  { leaf, isEverywhere }: Tamper,
  finding: Finding,
  places: ReadonlyMap<number, string>,
): boolean {
  if (leaf === null) return true;
  const [, from, to] = (isEverywhere && RANGE.exec(finding.problem)) || [];
  if (from !== undefined) return Number(from) <= leaf && leaf <= Number(to);
  const ref = finding.entry === null ? null : parseLedgerId(finding.entry);
  return ref !== null && `${ref.shard}/${ref.seq}` === places.get(leaf);
}

describe('tampering by the owner of the database', () => {
  it(
    `${TAMPERS} times is found each time, with the entry, unless it was never sealed`,
    async () => {
      const newest = await app.app.get(TreeStore).newest();
      const { origin, signers } = await app.app.get(LedgerKeys).read();
      const dice = new Dice(SEED);
      const log = { origin, size: newest?.size ?? 0, unsealed: 10 };
      const tamperer = new Tamperer(owner, dice, log, signers);
      const places = new Map(
        (
          await app.sql<{ leaf: string; shard: number; seq: string }>(
            `SELECT first_index + n AS leaf, shard, first_seq + n AS seq
             FROM ledger_range, generate_series(0, count - 1) n`,
          )
        ).map(({ leaf, shard, seq }) => [Number(leaf), `${shard}/${seq}`]),
      );
      const outside = await app.app.get(LedgerVerification).readOutside(null);
      expect(outside.problems).toEqual([]);
      const clean = await verifySnapshot(owner, outside);
      expect(clean.finding).toBeNull();
      expect(clean.tree.size).toBeGreaterThan(600);

      const kept = await keptCheckpoint(outside, log.size / 2);
      const found = new Map<string, number>();
      const wrong: object[] = [];
      for (let i = 0; i < TAMPERS; i++) {
        await owner.query('BEGIN');
        try {
          const tamper = await tamperer.tamper();
          const all = tamper.isEverywhere ? await witnessOnly(outside, log.size) : outside;
          // What comes after a checkpoint that somebody kept is found from there as well.
          const isLater = tamper.leaf !== null && tamper.leaf >= kept.size;
          const known = isLater && dice.next() < 0.5 ? withSince(all, kept) : all;
          const { finding, tree } = await verifySnapshot(owner, known);
          const isAsWanted = tamper.isUnsealed
            ? finding === null
            : finding !== null && isRight(tamper, finding, places);
          if (!isAsWanted) wrong.push({ ...tamper, finding, tree, seed: SEED });
          else found.set(tamper.kind, (found.get(tamper.kind) ?? 0) + 1);
        } finally {
          await owner.query('ROLLBACK');
        }
      }
      console.log(
        [
          `seed ${SEED}: ${TAMPERS} tampers, ${wrong.length} of them not found or with another entry`,
          ...[...found].toSorted().map(([kind, count]) => `${count} × ${kind}`),
        ].join('\n'),
      );
      expect({ seed: SEED, wrong: wrong.slice(0, 5) }).toEqual({ seed: SEED, wrong: [] });
    },
    60_000 + TAMPERS * 500,
  );
});
