import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Credential, startTestApp, type TestApp } from '../../test/support/test-app.js';
import type { ConnectRequest } from './gate-answers.js';
import { GateService } from './gate.service.js';
import { SeatPolicy } from '../seats/model/seat-policy.js';
import { MODERATOR_CEILING } from '../grants/presets.js';
import { completeGrants } from '../grants/role-grants.js';

let app: TestApp;
let room: string;
let ana: { id: string; identity: string };

const KEY = {
  LIVEKIT_API_KEY: 'APInarrow',
  LIVEKIT_API_SECRET: 'a-secret-that-is-long-enough-to-use',
};

beforeAll(async () => {
  app = await startTestApp({ environment: { ...KEY, ROLECALL_WHIP: 'on' } });
});
afterAll(() => app.stop());
beforeEach(async () => {
  room = await app.newRoom({ default_template: 'speaker' });
  ana = await app.newUser();
});

const claimsOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());

function issue(fields: object, as: Credential = app.admin) {
  const body = { room, identity: ana.identity, ...fields };
  return app.inject('POST', '/api/v1/tokens', { as, body });
}

/** The token that the gate sends on to LiveKit for who comes with `token`. */
async function passedOn(token: string, action = 'connect') {
  const answer = await app.app.get(GateService, { strict: false }).decide({
    target: {
      action,
      path: action === 'connect' ? '/rtc' : '/whip/v1',
      query: new URLSearchParams({ access_token: token }),
      sid: null,
    },
    authorization: undefined,
    ip: '127.0.0.1',
    requestId: 'test',
  } as unknown as ConnectRequest);
  return answer.status === 200 ? claimsOf(answer.token as string).video : answer;
}
const desired = async () => {
  const { role } = await app.app
    .get(SeatPolicy, { strict: false })
    .evaluate(room, ana.identity, { kind: 'standard' });
  return role?.permission;
};

describe('a token that is asked for with less than its role', () => {
  it('has less, and so has every connection with it, whatever role comes later', async () => {
    const grants = { canPublishSources: ['camera'], canPublishData: false };
    const { status, body } = await issue({ grants });
    expect(status).toBe(201);
    const less = { canPublish: true, canPublishSources: ['camera'], canPublishData: false };
    expect(claimsOf(body.token).video).toMatchObject({ ...less, canSubscribe: true });
    expect((await app.ledger('token.issued')).at(-1)?.payload).toMatchObject({
      template: 'speaker',
      grants: less,
      narrowed: ['canPublishData', 'canPublishSources.microphone'],
    });
    expect(await passedOn(body.token)).toMatchObject(less);
    // The reconciler does not give the rest back either.
    expect(await desired()).toMatchObject(less);
    await app.newAssignment({ user_id: ana.id, room_name: room, template: 'host' });
    expect(await passedOn(body.token)).toMatchObject(less);
    // The role itself is no smaller: another token opens it.
    const whole = await issue({});
    expect(await passedOn(whole.body.token)).toMatchObject({ canPublishData: true });
  });

  it('does not publish by WHIP what it does not publish', async () => {
    const { body } = await issue({ grants: { canPublish: false } });
    expect(await passedOn(body.token, 'whip_publish')).toMatchObject({
      status: 403,
      code: 'gate.nothing_to_publish',
    });
  });

  it('is the same token as any when nothing is taken away', async () => {
    const { body } = await issue({ grants: { roomJoin: true, canPublishData: true } });
    expect(claimsOf(body.token)).not.toHaveProperty('roomConfig');
  });

  it('is refused, naming the grant, when the role does not have what is asked', async () => {
    const grants = { roomAdmin: true, canPublishSources: ['camera', 'screen_share'] };
    const { status, body } = await issue({ grants });
    expect([status, body.code, body.refusal]).toEqual([403, 'token.refused', 'token.beyond_role']);
    expect(body.detail).toMatch(/speaker.*roomAdmin.*canPublishSources\.screen_share/);
    expect((await app.ledger('token.refused')).at(-1)).toMatchObject({ identity: ana.identity });
    const unknown = await issue({ grants: { roomName: 'x' } });
    expect([unknown.status, Object.keys(unknown.body.errors)]).toEqual([400, ['grants.roomName']]);
  });

  it('does not carry a template past the ceiling of who asks', async () => {
    const key = await app.newApiKey(['token.issue', 'token.issue_as'], {
      ceiling: MODERATOR_CEILING,
    });
    const given = { roomJoin: true, canSubscribe: true, roomAdmin: true };
    const admin = await app.newTemplate(completeGrants(given));
    const grants = { roomAdmin: false };
    const { status, body } = await issue({ template: admin, grants }, key);
    expect([status, body.refusal]).toEqual([403, 'access.beyond_ceiling']);
  });

  it('is refused where there is no gate to hold it', async () => {
    const open = await startTestApp({
      database: app.database,
      environment: { ...KEY, ROLECALL_GATE: 'off' },
    });
    const body = { room, identity: ana.identity, grants: { canPublishData: false } };
    const answer = await open.inject('POST', '/api/v1/tokens', { as: app.admin, body });
    await open.stop();
    expect([answer.status, Object.keys(answer.body.errors)]).toEqual([400, ['grants']]);
  });
});

describe('agents that a token starts', () => {
  const agents = [{ agentName: 'helper', metadata: '{"task":1}' }];

  it('are in the token as LiveKit reads them, and pass the gate', async () => {
    const { status, body } = await issue({ agents });
    expect([status, claimsOf(body.token).roomConfig]).toEqual([201, { agents }]);
    const both = await issue({ agents, grants: { canPublishData: false } });
    expect(claimsOf(both.body.token).roomConfig).toMatchObject({
      agents,
      name: expect.stringContaining('rolecall:'),
    });
  });

  it('need the right to give other roles than policy, and to let an agent in', async () => {
    const backend = await app.newApiKey(['token.issue']);
    expect((await issue({ agents }, backend)).body).toMatchObject({
      status: 403,
      permission: 'token.issue_as',
    });
    const bounded = await app.newApiKey(['token.issue', 'token.issue_as'], {
      ceiling: MODERATOR_CEILING,
    });
    const refused = await issue({ agents }, bounded);
    expect([refused.status, refused.body.refusal]).toEqual([403, 'access.beyond_ceiling']);
  });
});
