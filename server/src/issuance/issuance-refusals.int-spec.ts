import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type IssuingApp, startIssuingApp } from '../../test/support/issuing-app.js';
import { type Credential } from '../../test/support/test-app.js';

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

describe('who gets no token', () => {
  const refusedWith = async (body: object, as = backend) => {
    const answer = await issue(body, as);
    return [answer.status, answer.body.code, answer.body.refusal];
  };

  it.each<
    [string, (scene: Awaited<ReturnType<IssuingApp['newScene']>>) => Promise<unknown>, string]
  >([
    [
      'a blocked seat',
      ({ room, identity }) =>
        app.sql(
          `INSERT INTO seat (room, identity, block_at, block_by) VALUES ($1, $2, now(), 'test')`,
          [room, identity],
        ),
      'seat.blocked',
    ],
    [
      'a suspended user',
      ({ user }) => app.sql('UPDATE app_user SET is_suspended = true WHERE id = $1', [user]),
      'user.suspended',
    ],
    [
      'a deleted user',
      ({ user }) => app.sql('UPDATE app_user SET deleted_at = now() WHERE id = $1', [user]),
      'user.deleted',
    ],
    [
      'anybody in a closed room',
      ({ room }) => app.sql('UPDATE room SET is_closed = true WHERE name = $1', [room]),
      'room.closed',
    ],
  ])('%s, for every template and every caller', async (_, arrange, code) => {
    const scene = await newScene();
    await arrange(scene);
    const { room, identity } = scene;
    expect(await refusedWith({ room, identity })).toEqual([403, 'token.refused', code]);
    for (const template of ['host', 'speaker']) {
      const asked = { room, identity, template, createUser: true, createRoom: true };
      expect(await refusedWith(asked, app.admin)).toEqual([403, 'token.refused', code]);
    }
    expect(await entriesOf('token.issued', identity)).toEqual([]);
    expect(await entriesOf('token.refused', identity)).toHaveLength(3);
  });

  it('a suspended user without a room', async () => {
    const { user, identity } = await newScene();
    await app.sql('UPDATE app_user SET is_suspended = true WHERE id = $1', [user]);
    const template = await templateOf({ roomList: true });
    expect(await refusedWith({ identity, template }, app.admin)).toEqual([
      403,
      'token.refused',
      'user.suspended',
    ]);
  });

  it('somebody unknown, in a room that is not there, unless the request says to create them', async () => {
    const { room } = await newScene();
    expect((await issue({ room, identity: 'unknown-1' })).body.code).toBe('user.not_found');
    expect((await issue({ room: 'unknown-room', identity: 'unknown-1' })).body.code).toBe(
      'room.not_found',
    );
    // … and then only with the permission to do so.
    const denied = await issue({ room, identity: 'unknown-1', createUser: true });
    expect([denied.status, denied.body.permission]).toEqual([403, 'user.create']);
    const creator = await app.newApiKey(['token.issue', 'user.create']);
    expect((await issue({ room, identity: 'unknown-1', createUser: true }, creator)).status).toBe(
      201,
    );
    const noRoom = await issue(
      { room: 'unknown-room', identity: 'unknown-1', createRoom: true },
      creator,
    );
    expect([noRoom.status, noRoom.body.permission]).toEqual([403, 'room.create']);
    expect(await app.sql(`SELECT FROM room WHERE name = 'unknown-room'`)).toEqual([]);
    expect(await app.ledger('user.created')).toHaveLength(1);
    const refused = await entriesOf('token.refused', 'unknown-1');
    expect(refused.map(({ payload }) => payload.code)).toEqual([
      'user.not_found',
      'room.not_found',
      'access.denied',
      'access.denied',
    ]);
  });

  it('who has no role in a room that it would have created: neither room nor user is left', async () => {
    const asked = {
      room: 'never-room',
      identity: 'never-user',
      createRoom: true,
      createUser: true,
    };
    expect(await refusedWith(asked, app.admin)).toEqual([403, 'token.refused', 'no_rule']);
    expect(await app.sql(`SELECT FROM room WHERE name = 'never-room'`)).toEqual([]);
    expect(await app.sql(`SELECT FROM app_user WHERE identity = 'never-user'`)).toEqual([]);
    expect(await entriesOf('token.refused', 'never-user')).toHaveLength(1);
  });

  it('a caller for a room outside their limit: it does not exist for them', async () => {
    const { identity } = await newScene();
    const inside = await app.newRoom({ name: 'inside-1', default_template: 'viewer' });
    const outside = await app.newRoom({ name: 'outside-1', default_template: 'viewer' });
    const limited = await app.newApiKey(['token.issue', 'token.issue_as', 'token.preview'], {
      rooms: ['inside-*'],
    });
    expect((await issue({ room: inside, identity }, limited)).status).toBe(201);
    for (const ask of [issue, preview]) {
      const there = await ask({ room: outside, identity }, limited);
      const nowhere = await ask({ room: 'outside-never-made', identity }, limited);
      expect([there.status, nowhere.status]).toEqual([404, 404]);
      expect(there.body.code).toBe(nowhere.body.code);
    }
    const lister = await templateOf({ roomList: true });
    const without = await issue({ identity, template: lister }, limited);
    expect([without.status, Object.keys(without.body.errors)]).toEqual([400, ['room']]);
  });
});

describe('a request that cannot be right', () => {
  it.each([
    [{ identity: 'a' }, 'room'],
    [{ room: 'r' }, 'identity'],
    [{ room: '', identity: 'a' }, 'room'],
    [{ room: 'r', identity: '\u0000' }, 'identity'],
    [{ room: 'é'.repeat(129), identity: 'a' }, 'room'],
    [{ room: 'r', identity: 'a', user: '00000000-0000-4000-8000-000000000000' }, 'user'],
    [{ room: 'r', user: 'not-a-uuid' }, 'user'],
    [{ room: 'r', identity: 'a', attributes: { a: 1 } }, 'attributes.a'],
    [{ room: 'r', identity: 'a', attributes: { '': 'x' } }, 'attributes.'],
    [{ room: 'r', identity: 'a', metadata: 'x'.repeat(65_537) }, 'metadata'],
    [{ room: 'r', identity: 'a', createRoom: 'yes' }, 'createRoom'],
    [{ room: 'r', identity: 'a', video: { roomAdmin: true } }, 'video'],
    [{ room: 'r', identity: 'a', grants: { roomAdministrator: true } }, 'grants.roomAdministrator'],
  ])('is refused by the name of the field: %j', async (body, field) => {
    const answer = await issue(body, app.admin);
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, [field]]);
  });
});

describe('a rule for another room that comes near', () => {
  it('is named to those only who may see that room, and to no reader of the ledger', async () => {
    const { user, identity } = await newScene();
    const [room, other] = ['near-hall', 'near_hall'];
    await app.newRoom({ name: room, default_template: 'viewer' });
    await app.newRoom({ name: other });
    await app.newAssignment({ user_id: user, room_name: other, template: 'host' });
    const limited = await app.newOperator([{ role: 'admin', rooms: [room] }]);
    const both = await app.newOperator([{ role: 'admin', rooms: ['near*'] }]);
    const tells = async (as: Credential) => {
      const query = `room=${room}&identity=${identity}`;
      const explained = await app.inject('GET', `/api/v1/explain?${query}`, { as });
      const previewed = await preview({ room, identity }, as);
      const issued = await issue({ room, identity }, as);
      expect([explained.status, previewed.status, issued.status]).toEqual([200, 200, 201]);
      return [explained, previewed, issued].map(({ text }) =>
        text.includes('test assigned `host`'),
      );
    };
    const name = (text: string) => text.includes('near_miss');
    expect(await tells(limited)).toEqual([false, false, false]);
    expect(await tells(both)).toEqual([true, true, true]);
    expect(await tells(app.admin)).toEqual([true, true, true]);
    const entries = await entriesOf('token.issued', identity);
    expect(entries).toHaveLength(3);
    expect(name(JSON.stringify(entries))).toBe(false);
  });
});
