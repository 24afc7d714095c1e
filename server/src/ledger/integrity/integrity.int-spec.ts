import { webcrypto } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { type Credential, startTestApp, type TestApp } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { checkLog, type LogFiles } from '../remote/check-log.js';
import { readLogHead } from '../remote/log-head.js';
import { toBase64 } from '../tree/bytes.js';
import { sha256, treeHasher } from '../tree/sha256.js';
import { bundlePath, tilePath } from '../tree/tiles.js';
import { LedgerVerification } from '../verify/verification.js';

let app: TestApp;
let ledger: LedgerWorld;
let auditor: Credential;

beforeAll(async () => {
  app = await startTestApp();
  ledger = new LedgerWorld(app);
  await ledger.write(600);
  auditor = await app.newOperator([{ role: 'auditor' }]);
  const { size } = await ledger.sealed();
  await ledger.mirrored(size);
});
afterAll(() => app.stop());

const CLAIM = {
  isProved: true,
  what: 'entries',
  isPinned: false,
  size: 600,
  checked: 600,
  since: null,
  ms: 1_200,
  wrong: null,
  problems: [],
};

const integrity = (as = auditor) => app.inject('GET', '/api/v1/ledger/integrity', { as });
const claim = (body: object, as = auditor) =>
  app.inject('POST', '/api/v1/ledger/verifications', { as, body });

async function read(path: string): Promise<Uint8Array | null> {
  const { statusCode, rawPayload } = await app.app.inject({
    method: 'GET',
    url: path,
    headers: auditor.headers,
  });
  if (statusCode === 404) return null;
  expect([path, statusCode]).toEqual([path, 200]);
  return rawPayload;
}

const files: LogFiles = {
  tile: (ref) => read(`/ledger/${tilePath(ref)}`),
  bundle: (ref) => read(`/ledger/${bundlePath(ref)}`),
};

/** As a browser does, over HTTP alone. */
async function verifyFromOutside() {
  const note = (await app.inject('GET', '/ledger/checkpoint')).text;
  const { keys } = (await app.inject('GET', '/api/v1/ledger/keys')).body;
  const head = await readLogHead(
    { note, keys, pin: null, kept: null },
    sha256,
    async (key, message, signature) =>
      webcrypto.subtle.verify(
        'Ed25519',
        await webcrypto.subtle.importKey('raw', key, 'Ed25519', false, ['verify']),
        signature,
        message,
      ),
  );
  expect(head.problems).toEqual([]);
  return checkLog(
    files,
    treeHasher,
    {
      checkpoint: { ...head.checkpoint!, name: 'the checkpoint' },
      kept: null,
      isOnlyNew: false,
    },
    { signal: new AbortController().signal, onProgress: () => undefined },
  );
}

describe('the integrity of the ledger', () => {
  it('is told with the newest checkpoint, the mirror, and what weakens it', async () => {
    const { size, root } = await ledger.sealed();
    await ledger.mirrored(size);
    const body = await until('the mirror is complete', async () => {
      const answer = await integrity();
      expect(answer.status).toBe(200);
      return answer.body.mirror.size === answer.body.checkpoint.size ? answer.body : null;
    });
    expect(body).toMatchObject({
      checkpoint: { size, root: toBase64(root) },
      sealing: 'sealing',
      unsealed: { entries: 0, oldestMs: 0 },
      mirror: { place: ledger.mirrorFolder, size },
      witnesses: null,
      verifications: [],
    });
    const status = await app.inject('GET', '/api/v1/status', { as: auditor });
    expect(body.problems).toEqual(status.body.ledger.problems);
  });

  it('says since when entries wait that nobody seals', async () => {
    const sealer = await ledger.byHand();
    await ledger.write(3);
    const waiting = await integrity();
    expect(waiting.body.unsealed.entries).toBe(3);
    expect(waiting.body.unsealed.oldestMs).toBeGreaterThan(0);
    await sealer.pass();
    expect((await integrity()).body.unsealed).toEqual({ entries: 0, oldestMs: 0 });
  });

  it('shows who verified, from where, and what came of it', async () => {
    await app.app.get(LedgerVerification).run(SYSTEM_ACTOR);
    const wrong = { leaf: 7, entry: 'abc-1-8', problem: 'the entry was changed' };
    const recorded = await claim({ ...CLAIM, isProved: false, wrong });
    expect(recorded.status).toBe(201);
    const { verifications } = (await integrity()).body;
    expect(verifications).toEqual([
      expect.objectContaining({
        id: recorded.body.id,
        by: { kind: 'operator', label: auditor.label },
        where: 'browser',
        isProved: false,
        isPinned: false,
        since: null,
        wrong,
      }),
      expect.objectContaining({ where: 'server', isProved: true, isPinned: null, wrong: null }),
    ]);
    const [, entry] = await app.ledger('ledger.verified');
    expect(entry).toMatchObject({
      actor_label: auditor.label,
      payload: { where: 'browser', isClaim: true, isProved: false },
    });
  });

  it('takes no claim that says two things, or that is written on and on', async () => {
    const wrong = { leaf: 7, entry: null, problem: 'x' };
    for (const [body, field] of [
      [{ ...CLAIM, wrong }, 'isProved'],
      [{ ...CLAIM, isProved: false, problems: ['x'.repeat(501)] }, 'problems.0'],
      [{ ...CLAIM, size: -1 }, 'size'],
      [{ ...CLAIM, more: true }, 'more'],
    ] as const) {
      const { status, body: problem } = await claim(body);
      expect([status, Object.keys(problem.errors)]).toEqual([400, [field]]);
    }
    const busy = await app.newOperator([{ role: 'auditor' }]);
    const answers = await Promise.all(Array.from({ length: 12 }, () => claim(CLAIM, busy)));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...new Array<number>(10).fill(201), 429, 429]);
  });

  it('is for who may read the ledger; who is limited to rooms sees no other person', async () => {
    const moderator = await app.newOperator([{ role: 'moderator' }]);
    expect((await integrity(moderator)).status).toBe(403);
    expect((await claim(CLAIM, moderator)).status).toBe(403);
    const limited = await app.newOperator([{ role: 'auditor', rooms: ['town-*'] }]);
    await claim(CLAIM, limited);
    const { verifications } = (await integrity(limited)).body;
    expect(verifications.length).toBeGreaterThan(1);
    const [own, ...others] = verifications.map(({ by }: { by: object | null }) => by);
    expect(own).toEqual({ kind: 'operator', label: limited.label });
    expect(others.filter((by: object | null) => by !== null)).toEqual([]);
  });
});

describe('who verifies over HTTP', () => {
  const verifyHere = () => app.app.get(LedgerVerification).run(SYSTEM_ACTOR);
  const seal = async () => (await ledger.byHand()).pass();

  // From the end of the log on, so that what was tampered with before comes later in it.
  it.each([
    ['changed', `UPDATE ledger_entry SET room = 'elsewhere' WHERE room = 'room 411'`],
    [
      'changed together with its hash',
      `UPDATE ledger_entry SET reason = 'x', leaf_hash = sha256('x') WHERE room = 'room 300'`,
    ],
    ['deleted', `DELETE FROM ledger_entry WHERE room = 'room 20'`],
  ])('finds the entry that was %s, as the server does', async (what, sql) => {
    await seal();
    if (what === 'changed') expect(await verifyFromOutside()).toMatchObject({ finding: null });
    await ledger.tamper(sql);
    const [here, outside] = [await verifyHere(), await verifyFromOutside()];
    expect(here.finding).not.toBeNull();
    expect(outside.finding?.leaf).toBe(here.finding?.leaf);
    // The server has the mirror, which still says which entry is gone.
    expect(outside.finding?.entry).toBe(what === 'deleted' ? null : here.finding?.entry);
  });
});
