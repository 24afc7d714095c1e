import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { runCli } from '../../../test/support/run-cli.js';
import { startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { createTestDatabase, type TestDatabase } from '../../../test/support/test-database.js';
import { until } from '../../../test/support/until.js';
import { WitnessProcess } from '../../../test/support/witness-process.js';
import { openNote } from '../tree/note.js';
import { verifierOf } from '../tree/note-keys.js';

let folder: string;
let witnesses: WitnessProcess[];
let policy: string;
let app: TestApp;
let ledger: LedgerWorld;
let database: TestDatabase | undefined;

const environment = (more: Record<string, string> = {}) => ({
  ROLECALL_LEDGER_WITNESSES: policy,
  ...more,
});

async function start(quorum: string, more: Record<string, string> = {}): Promise<void> {
  const lines = witnesses.map(({ vkey, url }, i) => `witness w${i} ${vkey} ${url}`);
  writeFileSync(policy, `${lines.join('\n')}\ngroup g ${quorum} w0 w1\nquorum g\n`);
  app = await startTestApp({ environment: environment(more), ...(database ? { database } : {}) });
  ledger = new LedgerWorld(app);
  const { keys } = (await until('the log has keys', async () => {
    const { body } = await app.inject('GET', '/api/v1/ledger/keys');
    return body.keys.length > 0 ? body : null;
  })) as { keys: { vkey: string }[] };
  for (const witness of witnesses) witness.know(keys.map(({ vkey }) => vkey));
}

/** How many of the witnesses have signed what the log shows. */
async function cosignatures(): Promise<number> {
  const { text, status } = await app.inject('GET', '/ledger/checkpoint');
  if (status !== 200) return 0;
  return witnesses.filter(({ vkey }) => {
    try {
      return openNote(text, [verifierOf(vkey)]).signatures.length === 1;
    } catch {
      return false;
    }
  }).length;
}

const status = async () => (await app.inject('GET', '/api/v1/status', { as: app.admin })).body;
const problems = async () =>
  ((await app.inject('GET', '/readyz')).body.ledger?.problems ?? []) as string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolecall-witnesses-'));
  policy = join(folder, 'policy');
});
beforeEach(async () => {
  witnesses = [
    await new WitnessProcess(folder, [], 'w0.example').start(),
    await new WitnessProcess(folder, [], 'w1.example').start(),
  ];
});
afterEach(async () => {
  await app.stop();
  await Promise.all(witnesses.map((witness) => witness.kill()));
  await database?.drop();
  database = undefined;
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the witnesses of the ledger', () => {
  it('cosign what the log shows and proves, and are shown with how they get on', async () => {
    await start('all');
    await ledger.write(20);
    await until('both have cosigned', async () => (await cosignatures()) === 2);
    const [entry] = (await app.inject('GET', '/api/v1/ledger', { as: app.admin })).body.data;
    const proof = await until('the entry is in a cosigned checkpoint', async () => {
      const { body, status: code } = await app.inject('GET', `/api/v1/ledger/${entry.id}/proof`, {
        as: app.admin,
      });
      const isCosigned = code === 200 && body.checkpoint.includes('\n— w1.example ');
      return isCosigned ? body : null;
    });
    expect(proof.index).toBeLessThan(proof.treeSize);
    const { ledger: view } = await status();
    expect(view.witnesses.witnesses).toEqual([
      expect.objectContaining({ name: 'w0', lastError: null, cosigned: expect.anything() }),
      expect.objectContaining({ name: 'w1', lastError: null, cosigned: expect.anything() }),
    ]);
    const ready = (await app.inject('GET', '/readyz')).body;
    expect(ready.ledger.witnesses[0]).toEqual({
      name: 'w0',
      size: expect.any(Number),
      ageSeconds: expect.any(Number),
      isFailing: false,
    });
    const key = await app.newApiKey(['metrics.read']);
    const { text } = await app.inject('GET', '/metrics', { as: key });
    expect(text).toMatch(/rolecall_ledger_witness_entries\{witness="w1"\} [1-9]/);
    const verified = await runCli(app, ['ledger', 'verify'], environment());
    expect([verified.err, verified.status]).toEqual(['', 0]);
    expect(verified.out).toMatch(/the witness w0: \d+ entries/);
  });

  it('are enough when one of two is away, by the policy', async () => {
    await start('any');
    await witnesses[1]!.kill();
    await ledger.write(20);
    await until('the other one has cosigned', async () => (await cosignatures()) === 1);
    await until('it is said who is away', async () => {
      const [, away] = (await status()).ledger.witnesses.witnesses;
      return away.lastError !== null;
    });
    expect(await problems()).not.toContain('witnesses_missing');
  });

  it('are missed loudly, and hold up neither sealing nor tokens', async () => {
    await start('all');
    await until('both have cosigned', async () => (await cosignatures()) === 2);
    await witnesses[1]!.kill();
    await ledger.write(20);
    await until('what comes next is sealed', async () => {
      const { ledger: view } = await status();
      return view.sealed.size === (await ledger.entries()) && view.witnesses.waitingSince !== null;
    });
    const room = await app.newRoom({ default_template: 'viewer' });
    const user = await app.newUser();
    const issued = await app.inject('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity: user.identity },
    });
    expect(issued.status).toBe(201);
    // What was shown was cosigned, and still is.
    expect(await cosignatures()).toBe(2);
  });

  it('are a condition for tokens when the configuration says so', async () => {
    await start('all', { ROLECALL_LEDGER_WITNESS_DEADLINE: '1s' });
    await until('both have cosigned', async () => (await cosignatures()) === 2);
    await witnesses[0]!.kill();
    await ledger.write(5);
    await until('the deadline is over', async () => {
      const { status: code, body } = await app.inject('GET', '/readyz');
      return code === 503 && body.code === 'ledger.not_cosigned';
    });
    const room = await app.newRoom({ default_template: 'viewer' });
    const user = await app.newUser();
    const refused = await app.inject('POST', '/api/v1/tokens', {
      as: app.admin,
      body: { room, identity: user.identity },
    });
    expect([refused.status, refused.body.code]).toEqual([503, 'ledger.not_cosigned']);
    await app.sql(
      `INSERT INTO seat (room, identity, is_present, sid, state, joined_at)
       VALUES ($1, 'ana', true, 'PA_1', 'active', now())`,
      [room],
    );
    const peek = await app.inject('POST', `/api/v1/rooms/${room}/seats/ana/peek`, {
      as: app.admin,
      body: {},
    });
    expect([peek.status, peek.body.code]).toEqual([503, 'ledger.not_cosigned']);
  });

  it('raise an alarm when the past was rewritten and everything else with it', async () => {
    database = await createTestDatabase();
    await start('any');
    await ledger.write(40);
    await ledger.sealed();
    await until('one has cosigned all', async () => {
      const { ledger: view } = await status();
      return view.witnesses.cosigned?.size === view.sealed.size;
    });
    await app.stop();
    // Who has database, mirror and key: the last entries are others, and were never signed.
    const tables = ['checkpoint', 'range', 'tile', 'cosignature'].map((name) => `ledger_${name}`);
    await database.asOwner(
      ...[...tables, 'ledger_entry'].map((name) => `ALTER TABLE ${name} DISABLE TRIGGER USER`),
      `DO $$ DECLARE part text; BEGIN
         FOR part IN SELECT inhrelid::regclass::text FROM pg_inherits
           WHERE inhparent = 'ledger_entry'::regclass LOOP
           EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', part);
         END LOOP; END $$`,
      ...tables.map((name) => `DELETE FROM ${name}`),
      `UPDATE ledger_entry SET leaf_hash = sha256(leaf_hash) WHERE room = 'room 7'`,
    );
    rmSync(join(database.home, 'ledger'), { recursive: true });
    rmSync(join(database.home, 'ledger-checkpoint'));
    app = await startTestApp({ environment: environment(), database });
    await until('the alarm is recorded', async () => {
      const [alarm] = await app.ledger('ledger.witness_alarm');
      return alarm && /rolled back|rewritten/.test(alarm.payload.detail as string);
    });
    await until('nothing is sealed any more', async () => {
      const { ledger: view } = await status();
      return view.sealing === 'stopped';
    });
    expect(await problems()).toContain('witness_disagrees');
  });
});
