import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TokenVerifier } from 'livekit-server-sdk';
import { anyContent, anyGrants } from '../../test/support/grants-arbitraries.js';
import {
  type Credential,
  type InjectOptions,
  type Json,
  startTestApp,
  type TestApp,
} from '../../test/support/test-app.js';
import { until } from '../../test/support/until.js';
import { toVideoGrant } from '../grants/compile-grant.js';
import { MODERATOR_CEILING, PRESETS } from '../grants/presets.js';
import { completeGrants } from '../grants/role-grants.js';

let app: TestApp;
let count = 0;

beforeAll(async () => {
  app = await startTestApp({ overrides: { rateOperator: { points: 100_000, seconds: 10 } } });
});
afterAll(() => app.stop());

const send = (method: string, path: string, body?: object, options: InjectOptions = {}) =>
  app.inject(method, `/api/v1/role-templates${path}`, { as: app.admin, body, ...options });
const newKey = () => `made-${count++}`;

async function newDraft(fields: object = {}, as: Credential = app.admin): Promise<string> {
  const key = newKey();
  const body = { key, name: 'Made', grants: { roomJoin: true }, ...fields };
  const { status, text } = await send('POST', '', body, { as });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return key;
}
async function newPublished(grants: object = { roomJoin: true }): Promise<string> {
  const key = await newDraft({ grants });
  expect((await send('POST', `/${key}/publish`, { message: 'first' })).status).toBe(201);
  return key;
}
const record = async (key: string) => (await send('GET', `/${key}`)).body;

describe('a role template', () => {
  it('goes from draft to versions, and a version never changes', async () => {
    const key = await newDraft({ grants: { roomJoin: true, canSubscribe: true }, ttl: '10h' });
    expect(await record(key)).toMatchObject({
      id: key,
      published: null,
      draft: { grants: completeGrants({ roomJoin: true, canSubscribe: true }), ttl: 36_000 },
    });
    expect(await app.sql('SELECT FROM role_template_version WHERE template = $1', [key])).toEqual(
      [],
    );

    const first = await send('POST', `/${key}/publish`, { message: 'the first' });
    expect([first.status, first.body]).toMatchObject([201, { template: key, version: 1 }]);
    const versionOne = await send('GET', `/${key}/versions/1`);
    expect(versionOne.body).toMatchObject({
      version: 1,
      message: 'the first',
      ttl: 36_000,
      publishedBy: app.admin.label,
    });

    const changed = { grants: { roomJoin: true, canPublish: true, canPublishSources: ['camera'] } };
    expect((await send('PUT', `/${key}/draft`, changed)).status).toBe(200);
    const half = await record(key);
    expect(half).toMatchObject({ published: 1, grants: versionOne.body.grants });
    expect(half.draft).toMatchObject({ basedOn: 1, ttl: 36_000, updatedBy: app.admin.label });

    const difference = await send('GET', `/${key}/diff?from=1&to=draft`);
    expect(difference.body.sentences.map((s: Json) => [s.grant, s.kind])).toEqual(
      expect.arrayContaining([
        ['canSubscribe', 'lose'],
        ['canPublishSources', 'gain'],
      ]),
    );
    expect((await send('POST', `/${key}/publish`, { message: 'the second' })).body.version).toBe(2);
    expect(await record(key)).toMatchObject({ published: 2, draft: null });
    expect((await send('GET', `/${key}/versions`)).body.map((v: Json) => v.version)).toEqual([
      2, 1,
    ]);
    expect((await send('GET', `/${key}/versions/1`)).body).toEqual(versionOne.body);
    expect((await send('GET', `/${key}/diff?from=draft&to=2`)).body.sentences).toEqual([]);
  });

  it('is published once, however many publish its draft at the same moment', async () => {
    const key = await newDraft();
    const answers = await Promise.all(
      [1, 2, 3, 4, 5].map((i) => send('POST', `/${key}/publish`, { message: `from ${i}` })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409]);
    expect((await send('GET', `/${key}/versions`)).body).toHaveLength(1);
  });

  it('shows both sides when somebody else was faster, and takes the last one who does not ask', async () => {
    const key = await newDraft();
    const { headers } = await send('GET', `/${key}`);
    const ifMatch = { headers: { 'if-match': String(headers.etag) } };
    const save = (metadata: string) => send('PUT', `/${key}/draft`, { metadata }, ifMatch);
    const answers = await Promise.all([save('mine'), save('yours')]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    const loser = answers.find(({ status }) => status === 412)!;
    const winner = answers.find(({ status }) => status === 200)!;
    expect(loser.body.current.draft.metadata).toBe(winner.body.draft.metadata);

    for (const [method, path, body] of [
      ['PUT', `/${key}`, { name: 'Late' }],
      ['POST', `/${key}/publish`, { message: 'late' }],
      ['DELETE', `/${key}/draft`, undefined],
    ] as const) {
      expect([path, (await send(method, path, body, ifMatch)).status]).toEqual([path, 412]);
    }
    const fresh = { headers: { 'if-match': String(winner.headers.etag) } };
    expect((await send('PUT', `/${key}/draft`, { metadata: 'next' }, fresh)).status).toBe(200);
    expect((await send('PUT', `/${key}/draft`, { metadata: 'last' })).body.draft.metadata).toBe(
      'last',
    );
  });

  it('takes its own record back, as forms send it, and nothing that is not theirs to set', async () => {
    const key = await newPublished();
    const whole = await record(key);
    expect((await send('PUT', `/${key}`, { ...whole, name: 'Renamed' })).body.name).toBe('Renamed');
    for (const change of [
      { published: 7 },
      { isBuiltIn: true },
      { key: 'other' },
      { grants: { roomAdmin: true } },
      { revision: 1 },
      { isSuper: true },
    ]) {
      const { status, body } = await send('PUT', `/${key}`, { ...whole, ...change });
      expect([status, Object.keys(body.errors)]).toEqual([400, Object.keys(change)]);
    }
  });

  it('leaves a draft behind when it is discarded only if there is something else', async () => {
    const draft = await newDraft();
    const only = await send('DELETE', `/${draft}/draft`);
    expect([only.status, only.body.code]).toEqual([409, 'role_template.only_draft']);
    const key = await newPublished();
    await send('PUT', `/${key}/draft`, { metadata: 'x' });
    expect((await send('DELETE', `/${key}/draft`)).body.draft).toBeNull();
  });

  it('is deleted only while nothing could ever have cited it', async () => {
    const draft = await newDraft();
    expect((await send('DELETE', `/${draft}`)).status).toBe(204);
    expect((await send('GET', `/${draft}`)).status).toBe(404);
    for (const key of [await newPublished(), 'viewer']) {
      const { status, body } = await send('DELETE', `/${key}`);
      expect([status, body.code]).toEqual([409, 'role_template.was_published']);
    }
  });

  it('is archived only when nothing uses it, and then nothing can begin to', async () => {
    const room = await app.newRoom();
    const uses: [string, (key: string) => Promise<unknown>][] = [
      ['an assignment', (key) => app.newAssignment({ template: key, room_name: room })],
      ['a default', (key) => app.newRoom({ default_template: key })],
      ['a promotion', (key) => app.newRoom({ promote_template: key })],
      [
        'an override',
        (key) =>
          app.sql(
            `INSERT INTO seat (room, identity, override_template, override_version, override_scope, override_at)
             VALUES ($1, $2, $2, 1, 'session', now())`,
            [room, key],
          ),
      ],
    ];
    for (const [what, use] of uses) {
      const key = await newPublished();
      await use(key);
      const { status, body } = await send('POST', `/${key}/archive`);
      expect([what, status, body.code]).toEqual([what, 409, 'role_template.in_use']);
    }
    const key = await newPublished();
    expect((await send('POST', `/${key}/archive`)).body.isArchived).toBe(true);
    const assigned = await app.inject('POST', '/api/v1/assignments', {
      as: app.admin,
      body: { subject: { everyone: true }, scope: { room }, template: key },
    });
    expect([assigned.status, Object.keys(assigned.body.errors)]).toEqual([400, ['template']]);
    expect((await send('POST', `/${key}/unarchive`)).body.isArchived).toBe(false);
  });

  it('writes every change of it to the log, with who and what', async () => {
    const key = await newDraft();
    await send('PUT', `/${key}`, { name: 'Renamed' });
    await send('PUT', `/${key}/draft`, { metadata: 'm' });
    await send('POST', `/${key}/publish`, { message: 'why' });
    await send('PUT', `/${key}/draft`, { metadata: 'n' });
    await send('DELETE', `/${key}/draft`);
    await send('POST', `/${key}/archive`);
    await send('POST', `/${key}/unarchive`);
    const draft = await newDraft();
    await send('DELETE', `/${draft}`);
    const entries = (await app.ledger()).filter((e) => [key, draft].includes(e.payload.template));
    expect(entries.map((e) => e.kind.replace('template.', ''))).toEqual([
      'created',
      'updated',
      'draft_saved',
      'published',
      'draft_saved',
      'draft_discarded',
      'archived',
      'unarchived',
      'created',
      'deleted',
    ]);
    expect(new Set(entries.map((e) => e.actor_id))).toEqual(new Set([app.admin.id]));
    expect(entries[3]!.payload).toMatchObject({ version: 1, message: 'why' });
  });
});

describe('what a template grants', () => {
  it('is what its version says and what a token made from it says, for any grants', async () => {
    const room = await app.newRoom();
    const { identity } = await app.newUser();
    const verifier = new TokenVerifier(app.config.livekit.apiKey, app.config.livekit.apiSecret);
    await fc.assert(
      fc.asyncProperty(anyContent, async ({ grants, ttl, metadata, attributes }) => {
        const key = await newDraft({ grants, ttl, metadata, attributes });
        const { status } = await send('POST', `/${key}/publish`, { message: 'any' });
        expect(status).toBe(201);
        const { body: version } = await send('GET', `/${key}/versions/1`);
        const canonical = completeGrants(grants);
        expect([version.grants, version.ttl, version.metadata, version.attributes]).toEqual([
          canonical,
          ttl,
          metadata,
          attributes,
        ]);
        const issued = await app.inject('POST', '/api/v1/tokens', {
          as: app.admin,
          body: { room, identity, template: key },
        });
        expect([issued.status, issued.text]).toEqual([201, expect.any(String)]);
        const claims = await verifier.verify(issued.body.token);
        const expected = JSON.parse(JSON.stringify(toVideoGrant(canonical, room)));
        expect(claims.video).toEqual(expected);
        expect([claims.sip?.admin === true, claims.sip?.call === true]).toEqual([
          grants.sip.admin,
          grants.sip.call,
        ]);
        expect([claims.inference?.perform === true, claims.observability?.write === true]).toEqual([
          grants.inference.perform,
          grants.observability.write,
        ]);
        expect([claims.metadata ?? '', claims.attributes ?? {}]).toEqual([metadata, attributes]);
        expect(claims.exp! - claims.nbf!).toBe(Math.min(ttl ?? 600, 3600));
      }),
      { numRuns: 40 },
    );
  });

  it('is off where a request leaves it out, in a template and in a draft', async () => {
    const key = await newDraft({ grants: {} });
    expect((await record(key)).draft.grants).toEqual(completeGrants({}));
    await send('PUT', `/${key}/draft`, { grants: { hidden: true } });
    expect((await record(key)).draft.grants).toEqual(completeGrants({ hidden: true }));
  });

  it.each([
    [600, 600],
    ['600', 600],
    ['10h', 36_000],
    ['2 days', 172_800],
    ['1h30m', 5_400],
    [null, null],
  ])('lives as long as %j says', async (ttl, seconds) => {
    expect((await record(await newDraft({ ttl }))).draft.ttl).toBe(seconds);
  });

  it('that are built in are those of the presets, published', async () => {
    const { body, headers } = await send('GET', '?range=[0,99]&filter={"isArchived":false}');
    const builtIn = body.filter((t: Json) => t.isBuiltIn);
    expect(headers['content-range']).toMatch(/^role-templates 0-\d+\/\d+$/);
    expect(builtIn.map((t: Json) => [t.key, t.published, t.grants])).toEqual(
      expect.arrayContaining(PRESETS.map((preset) => [preset.key, 1, preset.grants])),
    );
    expect(builtIn).toHaveLength(PRESETS.length);
  });
});

describe('a template that cannot be right', () => {
  it.each([
    [{ key: 'Not Lower' }, 'key'],
    [{ key: '-dash' }, 'key'],
    [{ key: 'x'.repeat(65) }, 'key'],
    [{ key: 'a\u0000' }, 'key'],
    [{ name: '' }, 'name'],
    [{ name: 'x'.repeat(257) }, 'name'],
    [{ name: 7 }, 'name'],
    [{ description: '\ud800' }, 'description'],
    [{ color: 'red' }, 'color'],
    [{ grants: null }, 'grants'],
    [{ grants: [] }, 'grants'],
    [{ grants: { roomJoin: 'yes' } }, 'grants.roomJoin'],
    [{ grants: { roomjoin: true } }, 'grants.roomjoin'],
    [{ grants: { canPublishSources: ['webcam'] } }, 'grants.canPublishSources.0'],
    [{ grants: { canPublishSources: 'camera' } }, 'grants.canPublishSources'],
    [{ grants: { sip: { admin: 1 } } }, 'grants.sip.admin'],
    [{ grants: { sip: true } }, 'grants.sip'],
    [{ grants: { inference: { perform: true, extra: 1 } } }, 'grants.inference.extra'],
    [{ grants: { destinationRoom: 'x'.repeat(257) } }, 'grants.destinationRoom'],
    [{ ttl: 'soon' }, 'ttl'],
    [{ ttl: 0 }, 'ttl'],
    [{ ttl: '400 days' }, 'ttl'],
    [{ metadata: 'x'.repeat(65_537) }, 'metadata'],
    [{ attributes: { a: 1 } }, 'attributes.a'],
    [{ attributes: [] }, 'attributes'],
    [{ published: 1 }, 'published'],
    [{ isBuiltIn: true }, 'isBuiltIn'],
  ])('is refused by the name of the field: %j', async (wrong, field) => {
    const before = await app.sql('SELECT FROM role_template');
    const body = { key: newKey(), name: 'Wrong', grants: { roomJoin: true }, ...wrong };
    const answer = await send('POST', '', body);
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, [field]]);
    expect(await app.sql('SELECT FROM role_template')).toHaveLength(before.length);
  });

  it('says of a key in use that it is in use', async () => {
    const { status, body } = await send('POST', '', { key: 'viewer', name: 'V', grants: {} });
    expect([status, body.code, Object.keys(body.errors)]).toEqual([
      409,
      'role_template.key_taken',
      ['key'],
    ]);
  });

  it('needs to be said what changes, to be published', async () => {
    const key = await newDraft();
    for (const body of [{}, { message: '' }, { message: 7 }]) {
      const { status, body: problem } = await send('POST', `/${key}/publish`, body);
      expect([status, Object.keys(problem.errors)]).toEqual([400, ['message']]);
    }
    const published = await newPublished();
    expect((await send('POST', `/${published}/publish`, { message: 'nothing' })).status).toBe(409);
  });

  it.each(['?from=0&to=1', '?from=1', '?from=draft&to=2147483648', '?from=x&to=1'])(
    'has no difference %s',
    async (query) => {
      expect((await send('GET', `/viewer/diff${query}`)).status).toBe(400);
    },
  );

  it.each([
    '/nobody',
    '/nobody/versions',
    '/viewer/versions/2',
    '/nobody/diff?from=1&to=draft',
    '/nobody/impact',
  ])('is not found at %s', async (path) => {
    expect((await send('GET', path)).status).toBe(404);
  });
});

describe('who is limited to some rooms', () => {
  it('sees no figure and no name of any other', async () => {
    const template = await newPublished();
    for (const name of ['north-1', 'south-1']) {
      await app.newRoom({ name, default_template: template });
      await app.newAssignment({ room_name: name, template });
      await app.newAssignment({ room_pattern: name.replace('1', '*'), template });
      const { identity } = await app.newUser();
      await app.sql(
        `INSERT INTO seat (room, identity, is_present, sid, last_issued_at)
         VALUES ($1, $2, true, 'PA_x', now())`,
        [name, identity],
      );
    }
    await app.newAssignment({ template: 'viewer' });
    const limited = await app.newApiKey(['role_template.read'], { rooms: ['south-*'] });
    const impact = async (as?: Credential) =>
      (await send('GET', `/${template}/impact`, undefined, as ? { as } : {})).body;
    // Counted at most every three seconds.
    await until('all are counted', async () => (await impact()).live === 2);
    expect(await impact()).toMatchObject({ assignments: 4, defaultIn: ['north-1', 'south-1'] });
    expect(await impact(limited)).toEqual({
      assignments: 2,
      live: 1,
      rooms: [{ room: 'south-1', live: 1 }],
      defaultIn: ['south-1'],
    });
    for (const path of [
      `/${template}`,
      `?filter=${encodeURIComponent(JSON.stringify({ key: template }))}`,
    ]) {
      const { body } = await send('GET', path, undefined, { as: limited });
      expect([body].flat()).toMatchObject([{ assignments: 2, live: 1 }]);
    }
    const { body: viewer } = await send('GET', '/viewer', undefined, { as: limited });
    expect(viewer).toMatchObject({ assignments: 0, live: 0 });
    const status = await app.inject('GET', '/api/v1/status', { as: limited });
    expect(status.body.sweep.round).toBeNull();
  });
});

describe('who may write up to a ceiling', () => {
  let limited: Credential;
  const beyond = { roomJoin: true, roomAdmin: true };

  beforeAll(async () => {
    limited = await app.newApiKey(
      ['role_template.read', 'role_template.write', 'role_template.publish'],
      { ceiling: MODERATOR_CEILING },
    );
  });

  it('makes and publishes templates under it, and none beyond it', async () => {
    const key = await newDraft({ grants: { roomJoin: true, canSubscribe: true } }, limited);
    expect((await send('POST', `/${key}/publish`, { message: 'm' }, { as: limited })).status).toBe(
      201,
    );
    const made = await send(
      'POST',
      '',
      { key: newKey(), name: 'N', grants: beyond },
      { as: limited },
    );
    expect([made.status, made.body.code]).toEqual([403, 'access.beyond_ceiling']);
    const edited = await send('PUT', `/${key}/draft`, { grants: beyond }, { as: limited });
    expect([edited.status, edited.body.beyond]).toEqual([403, ['roomAdmin']]);
    expect(await record(key)).toMatchObject({ draft: null, published: 1 });
  });

  it('does not publish the draft that somebody who may has left', async () => {
    const key = await newDraft({ grants: beyond });
    const { status } = await send('POST', `/${key}/publish`, { message: 'm' }, { as: limited });
    expect([status, (await record(key)).published]).toEqual([403, null]);
  });

  it('does not touch what is beyond it, not even to make it less', async () => {
    const key = await newPublished(beyond);
    for (const [method, path, body] of [
      ['PUT', `/${key}/draft`, { grants: { roomJoin: true } }],
      ['PUT', `/${key}`, { name: 'Taken over' }],
      ['POST', `/${key}/archive`, undefined],
    ] as const) {
      const { status, body: problem } = await send(method, path, body, { as: limited });
      expect([path, status, problem.code]).toEqual([path, 403, 'access.beyond_ceiling']);
    }
    await send('PUT', `/${key}/draft`, { grants: { roomJoin: true } });
    expect((await send('POST', `/${key}/publish`, { message: 'm' }, { as: limited })).status).toBe(
      403,
    );
    expect(await record(key)).toMatchObject({ name: 'Made', published: 1, isArchived: false });
  });
});

describe('a preview of a template', () => {
  it('shows claims, words and doubts, and writes nothing, for any grants', async () => {
    const before = (await app.ledger()).length;
    await fc.assert(
      fc.asyncProperty(anyGrants, async (grants) => {
        const { status, body } = await send('POST', '/preview', { grants, room: 'a-room' });
        expect(status).toBe(200);
        expect(body.claims.video).toEqual(
          JSON.parse(JSON.stringify(toVideoGrant(completeGrants(grants), 'a-room'))),
        );
        expect(Array.isArray(body.inWords) && Array.isArray(body.lint)).toBe(true);
      }),
      { numRuns: 30 },
    );
    expect(await app.ledger()).toHaveLength(before);
  });
});
