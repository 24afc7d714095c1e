import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenVerifier } from 'livekit-server-sdk';
import { claimsOf, type IssuingApp, startIssuingApp } from '../../test/support/issuing-app.js';
import { whileHeld } from '../../test/support/held-row.js';
import { type Json } from '../../test/support/test-app.js';
import { MODERATOR_CEILING, PRESETS } from '../grants/presets.js';

let app: IssuingApp['app'];
let backend: IssuingApp['backend'];
let issue: IssuingApp['issue'];
let preview: IssuingApp['preview'];
let newScene: IssuingApp['newScene'];
let templateOf: IssuingApp['templateOf'];
let entriesOf: IssuingApp['entriesOf'];

beforeAll(async () => {
  ({ app, backend, issue, preview, newScene, templateOf, entriesOf } = await startIssuingApp());
});
afterAll(() => app?.stop());

const verify = (token: string) =>
  new TokenVerifier(app.config.livekit.apiKey, app.config.livekit.apiSecret).verify(token);

describe('a token', () => {
  it('carries exactly what the template grants, as the SDK’s own verifier reads it', async () => {
    const { room, identity } = await newScene();
    const before = Math.floor(Date.now() / 1000);
    const { status, body } = await issue({ room, identity });
    expect(status).toBe(201);
    const claims = claimsOf(body.token);
    const verified = await verify(body.token);
    expect(verified.video).toEqual({
      room,
      roomJoin: true,
      canSubscribe: true,
      canPublish: true,
      canPublishData: true,
      canPublishSources: ['camera', 'microphone'],
    });
    expect(verified).toMatchObject({ sub: identity, name: 'Ana', iss: app.config.livekit.apiKey });
    expect(claims.nbf).toBeGreaterThanOrEqual(before);
    expect([claims.iat, claims.exp, claims.jti]).toEqual([claims.nbf, claims.nbf + 600, body.jti]);
    expect(body).toMatchObject({ identity, room, template: 'speaker', version: 1 });
    expect(body.expiresAt).toBe(new Date(claims.exp * 1000).toISOString());
    expect(body.serverUrl).toMatch(/^wss?:\/\//);
    expect(body.because[0]).toMatchObject({ outcome: 'wins' });
  });

  it('says no to what it does not grant, explicitly', async () => {
    const template = await templateOf({ roomJoin: true, canPublish: true, canPublishSources: [] });
    const { room, identity } = await newScene(template);
    const { body } = await issue({ room, identity });
    expect(claimsOf(body.token).video).toEqual({
      room,
      roomJoin: true,
      canSubscribe: false,
      canPublish: false,
      canPublishData: false,
    });
  });

  it('takes name, metadata and attributes from the request, else the user, else the template', async () => {
    const template = await templateOf({ roomJoin: true });
    await app.sql(
      `INSERT INTO role_template_version (template, version, grants, metadata, attributes, message, published_by_label)
       SELECT template, 2, grants, 'of the template', '{"a":"template","b":"template","c":"template"}', 'test', 'test'
       FROM role_template_version WHERE template = $1`,
      [template],
    );
    await app.sql('UPDATE role_template SET published = 2 WHERE key = $1', [template]);
    const { room, identity, user } = await newScene(template);
    const plain = claimsOf((await issue({ room, identity })).body.token);
    expect(plain.metadata).toBe('of the template');

    await app.sql(
      `UPDATE app_user SET metadata = 'of the user', attributes = '{"b":"user","c":"user"}' WHERE id = $1`,
      [user],
    );
    const known = claimsOf((await issue({ room, identity })).body.token);
    expect([known.name, known.metadata]).toEqual(['Ana', 'of the user']);
    expect(known.attributes).toEqual({ a: 'template', b: 'user', c: 'user' });

    const asked = { name: 'Bea', metadata: 'asked', attributes: { c: 'asked', constructor: 'x' } };
    const wanted = claimsOf((await issue({ room, identity, ...asked })).body.token);
    expect([wanted.name, wanted.metadata]).toEqual(['Bea', 'asked']);
    expect(wanted.attributes).toEqual({ a: 'template', b: 'user', c: 'asked', constructor: 'x' });
  });

  it.each([
    [{ ttl: 90 }, 90],
    [{ ttl: '90' }, 90],
    [{ ttl: '15 minutes' }, 900],
    [{ ttl: '1h' }, 3600],
  ])('lives for %j', async (asked, seconds) => {
    const { room, identity } = await newScene();
    const claims = claimsOf((await issue({ room, identity, ...asked })).body.token);
    expect(claims.exp - claims.nbf).toBe(seconds);
  });

  it.each([
    { ttl: 3601 },
    { ttl: '2 days' },
    { ttl: 0 },
    { ttl: -5 },
    { ttl: 'soon' },
    { ttl: 1.5 },
    { ttl: null },
  ])('is refused by name for %j, and nothing is created on the way', async (asked) => {
    const room = `never-${JSON.stringify(asked)}`;
    const identity = `nobody-${JSON.stringify(asked)}`;
    const body = { room, identity, ...asked, createUser: true, createRoom: true };
    const answer = await issue(body, app.admin);
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, ['ttl']]);
    expect(await app.sql('SELECT FROM room WHERE name = $1', [room])).toEqual([]);
    expect(await app.sql('SELECT FROM app_user WHERE identity = $1', [identity])).toEqual([]);
  });

  it('ends with the assignment that gives it, and policy cuts what a template asks for', async () => {
    const { room, user, identity } = await newScene(null);
    await app.newAssignment({
      user_id: user,
      room_name: room,
      template: 'host',
      valid_until: new Date(Date.now() + 100_000),
    });
    const { body } = await issue({ room, identity });
    const claims = claimsOf(body.token);
    expect(claims.exp - claims.nbf).toBeLessThanOrEqual(100);
    expect(claims.exp - claims.nbf).toBeGreaterThan(90);
    expect(body.because.map((b: Json) => b.outcome)).toContain('note');

    const long = await templateOf({ roomJoin: true });
    await app.sql(
      `INSERT INTO role_template_version (template, version, grants, ttl, message, published_by_label)
       SELECT template, 2, grants, 86400, 'test', 'test' FROM role_template_version WHERE template = $1`,
      [long],
    );
    await app.sql('UPDATE role_template SET published = 2 WHERE key = $1', [long]);
    const scene = await newScene(long);
    const cut = claimsOf((await issue({ room: scene.room, identity: scene.identity })).body.token);
    expect(cut.exp - cut.nbf).toBe(3600);
  });

  it.each([
    'a/b',
    '100%',
    'x:y',
    'with space',
    '🎙️ live',
    'שלום \u202e',
    '..',
    '?q#f',
    'ﬀ'.repeat(85),
  ])('is for the very names that were asked for: %j', async (name) => {
    const room = await app.newRoom({
      name: `room ${name}`.slice(0, 80),
      default_template: 'viewer',
    });
    const { identity } = await app.newUser({ identity: `who ${name}`.slice(0, 80) });
    const { body } = await issue({ room, identity });
    const { sub, video } = await verify(body.token);
    expect([sub, video?.room]).toEqual([identity, room]);
    const [entry] = await entriesOf('token.issued', identity);
    expect(entry).toMatchObject({ room, identity });
    const seats = await app.inject('GET', `/api/v1/rooms/${encodeURIComponent(room)}/seats`, {
      as: app.admin,
    });
    expect(seats.status).toBe(200);
  });

  it('that joins no room is given without a room, and one that joins is not', async () => {
    const { identity } = await newScene();
    const lister = await templateOf({ roomList: true, roomCreate: true });
    const { status, body } = await issue({ identity, template: lister }, app.admin);
    expect([status, body.room]).toEqual([201, null]);
    expect(claimsOf(body.token).video).toMatchObject({ roomList: true, roomCreate: true });
    expect(claimsOf(body.token).video.room).toBeUndefined();
    for (const grants of [{ roomJoin: true }, { roomAdmin: true }]) {
      const template = await templateOf(grants);
      const refused = await issue({ identity, template }, app.admin);
      expect([refused.status, Object.keys(refused.body.errors)]).toEqual([400, ['room']]);
    }
  });
});

describe('asking for another template', () => {
  it('needs a permission of its own; what policy gives anyway does not', async () => {
    const { room, identity } = await newScene('speaker');
    const denied = await issue({ room, identity, template: 'host' });
    expect([denied.status, denied.body.permission]).toEqual([403, 'token.issue_as']);
    expect(await entriesOf('token.refused', identity)).toMatchObject([
      { payload: { code: 'access.denied', template: 'host' } },
    ]);
    const same = await issue({ room, identity, template: 'speaker' });
    expect([same.status, same.body.template]).toEqual([201, 'speaker']);
    expect(
      await app.sql('SELECT FROM seat WHERE identity = $1 AND override_template IS NOT NULL', [
        identity,
      ]),
    ).toEqual([]);
  });

  it('becomes the seat’s override, so that what comes after agrees', async () => {
    const { room, identity } = await newScene('viewer');
    const { status, body } = await issue({ room, identity, template: 'host' }, app.admin);
    expect([status, body.template]).toEqual([201, 'host']);
    const seat = await app.inject(
      'GET',
      `/api/v1/rooms/${room}/seats/${encodeURIComponent(identity)}`,
      { as: app.admin },
    );
    expect(seat.body.role).toEqual({ template: 'host', version: 1, source: 'override' });
    expect(seat.body.override).toMatchObject({ by: app.admin.label });
    const next = await issue({ room, identity });
    expect([next.body.template, claimsOf(next.body.token).video.canUpdateOwnMetadata]).toEqual([
      'host',
      true,
    ]);
    expect(await entriesOf('token.issued', identity)).toHaveLength(2);
  });

  it('stays under the ceiling of who asks, and leaves nothing behind when it does not', async () => {
    const { room, identity } = await newScene('viewer');
    const limited = await app.newApiKey(['token.issue', 'token.issue_as'], {
      ceiling: MODERATOR_CEILING,
    });
    expect((await issue({ room, identity, template: 'presenter' }, limited)).status).toBe(201);
    for (const template of [
      'host',
      'hidden-observer',
      'recorder',
      await templateOf({ roomJoin: true, roomAdmin: true }),
    ]) {
      const answer = await issue({ room, identity, template }, limited);
      expect([answer.status, answer.body.refusal]).toEqual([403, 'access.beyond_ceiling']);
    }
    const [seat] = await app.sql('SELECT override_template FROM seat WHERE identity = $1', [
      identity,
    ]);
    expect(seat).toEqual({ override_template: 'presenter' });
  });

  it('takes nothing from somebody who is given more while it is asked for', async () => {
    const { room, identity } = await newScene('viewer');
    const limited = await app.newApiKey(['token.issue', 'token.issue_as'], {
      ceiling: MODERATOR_CEILING,
    });
    const path = `/api/v1/rooms/${room}/seats/${encodeURIComponent(identity)}/promote`;
    await app.sql('INSERT INTO seat (room, identity) VALUES ($1, $2)', [room, identity]);
    const answers = await whileHeld(
      app,
      'SELECT FROM seat WHERE room = $1 AND identity = $2',
      [room, identity],
      [
        () => app.inject('POST', path, { as: app.admin, body: { template: 'host' } }),
        () => issue({ room, identity, template: 'speaker' }, limited),
      ],
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 403]);
    expect(answers[1]?.body.code).toBe('seat.above_ceiling');
    const [seat] = await app.sql('SELECT override_template FROM seat WHERE identity = $1', [
      identity,
    ]);
    expect(seat).toEqual({ override_template: 'host' });
    expect(await entriesOf('token.issued', identity)).toEqual([]);
  });

  it.each([
    ['never-made', 'role_template.not_found'],
    ['\u0000', 'request.invalid'],
  ])('refuses %j by name', async (template, code) => {
    const { room, identity } = await newScene();
    const { status, body } = await issue({ room, identity, template }, app.admin);
    expect([status, body.code, Object.keys(body.errors)]).toEqual([400, code, ['template']]);
  });

  it('refuses a draft and an archived template', async () => {
    const { room, identity } = await newScene();
    const archived = await templateOf({ roomJoin: true });
    await app.sql('UPDATE role_template SET is_archived = true WHERE key = $1', [archived]);
    await app.sql(`INSERT INTO role_template (key, name) VALUES ('only-a-draft', 'Draft')`);
    for (const template of [archived, 'only-a-draft']) {
      const { status, body } = await issue({ room, identity, template }, app.admin);
      expect([status, body.code]).toEqual([400, 'role_template.not_published']);
    }
  });
});

describe('a preview', () => {
  it('says what issuing would give, and signs nothing; that it was asked is written down', async () => {
    const { room, identity } = await newScene();
    const written = async () =>
      (await app.ledger()).filter(({ kind }) => kind !== 'token.previewed').length;
    const before = await written();
    const { status, body, text } = await preview({ room, identity });
    expect(status).toBe(200);
    expect(text).not.toMatch(/eyJ[\w-]+\.[\w-]+\./);
    expect(await written()).toBe(before);
    expect(await app.sql('SELECT FROM seat WHERE identity = $1', [identity])).toEqual([]);
    const real = (await issue({ room, identity })).body;
    const ofTime = { iat: 0, nbf: 0, exp: 0, jti: '' };
    expect({ ...body.claims, ...ofTime }).toEqual({ ...claimsOf(real.token), ...ofTime });
    expect([body.template, body.version, body.because]).toEqual([
      real.template,
      real.version,
      real.because,
    ]);
  });

  it('says the same of a user and a room that issuing would create', async () => {
    const { body: assignment } = await app.inject('POST', '/api/v1/assignments', {
      as: app.admin,
      body: { subject: { everyone: true }, scope: { pattern: 'to-come-*' }, template: 'speaker' },
    });
    const asked = {
      room: 'to-come-1',
      identity: 'to-come-user',
      createRoom: true,
      createUser: true,
    };
    const seen = await preview(asked, app.admin);
    await app.newRoom({ name: asked.room, default_template: null });
    await app.newUser({ identity: asked.identity, name: asked.identity });
    const real = await issue({ room: asked.room, identity: asked.identity });
    expect([seen.status, real.status]).toEqual([200, 201]);
    const ofTime = { iat: 0, nbf: 0, exp: 0, jti: '' };
    expect({ ...seen.body.claims, ...ofTime }).toEqual({ ...claimsOf(real.body.token), ...ofTime });
    expect(seen.body.template).toBe('speaker');
    expect(seen.body.because[0]).toMatchObject({ outcome: 'wins', ref: assignment.id });
    expect(seen.body.because[0]).toEqual(real.body.because[0]);
  });

  it('creates nobody and nothing', async () => {
    const { room } = await newScene();
    await preview({ room, identity: 'previewed', createUser: true }, app.admin);
    await preview(
      { room: 'previewed', identity: 'previewed', createUser: true, createRoom: true },
      app.admin,
    );
    expect(await app.sql(`SELECT FROM app_user WHERE identity = 'previewed'`)).toEqual([]);
    expect(await app.sql(`SELECT FROM room WHERE name = 'previewed'`)).toEqual([]);
  });
});

describe('the log of issuances', () => {
  it('has an entry for each token, found by the id in the answer, with its hash and not the token', async () => {
    const { room, identity } = await newScene();
    const { body, text } = await issue({ room, identity, reason: 'for the test' });
    const found = await app.inject('GET', `/api/v1/issuances/${body.issuanceId}`, {
      as: app.admin,
    });
    expect(found.body).toMatchObject({
      kind: 'token.issued',
      outcome: 'ok',
      room,
      identity,
      reason: 'for the test',
      actor: { kind: 'api_key', id: backend.id },
      jti: body.jti,
      tokenHash: createHash('sha256').update(body.token).digest('hex'),
      template: 'speaker',
      version: 1,
      ttl: 600,
      expiresAt: body.expiresAt,
      because: body.because,
      grants: PRESETS.find((preset) => preset.key === 'speaker')!.grants,
    });
    expect(text).toContain(body.token);
    expect(found.text).not.toContain(body.token.split('.')[2]);
  });

  it('has an entry for each refusal, with the reasons that were given', async () => {
    const { room, identity } = await newScene(null);
    const { status, body } = await issue({ room, identity });
    expect([status, body.code]).toEqual([403, 'token.refused']);
    expect(body.because.length).toBeGreaterThan(0);
    const [entry] = await entriesOf('token.refused', identity);
    expect(entry).toMatchObject({ outcome: 'refused', room, request_id: body.requestId });
    expect(entry!.payload.because).toEqual(body.because);
    expect(await entriesOf('token.issued', identity)).toEqual([]);
  });

  it('has 200 entries for 200 tokens that were asked for at once, each with its own id', async () => {
    const { room, identity } = await newScene();
    const answers = await Promise.all(Array.from({ length: 200 }, () => issue({ room, identity })));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const hashes = answers.map(({ body }) => createHash('sha256').update(body.token).digest('hex'));
    expect(new Set(answers.map(({ body }) => body.jti)).size).toBe(200);
    expect(new Set(answers.map(({ body }) => body.issuanceId)).size).toBe(200);
    const entries = await entriesOf('token.issued', identity);
    expect(entries.map((entry) => entry.payload.tokenHash).sort()).toEqual(hashes.sort());
  });
});
