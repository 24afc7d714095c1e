import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../../test/support/double-world.js';
import type { Caller, LiveApp } from '../../../test/support/live-app.js';
import { runNode } from '../../../test/support/run-cli.js';
import { until } from '../../../test/support/until.js';
import {
  type CheckEd25519,
  checkDossier,
  type Dossier,
  type KnownOfLog,
  parsePolicy,
  reportOf,
} from '../../ledger/dossier/index.js';
import { readDossierManifest } from '../../ledger/dossier/dossier-format.js';
import { makeVerifier } from '../../ledger/export/single-file.js';
import { generateSigningKey } from '../../ledger/tree/note-keys.js';
import { formatSignature, SIGNATURE_TYPES } from '../../ledger/tree/note.js';
import { sha256 } from '../../ledger/tree/sha256.js';

const ROOM = 'town hall';
/** What somebody calls themselves to break the file, or to turn its text around. */
const HOSTILE = '</script><script>document.title="owned"</script><!--\u2028\u202e';
const REASON = 'She asked for the word';

/** As a browser does it. */
const checkEd25519: CheckEd25519 = async (publicKey, message, signature) => {
  const key = await crypto.subtle.importKey('raw', Buffer.from(publicKey), 'Ed25519', false, [
    'verify',
  ]);
  return crypto.subtle.verify('Ed25519', key, Buffer.from(signature), Buffer.from(message));
};

describe('the dossier of a session', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-dossier-'));
  const witness = generateSigningKey('witness.example/w1', SIGNATURE_TYPES.ed25519Cosignature);
  const stranger = generateSigningKey('witness.example/w2', SIGNATURE_TYPES.ed25519Cosignature);
  let world: DoubleWorld;
  let app: LiveApp;
  let moderator: Caller;
  let session: string;
  let whole: string;

  beforeAll(async () => {
    const policy = join(folder, 'policy');
    writeFileSync(policy, `witness ours ${witness.vkey}\nquorum none\n`);
    world = await startDoubleWorld({
      ROLECALL_SWEEP: '2s',
      ROLECALL_LEDGER_WITNESSES: policy,
    });
    app = world.app;
    moderator = await app.operator('moderator');
    await app.post('/api/v1/rooms', { name: ROOM, defaultTemplate: 'viewer' });
    await app.post('/api/v1/rooms', { name: 'elsewhere', defaultTemplate: 'viewer' });
    const ana = await sits('ana', { name: 'Ana of Troy' });
    await sits(HOSTILE);
    await world.scene.carryOut(ROOM, 'ana', 'promote', { template: 'speaker', reason: REASON });
    const peek = await moderator.post(path('ana/peek'), { reason: 'noise' });
    expect(peek.status).toBe(201);
    await app.post(path('cleo/block'), { reason: 'spam' });
    expect((await token('cleo')).status).toBe(403);
    ana.leave();
    await entryOf('participant.left', 'ana');
  });
  afterAll(async () => {
    await world?.stop();
    rmSync(folder, { recursive: true });
  });

  const path = (rest: string) => `/api/v1/rooms/${encodeURIComponent(ROOM)}/seats/${rest}`;
  const token = (identity: string, fields: object = {}) =>
    app.post('/api/v1/tokens', { room: ROOM, identity, createUser: true, ...fields });
  const entryOf = (kind: string, identity: string | null) =>
    until(`${kind} of ${identity} is in the ledger`, async () => {
      const entries = await world.scene.ledger(ROOM, kind);
      return entries.some((entry) => entry.identity === identity);
    });

  async function sits(identity: string, fields: object = {}) {
    const { status, body } = await token(identity, fields);
    expect({ status, body }).toMatchObject({ status: 201 });
    const person = world.livekit.join(body.token as string);
    await world.scene.untilSeat(ROOM, identity, 'is here', ({ isPresent }) => isPresent);
    await entryOf('participant.joined', identity);
    return person;
  }

  async function download(query = '', as: Caller = app) {
    const route = `/api/v1/rooms/${encodeURIComponent(ROOM)}/sessions`;
    session ??= (await app.get(route)).body.data[0].id;
    return as.get(`${route}/${session}/dossier${query}`);
  }

  const dataIn = (html: string): Dossier => {
    const [, json = ''] = /<script type="application\/json" id="dossier">(.*?)<\/script>/s.exec(
      html,
    ) as RegExpExecArray;
    return JSON.parse(json) as Dossier;
  };
  const check = (dossier: Dossier, known?: Partial<KnownOfLog>) =>
    checkDossier(dossier, sha256, checkEd25519, { vkeys: [], policy: null, ...known });
  const reported = (dossier: Dossier) =>
    reportOf(readDossierManifest(dossier.manifest), dossier.entries);

  it('of one that runs tells who was there, could do what, decided and watched, and is proved', async () => {
    const { status, body, headers } = await download();
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-disposition')).toMatch(
      /^attachment; filename="dossier-town-hall-\d+\.html"$/,
    );
    whole = body as string;
    const dossier = dataIn(whole);
    const report = await check(dossier);
    expect(report).toMatchObject({ isProved: true, problems: [], findings: [], hashesOnly: 0 });
    expect(report.manifest).toMatchObject({
      room: ROOM,
      session,
      endedAt: null,
      madeBy: 'admin@localhost',
      for: null,
      unsealed: 0,
    });
    const { attendance, lanes, decisions, watched, refusals, admissions } = reported(dossier);
    expect(attendance.map(({ who }) => who)).toEqual(['ana', HOSTILE]);
    expect(attendance[0]).toMatchObject({ visits: [{ to: expect.any(Number) }] });
    expect(attendance[1]).toMatchObject({ visits: [{ to: null }] });
    expect(lanes[0]?.stretches).toMatchObject([
      { role: 'viewer', can: expect.not.arrayContaining(['speak']) },
      { role: 'speaker', can: expect.arrayContaining(['speak']) },
    ]);
    expect(decisions).toMatchObject([
      {
        about: 'ana',
        by: 'admin@localhost',
        reason: REASON,
        roles: { before: 'viewer', after: 'speaker' },
        outcome: 'applied',
        confirmedMs: expect.any(Number),
      },
      { about: 'cleo', reason: 'spam' },
    ]);
    expect(watched).toMatchObject([{ who: 'ana', by: 'moderator@example.com', reason: 'noise' }]);
    expect(refusals).toMatchObject([{ who: 'cleo' }]);
    expect(admissions.map(({ who, role }) => [who, role])).toEqual([
      ['ana', 'viewer'],
      [HOSTILE, 'viewer'],
      [expect.stringMatching(/^rolecall-peek:/), 'hidden-observer'],
    ]);
  });

  it('is a page without a network: one script and one style by their hashes, and data is only data', () => {
    const [head = ''] = whole.split('<script type="application/json"');
    const [, policy = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(
      head,
    ) as RegExpExecArray;
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/,
    );
    expect(policy).not.toMatch(/unsafe|https?:/);
    expect(whole.match(/<script/g)).toHaveLength(2);
    expect(whole.match(/<\/script/g)).toHaveLength(2);
    expect(whole).not.toMatch(/\son[a-z]+="|<script>document|[\u2028\u2029]/);
  });

  it.each<[string, (dossier: Dossier) => void, RegExp]>([
    [
      'a name',
      ({ entries }) => {
        const parts = entries.map(({ subject }) => subject?.part);
        const part = parts.find((one) => one?.['identity'] === 'ana') as { identity: string };
        part.identity = 'ben';
      },
      /what it says of its subject was changed/,
    ],
    [
      'a time',
      ({ entries }) => {
        const entry = entries[3]?.entry as { at: string };
        entry.at = entry.at.replace(/\d\dZ$/, (digits) => (digits === '00Z' ? '01Z' : '00Z'));
      },
      /the entry was changed/,
    ],
    ['an entry less', ({ entries }) => (entries as unknown[]).splice(4, 1), /the entry is missing/],
    [
      'an entry twice',
      ({ entries }) => (entries as unknown[]).push(entries[4]),
      /the entry is there twice/,
    ],
    [
      'another order',
      ({ entries }) => (entries as unknown[]).reverse(),
      /something beside them was changed/,
    ],
    [
      'another id',
      ({ entries }) => ((entries[2] as { id: string }).id = entries[3]?.id as string),
      /the id is another one/,
    ],
    [
      'another proof',
      ({ hashes }) => ((hashes as string[])[0] = Buffer.alloc(32).toString('base64')),
      /the entry was changed/,
    ],
    [
      'another room',
      (dossier) =>
        ((dossier as { manifest: string }).manifest = dossier.manifest.replace(ROOM, 'town mall')),
      /not signed by the log/,
    ],
    [
      'another checkpoint',
      (dossier) =>
        ((dossier as { checkpoint: string }).checkpoint = dossier.checkpoint.replace(
          /\n\d/,
          (size) => (size === '\n9' ? '\n8' : '\n9'),
        )),
      /signature/,
    ],
  ])('says what is wrong after %s', async (_, change, problem) => {
    const dossier = dataIn(whole);
    change(dossier);
    const { isProved, problems, findings } = await check(dossier);
    expect(isProved).toBe(false);
    expect([...problems, ...findings.map((finding) => finding.problem)].join('; ')).toMatch(
      problem,
    );
  });

  it('is proved with a key from elsewhere, and with no other', async () => {
    const { keys } = (await app.get('/api/v1/ledger/keys')).body;
    const own = (keys as { vkey: string }[]).find(({ vkey }) => vkey.length < 200)?.vkey as string;
    expect((await check(dataIn(whole), { vkeys: [own] })).isProved).toBe(true);
    const other = generateSigningKey('x.example', SIGNATURE_TYPES.ed25519).vkey;
    expect(await check(dataIn(whole), { vkeys: [other] })).toMatchObject({
      isProved: false,
      problems: [expect.stringMatching(/other keys/)],
    });
  });

  it('checks what witnesses signed, with their keys from the file or from a policy', async () => {
    const text = dataIn(whole).checkpoint.replace(/\n\n[^]*/, '\n');
    const cosigned = (by: typeof witness, signs = text): Dossier => {
      const line = formatSignature({ name: by.name, keyId: by.keyId, bytes: by.sign(signs) });
      const dossier = dataIn(whole);
      return { ...dossier, checkpoint: dossier.checkpoint + line };
    };
    const policy = parsePolicy(`witness theirs ${stranger.vkey}\nquorum theirs\n`);
    expect(await check(cosigned(witness))).toMatchObject({
      isProved: true,
      isCosigned: null,
      cosignatures: [{ witness: 'ours', isRight: true, at: expect.any(Date) }],
    });
    expect(await check(cosigned(witness, `${text}x\n`))).toMatchObject({
      isProved: false,
      problems: ['the cosignature of ours is wrong'],
    });
    expect(await check(cosigned(stranger), { policy })).toMatchObject({
      isProved: true,
      isCosigned: true,
    });
    expect(await check(cosigned(witness), { policy })).toMatchObject({
      isProved: false,
      isCosigned: false,
      cosignatures: [],
    });
  });

  it('for one participant has no other name in it, and is proved', async () => {
    const { status, body } = await download('?for=ana');
    expect(status).toBe(200);
    const html = body as string;
    const dossier = dataIn(html);
    const data = JSON.stringify(dossier);
    const operators = await app.sql<{ id: string }>('SELECT id FROM operator');
    expect(readDossierManifest(dossier.manifest).roles.map(({ key }) => key)).toContain('speaker');
    const others = [HOSTILE, 'owned', 'cleo', 'admin@', 'moderator@', REASON, 'noise', 'spam'];
    for (const name of [...others, ...operators.map(({ id }) => id), '127.0.0.1']) {
      expect([name, data.includes(name) || html.includes(name)]).toEqual([name, false]);
    }
    expect(data).toContain('Ana of Troy');
    const report = await check(dossier);
    expect(report).toMatchObject({ isProved: true, manifest: { for: 'ana', madeBy: null } });
    expect(report.parts.proved).toBeGreaterThan(0);
    const { attendance, decisions, watched, lanes } = reported(dossier);
    expect(attendance.map(({ who }) => who)).toEqual(['ana', 'Person 2']);
    expect(decisions.map(({ about, by, reason }) => [about, by, reason])).toEqual([
      ['ana', 'Moderator 1', null],
      ['Person 3', 'Moderator 1', null],
    ]);
    expect(watched).toMatchObject([{ who: 'ana', by: 'Hidden observer 1', reason: null }]);
    expect(lanes[0]?.stretches.map(({ role }) => role)).toEqual(['viewer', 'speaker']);
    // The numbers are the log's word: another one is noticed.
    const entry = dossier.entries.find(({ about }) => about === 'Person 3');
    (entry as { about: string }).about = 'Person 2';
    expect((await check(dossier)).isProved).toBe(false);
    expect(await download('?for=nobody')).toMatchObject({
      status: 400,
      body: { errors: { for: expect.any(String) } },
    });
  });

  it('names nobody for who may not export people, and refuses to name one participant', async () => {
    const { body } = await app.post('/api/v1/api-keys', {
      name: 'reads the log',
      permissions: ['ledger.read'],
      rooms: [ROOM],
    });
    const get = (query: string) =>
      fetch(
        `${app.url}/api/v1/rooms/${encodeURIComponent(ROOM)}/sessions/${session}/dossier${query}`,
        { headers: { authorization: `Bearer ${body.key as string}` } },
      );
    for (const query of ['?for=ana', '?people=true']) {
      const refused = await get(query);
      expect([refused.status, await refused.json()]).toMatchObject([
        403,
        { code: 'access.denied', permission: 'ledger.export_people' },
      ]);
    }
    const html = await (await get('')).text();
    const dossier = dataIn(html);
    const operators = await app.sql<{ id: string }>('SELECT id FROM operator');
    const named = ['"ana"', 'Ana of Troy', HOSTILE, 'cleo', 'admin@', 'moderator@', '127.0.0.1'];
    for (const name of [...named, REASON, 'spam', ...operators.map(({ id }) => id)]) {
      expect([name, html.includes(name)]).toEqual([name, false]);
    }
    expect(await check(dossier)).toMatchObject({
      isProved: true,
      hashesOnly: 0,
      parts: { proved: 0 },
      manifest: { for: null, hasPeople: false, madeBy: 'reads the log' },
    });
    const { attendance, decisions, watched } = reported(dossier);
    expect(attendance.map(({ who }) => who)).toEqual(['Person 1', 'Person 2']);
    expect(decisions.map(({ about, by }) => [about, by])).toEqual([
      ['Person 1', 'Moderator 1'],
      ['Person 3', 'Moderator 1'],
    ]);
    // Who watched unseen is not told by their other acts.
    expect(watched).toMatchObject([{ who: 'Person 1', by: 'Hidden observer 1' }]);
    // Who may name people may leave them out.
    const without = await download('?people=false');
    expect(readDossierManifest(dataIn(without.body as string).manifest).hasPeople).toBe(false);
    expect(await download('?people=true&for=ana')).toMatchObject({
      status: 400,
      body: { errors: { people: expect.any(String) } },
    });
  });

  it('needs the right to read the log of the room, and is itself in the log', async () => {
    expect((await download('', moderator)).status).toBe(403);
    const route = '/api/v1/rooms/elsewhere/sessions';
    expect((await app.get(`${route}/${session}/dossier`)).status).toBe(404);
    expect((await app.get(`${route}/none-1-1/dossier`)).status).toBe(404);
    const limited = await app.post('/api/v1/api-keys', {
      name: 'of another room',
      permissions: ['ledger.read'],
      rooms: ['elsewhere'],
    });
    const refused = await fetch(`${app.url}/api/v1/rooms/${ROOM}/sessions/${session}/dossier`, {
      headers: { authorization: `Bearer ${limited.body.key as string}` },
    });
    expect([limited.status, refused.status]).toEqual([201, 404]);
    const entries = await app.sql<{ identity: string; payload: object }>(
      `SELECT identity, payload FROM ledger_entry WHERE kind = 'ledger.exported' AND room = $1 ORDER BY at`,
      [ROOM],
    );
    expect(entries).toMatchObject([
      { identity: null, payload: { what: 'dossier', session, hasPeople: true } },
      { identity: 'ana', payload: { what: 'dossier', session, hasPeople: false } },
      { identity: null, payload: { what: 'dossier', session, hasPeople: false } },
      { identity: null, payload: { what: 'dossier', session, hasPeople: false } },
    ]);
  });

  it('of one that has ended, and from the command line, ends with it', async () => {
    await world.scene.end(ROOM);
    await entryOf('room.finished', null);
    const dossier = dataIn((await download()).body as string);
    const report = await check(dossier);
    expect([report.isProved, report.problems]).toEqual([true, []]);
    expect(report.manifest?.endedAt).toBe(report.manifest?.until);
    expect(report.manifest?.endedAt).not.toBeNull();

    const file = join(folder, 'dossier.html');
    const cli = join(import.meta.dirname, '../../../dist/cli.js');
    const write = () =>
      runNode([cli, 'ledger', 'dossier', '--room', ROOM, '--for', 'ana', file], {
        DATABASE_URL: app.database.appUrl,
        ROLECALL_HOME: app.database.home,
      });
    const { status, out, err } = await write();
    expect([status, err]).toEqual([0, '']);
    expect(out).toMatch(/entries of the session from/);
    const html = readFileSync(file, 'utf8');
    expect(await check(dataIn(html))).toMatchObject({
      isProved: true,
      manifest: { session, for: 'ana' },
    });
    // The file alone, on another machine.
    const verifier = join(folder, 'verify.mjs');
    writeFileSync(verifier, await makeVerifier());
    expect(await runNode([verifier, file])).toMatchObject({
      status: 0,
      out: expect.stringMatching(/session of the room town hall.*\nproved: every entry/s),
    });
    writeFileSync(file, html.replace('"identity":"ana"', '"identity":"ben"'));
    expect(await runNode([verifier, file])).toMatchObject({
      status: 1,
      out: expect.stringMatching(/wrong entry: .* its subject was changed.*\nnot proved/s),
    });
    writeFileSync(file, html.slice(0, -200));
    expect(await runNode([verifier, file])).toMatchObject({
      status: 1,
      out: expect.stringMatching(/cut off/),
    });
    expect(await write()).toMatchObject({
      status: 1,
      err: expect.stringMatching(/exists already/),
    });
  });
});
