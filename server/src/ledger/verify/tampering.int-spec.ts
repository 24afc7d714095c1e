import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Dice, Tamperer } from '../../../test/support/tampering.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { parseLedgerId } from '../ledger-entry.js';
import { LedgerService } from '../ledger.service.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { LedgerSealing } from '../sealing/ledger-sealing.js';
import { MirrorWriter } from '../sealing/mirror-writer.js';
import { Sealer } from '../sealing/sealer.js';
import { TreeStore } from '../sealing/tree-store.js';
import { LedgerVerification } from './verification.js';
import { verifySnapshot } from './verify-snapshot.js';

/** `npm run tamper-test` sets more. */
const TAMPERS = Number(process.env.ROLECALL_TAMPERS ?? 300);
const SEED = Number(process.env.ROLECALL_TAMPER_SEED ?? Date.now() % 1_000_000);

let app: TestApp;
let owner: pg.Client;

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
  app = await startTestApp();
  const sealing = app.app.get(LedgerSealing);
  await until('the first entries are sealed', () => app.app.get(TreeStore).newest());
  await sealing.onModuleDestroy();
  for (let i = 0; i < 9; i++) {
    await write(75, i * 75);
    await app.newRoom();
    await app.inject('POST', '/api/v1/rooms', {
      as: app.admin,
      body: { name: `hall-${i}`, title: 'Hall' },
    });
    await app.app.get(Sealer).pass();
  }
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
});

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

      let unsealed = 0;
      const wrong: object[] = [];
      for (let i = 0; i < TAMPERS; i++) {
        await owner.query('BEGIN');
        try {
          const tamper = await tamperer.tamper();
          const { finding, tree } = await verifySnapshot(owner, outside);
          const ref = finding?.entry ? parseLedgerId(finding.entry) : null;
          const place = ref && `${ref.shard}/${ref.seq}`;
          if (tamper.isUnsealed) {
            unsealed++;
            if (finding) wrong.push({ ...tamper, finding });
          } else if (!finding || (tamper.leaf !== null && place !== places.get(tamper.leaf))) {
            wrong.push({ ...tamper, finding, place, wanted: places.get(tamper.leaf ?? -1), tree });
          }
        } finally {
          await owner.query('ROLLBACK');
        }
      }
      const found = TAMPERS - unsealed - wrong.length;
      console.log(
        `seed ${SEED}: ${found} of ${TAMPERS - unsealed} tampers were found with the right entry; ${unsealed} more were of entries that were never sealed`,
      );
      expect({ seed: SEED, wrong: wrong.slice(0, 5) }).toEqual({ seed: SEED, wrong: [] });
    },
    60_000 + TAMPERS * 500,
  );
});
