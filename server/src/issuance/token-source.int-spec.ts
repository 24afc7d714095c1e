import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TokenVerifier } from 'livekit-server-sdk';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';

let app: TestApp;
/** A backend: issues what policy gives, in every room. */
let backend: Credential;

beforeAll(async () => {
  app = await startTestApp();
  backend = await app.newApiKey(['token.issue', 'token.preview']);
});
afterAll(() => app.stop());

const verify = (token: string) =>
  new TokenVerifier(app.config.livekit.apiKey, app.config.livekit.apiSecret).verify(token);

/** A room where everyone speaks, and somebody known. */
async function newScene() {
  const room = await app.newRoom({ default_template: 'speaker' });
  const { identity } = await app.newUser({ name: 'Ana' });
  return { room, identity };
}
const entriesOf = async (kind: string, identity: string) =>
  (await app.ledger(kind)).filter((entry) => entry.identity === identity);

describe('LiveKit’s TokenSource convention', () => {
  const ask = (body: object, as = backend) => app.inject('POST', '/livekit/token', { as, body });

  it('answers in its own words, in those of today and in the older ones', async () => {
    const { room, identity } = await newScene();
    const today = await ask({
      room_name: room,
      participant_identity: identity,
      participant_name: 'Bea',
      participant_metadata: 'm',
      participant_attributes: { a: 'b' },
    });
    expect([today.status, Object.keys(today.body).sort()]).toEqual([
      201,
      ['participant_token', 'server_url'],
    ]);
    expect(await verify(today.body.participant_token)).toMatchObject({
      sub: identity,
      name: 'Bea',
      metadata: 'm',
      attributes: { a: 'b' },
      video: { room, canPublishSources: ['camera', 'microphone'] },
    });
    for (const who of ['userId', 'user_id']) {
      const older = await ask({ room, [who]: identity });
      expect([older.status, Object.keys(older.body).sort()]).toEqual([201, ['token', 'url']]);
      expect((await verify(older.body.token)).sub).toBe(identity);
    }
  });

  it('says what is not there by the name that was sent', async () => {
    const { room, identity } = await newScene();
    for (const [body, field] of [
      [{ room_name: room, participant_identity: 'nobody-1' }, 'participant_identity'],
      [{ room_name: 'no-room-1', participant_identity: identity }, 'room_name'],
      [{ room, userId: 'nobody-1' }, 'userId'],
      [{ room, user_id: 'nobody-1' }, 'user_id'],
      [{ room: 'no-room-1', user_id: identity }, 'room'],
    ] as const) {
      const answer = await ask(body);
      expect([answer.status, Object.keys(answer.body.errors)]).toEqual([404, [field]]);
      expect(answer.text).not.toMatch(/create(User|Room)/);
    }
  });

  it.each([
    [{ room_config: { agents: [{ agent_name: 'x' }] } }, 'room_config'],
    [{ room_config: null }, 'room_config'],
    [{ grants: { roomAdmin: true } }, 'grants'],
    [{ template: 'host' }, 'template'],
    [{ ttl: 86_400 }, 'ttl'],
    [{ participant_identity: undefined }, 'participant_identity'],
    [{ room_name: undefined }, 'room_name'],
    [{ room_name: '' }, 'room_name'],
  ])('takes no grants and nothing that starts agents or egress: %j', async (more, field) => {
    const { room, identity } = await newScene();
    const { status, body } = await ask({
      room_name: room,
      participant_identity: identity,
      ...more,
    });
    expect([status, Object.keys(body.errors)]).toEqual([400, [field]]);
    expect(await entriesOf('token.issued', identity)).toEqual([]);
  });
});
