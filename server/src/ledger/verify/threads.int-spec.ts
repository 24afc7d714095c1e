import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { Dice, Tamperer } from '../../../test/support/tampering.js';
import { startTestApp } from '../../../test/support/test-app.js';
import {
  copyDatabase,
  createTestDatabase,
  type TestDatabase,
} from '../../../test/support/test-database.js';
import { Connections } from '../../database/connections.js';
import { LedgerKeys } from '../sealing/ledger-keys.js';
import { beginSnapshot } from './snapshot-client.js';
import { LedgerVerification } from './verification.js';
import { type Outside, verifySnapshot } from './verify-snapshot.js';
import { VerifyThreads } from './verify-threads.js';

/** Three stretches, of which the last one is not full. */
const ENTRIES = 17_000;
const TAMPERS = 5;
const SEED = Number(process.env.ROLECALL_TAMPER_SEED ?? Date.now() % 1_000_000);
/** The worker is a program: what was built, as the server runs it. */
const PROGRAM = new URL('../../../dist/ledger/verify/stretch-worker.js', import.meta.url);

let database: TestDatabase;
let outside: Outside & { problems: string[] };
let log: { origin: string; size: number; unsealed: number };
let signers: Awaited<ReturnType<LedgerKeys['read']>>['signers'];

beforeAll(async () => {
  database = await createTestDatabase();
  const app = await startTestApp({ database });
  const world = new LedgerWorld(app);
  await app.sql(
    `SELECT ledger_append(0, 0, array_fill('room.created'::text, $1), array_fill('ok'::text, $1),
       array_fill('operator'::text, $1), array_fill('1'::text, $1), array_fill('ana'::text, $1),
       array_fill('room "é"'::text, $1), array_fill('ben'::text, $1), array_fill(NULL::text, $1),
       array_fill('203.0.113.7'::text, $1), array_fill(NULL::text, $1),
       (SELECT array_agg(json_build_object('n', n)) FROM generate_series(1, $2) n),
       array_fill('{"name":"ü"}'::json, $1)) FROM generate_series(1, 34)`,
    [[ENTRIES / 34], ENTRIES / 34],
  );
  const { size } = await world.sealed();
  await world.mirrored(size);
  await world.byHand();
  const keys = await app.app.get(LedgerKeys).read();
  signers = keys.signers;
  log = { origin: keys.origin, size, unsealed: 1 };
  await world.write(1);
  outside = await app.app.get(LedgerVerification).readOutside(null);
  await app.stop();
}, 60_000);
afterAll(() => database?.drop());

/** The answer with so many threads; none: in this one. */
async function verified(url: string, count: number) {
  const connections = new Connections({ databaseUrl: url });
  const client = connections.client({});
  await client.connect();
  try {
    await beginSnapshot(client, null);
    const threads = new VerifyThreads(connections, { count, program: PROGRAM });
    return await verifySnapshot(client, outside, count === 0 ? null : threads);
  } finally {
    await client.end();
  }
}

describe('a ledger that is verified by several threads', () => {
  it('is proved as by one', async () => {
    const { ownerUrl } = database;
    const [alone, ...others] = [
      await verified(ownerUrl, 0),
      await verified(ownerUrl, 1),
      await verified(ownerUrl, 3),
    ];
    expect(outside.problems).toEqual([]);
    expect(alone.finding).toBeNull();
    expect(alone.tree).toMatchObject({ size: log.size, checked: log.size });
    for (const other of others) expect(other).toEqual(alone);
  });

  it(
    'has the same first wrong entry, in the same words, as by one',
    async () => {
      const dice = new Dice(SEED);
      for (let i = 0; i < TAMPERS; i++) {
        const copy = await copyDatabase(database);
        try {
          const owner = new pg.Client({ connectionString: copy.ownerUrl });
          await owner.connect();
          await owner.query(`DO $$ DECLARE name regclass; BEGIN
            FOR name IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'ledger_entry'::regclass
              UNION SELECT oid FROM pg_class WHERE relname ~ '^ledger_(entry|head|tile|range|checkpoint|key)$'
            LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', name); END LOOP; END $$`);
          const tamper = await new Tamperer(owner, dice, log, signers).tamper();
          await owner.end();
          const alone = await verified(copy.ownerUrl, 0);
          const together = await verified(copy.ownerUrl, 3);
          expect({ seed: SEED, tamper, ...together }).toEqual({ seed: SEED, tamper, ...alone });
          expect({ tamper, isFound: alone.finding !== null }).toEqual({
            tamper,
            isFound: tamper.isUnsealed !== true,
          });
        } finally {
          await copy.drop();
        }
      }
    },
    30_000 + TAMPERS * 15_000,
  );
});
