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
    [{ roomConfig: { egress: { room: {}, tracks: { filepath: 'x' } } } }, 'roomConfig'],
    [{ grants: { roomAdmin: true } }, 'grants'],
    [{ template: 'host' }, 'template'],
    [{ ttl: 86_400 }, 'ttl'],
    [{ participant_kind: 'agent' }, 'participant_kind'],
    [{ participant_identity: undefined }, 'participant_identity'],
    [{ participant_identity: null }, 'participant_identity'],
    [{ participantIdentity: 'somebody else' }, 'participantIdentity'],
    [{ room: 'another' }, 'room_name'],
    [{ room_name: undefined }, 'room_name'],
    [{ room_name: '' }, 'room_name'],
    [{ room_config: 'x' }, 'room_config'],
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

  it('tells an answer that holds a token not to be kept', async () => {
    const { room, identity } = await newScene();
    const { headers } = await ask({ room_name: room, participant_identity: identity });
    expect(headers['cache-control']).toBe('no-store');
  });
});

/**
 * What each of LiveKit's clients sends, and where its source says so. `full` sets every option but
 * the agent; `bare` sets none but the room.
 */
const CLIENTS: Record<string, { source: string; bare: object; full: object }> = {
  JavaScript: {
    source: 'livekit/client-sdk-js src/room/token-source/TokenSource.ts: protobuf JSON, snake case',
    bare: {},
    full: {},
  },
  'React Native': {
    source: 'livekit/client-sdk-react-native has none of its own: TokenSource of livekit-client',
    bare: {},
    full: {},
  },
  Android: {
    source:
      'livekit/client-sdk-android …/android/token/TokenSource.kt, EndpointTokenSource.kt: room_config is always there, nulls are not',
    bare: { room_config: {} },
    full: { room_config: {} },
  },
  Swift: {
    source:
      'livekit/client-sdk-swift Sources/LiveKit/Token/TokenSource.swift: room_config is always there',
    bare: { room_config: {} },
    full: { room_config: {} },
  },
  Flutter: {
    source:
      'livekit/client-sdk-flutter lib/src/token_source/token_source.g.dart, endpoint.dart: room_config is always there',
    bare: { room_config: {} },
    full: { room_config: {} },
  },
  Rust: {
    source: 'livekit/rust-sdks livekit-token-source/src/request.rs: unset options are left out',
    bare: {},
    full: {},
  },
  'C++': {
    source: 'livekit/client-sdk-cpp src/token_source_json.cpp: empty options are left out',
    bare: {},
    full: {},
  },
  Unity: {
    source:
      'livekit/client-sdk-unity Runtime/Scripts/TokenSource/TokenSourceData.cs: nulls are left out',
    bare: {},
    full: {},
  },
  'Unity before it left nulls out, and other serializers': {
    source: 'Newtonsoft.Json and System.Text.Json write every field unless they are told not to',
    bare: {
      participant_name: null,
      participant_metadata: null,
      participant_attributes: null,
      room_config: null,
    },
    full: { room_config: { name: null, empty_timeout: 0, sync_streams: false, agents: [{}] } },
  },
  Python: {
    source:
      'livekit/python-sdks has no TokenSource: its users write the JSON themselves, with empty strings and dicts',
    bare: {
      participant_name: '',
      participant_metadata: '',
      participant_attributes: {},
      room_config: {},
    },
    full: {},
  },
};

describe('what LiveKit’s own clients send', () => {
  const ask = (body: object) => app.inject('POST', '/livekit/token', { as: backend, body });

  it.each(Object.entries(CLIENTS))('%s', async (_name, { bare, full }) => {
    const { room, identity } = await newScene();
    const least = await ask({ room_name: room, participant_identity: identity, ...bare });
    expect([least.status, least.body.errors]).toEqual([201, undefined]);
    // Empty is absent: what is known of them stays.
    expect(await verify(least.body.participant_token)).toMatchObject({
      sub: identity,
      name: 'Ana',
      video: { room },
    });
    const most = await ask({
      room_name: room,
      participant_identity: identity,
      participant_name: 'Bea',
      participant_metadata: '{"a":1}',
      participant_attributes: { a: 'b' },
      ...full,
    });
    expect(most.status).toBe(201);
    const claims = await verify(most.body.participant_token);
    expect(claims).toMatchObject({ name: 'Bea', metadata: '{"a":1}', attributes: { a: 'b' } });
    expect(claims.roomConfig).toBeUndefined();
  });

  it('those that write protobuf’s JSON in camel case', async () => {
    const { room, identity } = await newScene();
    const answer = await ask({
      roomName: room,
      participantIdentity: identity,
      participantName: 'Bea',
      participantAttributes: { a: 'b' },
      roomConfig: { agents: [] },
    });
    expect([answer.status, Object.keys(answer.body).sort()]).toEqual([
      201,
      ['participant_token', 'server_url'],
    ]);
    expect(await verify(answer.body.participant_token)).toMatchObject({ name: 'Bea' });
  });

  it('those that are newer, and send fields that are not known here and empty', async () => {
    const { room, identity } = await newScene();
    const newer = { participant_kind: '', participant_tags: [], room_preset: null, options: {} };
    const answer = await ask({ room_name: room, participant_identity: identity, ...newer });
    expect(answer.status).toBe(201);
  });

  it('livekit-client sends what its row says', async () => {
    const { room, identity } = await newScene();
    const asked: unknown[] = [];
    const fetch = globalThis.fetch;
    globalThis.fetch = async (_url, init) => {
      asked.push(JSON.parse(String(init?.body)));
      const { status, text } = await ask(JSON.parse(String(init?.body)));
      return new Response(text, { status });
    };
    try {
      const { TokenSource } = await import('livekit-client');
      const answer = await TokenSource.endpoint('http://127.0.0.1/').fetch({
        roomName: room,
        participantIdentity: identity,
        participantAttributes: {},
      });
      expect(await verify(answer.participantToken ?? '')).toMatchObject({ sub: identity });
    } finally {
      globalThis.fetch = fetch;
    }
    expect(asked).toEqual([{ room_name: room, participant_identity: identity }]);
  });
});
