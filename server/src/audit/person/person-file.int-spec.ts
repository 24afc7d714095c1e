import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LedgerWorld } from '../../../test/support/ledger-world.js';
import { runCli, runNode } from '../../../test/support/run-cli.js';
import {
  type Credential,
  type Json,
  startTestApp,
  type TestApp,
} from '../../../test/support/test-app.js';
import { SYSTEM_ACTOR } from '../../actor/actor.js';
import { makeVerifier } from '../../ledger/export/single-file.js';
import type { LedgerEntryInput } from '../../ledger/ledger-entry.js';
import { LedgerService } from '../../ledger/ledger.service.js';
import { LedgerVerification } from '../../ledger/verify/verification.js';

const ANA = 'ana-91';
const LIVEKIT = { kind: 'system', id: null, label: 'LiveKit' } as const;
const KIM = { kind: 'operator', id: 'kim-id', label: 'kim@example.org', ip: '10.0.0.9' } as const;

describe('the file with all that is kept of a person', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-person-'));
  const verifier = join(folder, 'verify.mjs');
  let app: TestApp;
  let key: string;
  let text: string;
  let count = 0;

  const get = (as: Credential, identity = ANA) =>
    app.inject('GET', `/api/v1/people/${encodeURIComponent(identity)}/data`, { as });
  const linesOf = (of: string, start: string): Json[] =>
    of
      .split('\n')
      .filter((line) => line.startsWith(start))
      .map((line) => JSON.parse(line) as Json);
  const recordsOf = (of: string, record: string) =>
    linesOf(of, `{"record":"${record}"`).map(({ data }) => data as Json);
  const manifestOf = (of: string): Json => {
    const [{ manifest }] = linesOf(of, '{"manifest":') as [{ manifest: string }];
    return JSON.parse(manifest.split('\n')[1]!);
  };
  const verify = (of: string) => {
    const file = join(folder, `person-${++count}.ndjson`);
    writeFileSync(file, of);
    return runNode([verifier, file, '--key', key]);
  };

  beforeAll(async () => {
    app = await startTestApp();
    const ledger = app.app.get(LedgerService);
    for (const room of ['town-hall', 'lab']) await app.newRoom({ name: room });
    const user = await app.newUser({ identity: ANA, name: 'Ana' });
    await app.newUser({ identity: 'bob-7', name: 'Bob' });
    await app.newAssignment({ user_id: user.id, room_name: 'town-hall', template: 'speaker' });
    await app.sql(
      `INSERT INTO stage_request (room, identity, kind, note) VALUES ('town-hall', $1, 'hand', 'I know')`,
      [ANA],
    );
    for (const room of ['town-hall', 'lab']) {
      const { status } = await app.inject('POST', '/api/v1/tokens', {
        as: app.admin,
        body: { room, identity: ANA, template: 'speaker' },
      });
      expect(status).toBe(201);
    }
    await app.sql(
      `INSERT INTO seat (room, identity, block_at, block_by, block_reason)
       VALUES ('town-hall', $1, now(), 'kim@example.org', 'asked for by bob-7')
       ON CONFLICT (room, identity) DO UPDATE SET block_at = EXCLUDED.block_at,
         block_by = EXCLUDED.block_by, block_reason = EXCLUDED.block_reason`,
      [ANA],
    );
    const about = { outcome: 'ok', actor: LIVEKIT, room: 'town-hall', identity: ANA } as const;
    const written: LedgerEntryInput[] = [
      { ...about, kind: 'participant.joined', payload: { sid: 'PA_1', name: 'Ana' } },
      { ...about, kind: 'participant.left', payload: { sid: 'PA_1', name: 'Ana' } },
      {
        ...about,
        kind: 'stage.hand_raised',
        actor: { kind: 'participant', id: ANA, label: ANA, ip: '203.0.113.5' },
        payload: { note: 'I have a question' },
      },
      { ...about, kind: 'stage.invite_sent', actor: KIM, payload: { invitedBy: 'bob-7' } },
      { ...about, kind: 'seat.muted', actor: KIM, reason: 'too loud', payload: {} },
      {
        ...about,
        kind: 'seat.removed',
        actor: KIM,
        reason: 'she shouted at bob-7',
        payload: { detail: 'closed' },
      },
      { ...about, identity: 'bob-7', kind: 'seat.muted', reason: `${ANA} asked`, payload: {} },
      { ...about, identity: 'bob-7', kind: 'participant.joined', payload: { sid: 'PA_2' } },
    ];
    for (const entry of written) await ledger.appendDurably(entry);
    await app.inject('GET', `/api/v1/people/${ANA}/timeline`, { as: app.admin });
    await new LedgerWorld(app).sealed();
    const keys = (await app.inject('GET', '/api/v1/ledger/keys')).body.keys as { vkey: string }[];
    key = keys.map(({ vkey }) => vkey).sort((a, b) => a.length - b.length)[0]!;
    writeFileSync(verifier, await makeVerifier());
    ({ text } = await get(app.admin));
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has every row and entry of theirs, proved, and names nobody else', async () => {
    const { status, out } = await verify(text);
    expect([status, out]).toEqual([0, expect.stringContaining(`about one person: ${ANA}`)]);
    expect(recordsOf(text, 'user')).toMatchObject([{ identity: ANA, name: 'Ana' }]);
    expect(recordsOf(text, 'assignment')).toMatchObject([{ template: 'speaker' }]);
    expect(recordsOf(text, 'seat')).toMatchObject([
      { room: 'lab', overrideTemplate: 'speaker' },
      { room: 'town-hall', blockReason: '(somebody else)' },
    ]);
    expect(recordsOf(text, 'stage_request')).toMatchObject([{ note: 'I know' }]);
    expect(recordsOf(text, 'token').map(({ room }) => room as string)).toEqual([
      'town-hall',
      'lab',
    ]);
    expect(recordsOf(text, 'stay')).toMatchObject([
      { room: 'town-hall', joinedAt: expect.any(String), leftAt: expect.any(String) },
    ]);
    expect(recordsOf(text, 'look')).toMatchObject([{ part: 'timeline', by: 'operator' }]);
    expect(text).not.toMatch(/bob-7|kim@example|10\.0\.0\.9|admin@example/);

    const entries = linesOf(text, '{"leaf":');
    const of = (kind: string) => entries.find(({ entry }) => entry.kind === kind);
    expect(of('stage.hand_raised')).toMatchObject({
      actor: { part: { ip: '203.0.113.5' } },
      subject: { part: { payload: { note: 'I have a question' } } },
    });
    expect(of('seat.muted')).toMatchObject({ subject: { part: { reason: 'too loud' } } });
    expect(of('seat.muted')).not.toHaveProperty('actor');
    expect(of('seat.removed')).not.toHaveProperty('subject');
    expect(recordsOf(text, 'said')).toContainEqual(
      expect.objectContaining({
        kind: 'seat.removed',
        reason: '(somebody else)',
        payload: { detail: 'closed' },
      }),
    );
    expect(entries.filter(({ entry }) => entry.kind === 'participant.joined')).toHaveLength(1);
    expect(manifestOf(text)).toMatchObject({
      person: ANA,
      filter: { person: ANA },
      entries: entries.length,
      leftOut: expect.arrayContaining([
        expect.stringMatching(/^parts of entries that name somebody else.*: \d+$/),
      ]),
    });
  });

  it.each<[string, (whole: string) => string, RegExp]>([
    ['a row that was changed', (whole) => whole.replace('"I know"', '"I knew"'), /records are not/],
    [
      'a row that is missing',
      (whole) => whole.replace(/\{"record":"stay".*\n/, ''),
      /records are there, the manifest says/,
    ],
    [
      'a row after the manifest',
      (whole) => `${whole}{"record":"user","data":{}}\n`,
      /was cut off.*ask for it again/,
    ],
    ['an entry that is missing', (whole) => whole.replace(/\{"leaf".*\n/, ''), /entries are there/],
    [
      'a part that was changed',
      (whole) => whole.replace('too loud', 'too nice'),
      /subject was changed/,
    ],
    ['the name of somebody else', (whole) => whole.replaceAll(ANA, 'eve-1'), /not proved/],
  ])('is not proved with %s', async (_, change, found) => {
    const changed = change(text);
    expect(changed).not.toBe(text);
    expect(await verify(changed)).toMatchObject({ status: 1, out: expect.stringMatching(found) });
  });

  it('is written on the command line as well', async () => {
    const file = join(folder, 'by-command.ndjson');
    const args = ['ledger', 'person', '--identity', ANA, file];
    expect(await runCli(app, args)).toMatchObject({ status: 0, err: '' });
    expect((await runNode([verifier, file, '--key', key])).status).toBe(0);
    expect(await runCli(app, args)).toMatchObject({
      status: 1,
      err: expect.stringMatching(/exists already/),
    });
  });

  it('has only the rooms of who asks for it, and says so', async () => {
    const limited = await app.newOperator([{ role: 'admin', rooms: ['town-*'] }]);
    const { text: part } = await get(limited);
    expect(await verify(part)).toMatchObject({ status: 0 });
    const rooms = linesOf(part, '{"leaf":').map(({ entry }) => entry.room as string);
    expect(new Set(rooms)).toEqual(new Set(['town-hall']));
    expect(recordsOf(part, 'token')).toHaveLength(1);
    expect(part).not.toContain('"lab"');
    expect(manifestOf(part).leftOut).toContainEqual(
      expect.stringContaining('rooms other than town-*'),
    );
  });

  it('is refused without the permission, and to nobody in particular', async () => {
    expect((await get(await app.newOperator([{ role: 'auditor' }]))).status).toBe(403);
    const alone = await app.newApiKey(['ledger.export_people']);
    expect(await get(alone)).toMatchObject({ status: 403, body: { permission: 'ledger.read' } });
    const before = (await app.ledger('ledger.export_started')).length;
    expect(await get(app.admin, 'nobody')).toMatchObject({
      status: 404,
      body: { code: 'person.not_found' },
    });
    expect(await app.ledger('ledger.export_started')).toHaveLength(before);
  });

  it('is in the log with whom it is about, until they are erased', async () => {
    const of = async (kind: string) =>
      (await app.ledger(kind)).filter(({ payload }) => payload.what === 'person');
    const [started] = await of('ledger.export_started');
    const [ended] = await of('ledger.exported');
    expect([started, ended]).toMatchObject([
      { identity: ANA, actor_id: app.admin.id },
      { identity: ANA, payload: { records: manifestOf(text).records } },
    ]);
    const erase = (as: Credential, body: object = { confirm: ANA }) =>
      app.inject('POST', `/api/v1/people/${ANA}/erase`, { as, body });
    expect((await erase(await app.newOperator([{ role: 'auditor' }]))).status).toBe(403);
    expect(await erase(app.admin, { confirm: 'ana' })).toMatchObject({
      status: 400,
      body: { errors: { confirm: expect.any(String) } },
    });
    const hold = { on: 'room', name: 'lab', reason: 'a case' };
    const { body: held } = await app.inject('POST', '/api/v1/ledger/holds', {
      as: app.admin,
      body: hold,
    });
    const before = await app.sql('SELECT e::text FROM ledger_entry e WHERE identity = $1', [ANA]);
    expect(await erase(app.admin)).toMatchObject({
      status: 409,
      body: { code: 'ledger.held', holds: [held.id] },
    });
    expect(await app.sql('SELECT e::text FROM ledger_entry e WHERE identity = $1', [ANA])).toEqual(
      before,
    );
    await app.inject('POST', `/api/v1/ledger/holds/${held.id}/lift`, {
      as: app.admin,
      body: { reason: 'closed' },
    });
    const erased = await erase(app.admin);
    expect(erased).toMatchObject({ status: 200, body: { entries: expect.any(Number) } });
    expect((await app.ledger('ledger.erased')).at(-1)).toMatchObject({
      actor_id: app.admin.id,
      identity: null,
      payload: { of: 'identity', before: null, ...erased.body },
    });
    const texts = await app.sql<{ text: string }>('SELECT e::text AS text FROM ledger_entry e');
    // What an erasure does is said in docs/operations.md.
    const naming = texts.filter(({ text: row }) => row.includes(ANA));
    expect(naming.filter(({ text: row }) => !/policy\.changed_directly|bob-7/.test(row))).toEqual(
      [],
    );
    expect(await app.app.get(LedgerVerification).run(SYSTEM_ACTOR, null)).toMatchObject({
      finding: null,
    });
    expect((await of('ledger.exported')).every(({ identity }) => identity === null)).toBe(true);
    const { text: rest } = await get(app.admin);
    expect(linesOf(rest, '{"leaf":')).toEqual([]);
    expect(recordsOf(rest, 'user')).toHaveLength(1);
  });
});
