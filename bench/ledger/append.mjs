// What the indexes and the counts for searches cost: processor time of Postgres for each token that is
// appended, with and without the indexes, in turns; and that of counting it afterwards.
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { cpuSecondsOfFamily } from '../processes.mjs';
import { median, startOwnPostgres, startRolecall } from '../lib.mjs';

const TURNS = 9;
const BATCHES = 400;
const PER_BATCH = 50;

const OURS = ['ix_ledger_entry_kind', 'ix_ledger_entry_operator'];

/** A batch of tokens for different people, as the server sends it. */
function batch(n) {
  const all = (of) => Array.from({ length: PER_BATCH }, (_, i) => of(n * PER_BATCH + i));
  const grants = {
    canPublish: true,
    canSubscribe: true,
    roomJoin: true,
    canPublishSources: ['camera'],
  };
  return [
    all(() => 'token.issued'),
    all(() => 'ok'),
    all(() => 'api_key'),
    all(() => 'a0000000-0000-4000-8000-000000000001'),
    all(() => 'backend'),
    all((i) => `room-${i % 400}`),
    all((i) => `person-${(i * 7919) % 100_000}`),
    all(() => randomUUID()),
    all((i) => `203.0.113.${i % 250}`),
    all(() => null),
    all((i) =>
      JSON.stringify({
        expiresAt: '2026-11-29T08:00:00.000Z',
        grants,
        jti: randomUUID(),
        source: 'assignment',
        template: 'speaker',
        tokenHash: `${i}`.padStart(64, '0'),
        ttl: 600,
        version: 1,
      }),
    ),
    all((i) => JSON.stringify({ because: [], claims: { sub: `person-${i}`, video: grants } })),
  ];
}

export async function measureAppend(livekit) {
  const database = await startOwnPostgres();
  try {
    const rolecall = await startRolecall(database, livekit);
    await rolecall.stop();
    const app = new pg.Client({ connectionString: database.appUrl });
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await Promise.all([app.connect(), owner.connect()]);
    const { rows } = await app.query(
      `SELECT claimed_shard AS shard, claimed_epoch AS epoch FROM ledger_claim_shard('bench')`,
    );
    const { shard, epoch } = rows[0];
    const places = Array.from({ length: 14 }, (_, i) => `$${i + 1}`).join(', ');
    const append = {
      name: 'append',
      text: `SELECT last_seq FROM ledger_append(${places})`,
    };
    const definitions = [];
    for (const name of OURS) {
      const found = await owner.query('SELECT pg_get_indexdef($1::regclass) AS sql', [name]);
      definitions.push(found.rows[0].sql.replace(' ON ONLY ', ' ON '));
    }
    const microsOf = async (count, work) => {
      const before = cpuSecondsOfFamily(database.postgres.pid);
      await work();
      return ((cpuSecondsOfFamily(database.postgres.pid) - before) * 1e6) / count;
    };
    const found = { with: [], without: [], counting: [] };
    for (let turn = 0; turn < TURNS * 2; turn++) {
      const isWith = turn % 2 === 0;
      if (!isWith) for (const name of OURS) await owner.query(`DROP INDEX ${name}`);
      const batches = Array.from({ length: BATCHES }, (_, i) => batch(turn * BATCHES + i));
      const micros = await microsOf(BATCHES * PER_BATCH, async () => {
        for (const values of batches)
          await app.query({ ...append, values: [shard, epoch, ...values] });
      });
      // The first of each warms up.
      if (turn > 1) found[isWith ? 'with' : 'without'].push(micros);
      if (!isWith) for (const sql of definitions) await owner.query(sql);
      const counting = await microsOf(BATCHES * PER_BATCH, () =>
        app.query('SELECT ledger_count_entries(1000000)'),
      );
      if (turn > 1) found.counting.push(counting);
    }
    await Promise.all([app.end(), owner.end()]);
    return {
      with: median(found.with),
      without: median(found.without),
      counting: median(found.counting),
    };
  } finally {
    await database.stop();
  }
}
