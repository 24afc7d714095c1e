import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Caller } from '../support/live-app.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin, type SignalParticipant, signalResume } from '../support/livekit-signal.js';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { until } from '../support/until.js';

describeLive('a token of a moderator, for somebody who is given more later', () => {
  let world: LiveWorld;
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let moderator: Caller;
  let gate: string;

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'on' });
    ({ app, scene, gate } = world);
    moderator = await app.operator('moderator');
  });

  afterAll(() => world?.stop());

  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] as string, 'base64url').toString());
  const issued = async (as: Caller, room: string, identity: string): Promise<string> => {
    const answer = await as.post('/api/v1/tokens', { room, identity });
    expect(answer.status).toBe(201);
    return answer.body.token;
  };
  /** The first one that LiveKit made of the gate's own token. */
  const refreshed = (person: SignalParticipant) =>
    until('LiveKit refreshes the token', () => person.token);
  const assign = async (room: string, user: string, template: string) => {
    const body = { subject: { user }, scope: { room }, template, reason: 'chairs' };
    expect((await app.post('/api/v1/assignments', body)).status).toBe(201);
  };
  const chair = async () => {
    const grants = { roomJoin: true, canSubscribe: true, canPublish: true, roomAdmin: true };
    const body = {
      key: 'chair',
      name: 'Chair',
      grants: { ...grants, canPublishSources: ['camera'] },
    };
    expect((await app.post('/api/v1/role-templates', body)).status).toBe(201);
    await app.post('/api/v1/role-templates/chair/publish', { message: 'first' });
  };

  it('lets nobody in with it, fresh or refreshed, while an admin’s does', async () => {
    await chair();
    const room = await scene.room('escalation');
    const { body: boss } = await app.post('/api/v1/users', { identity: 'boss' });
    const token = await issued(moderator, room, 'boss');
    const first = await signalJoin(gate, token);
    const kept = await refreshed(first);
    expect(claimsOf(kept).jti).toBeUndefined();
    first.close();
    // Without more rights both are as good as ever, and the next refresh goes back to the same issuer.
    const second = await signalJoin(gate, kept);
    const again = await refreshed(second);
    second.close();

    await assign(room, boss.id, 'chair');
    for (const one of [token, kept, again]) {
      await expect(signalJoin(gate, one)).rejects.toMatchObject({
        status: 403,
        message: expect.stringContaining('does not cover the role'),
      });
    }
    const refusals = await scene.ledger(room, 'gate.refused');
    expect(refusals.length).toBeGreaterThanOrEqual(3);
    expect(refusals.at(-1)).toMatchObject({
      identity: 'boss',
      payload: { refusal: 'gate.above_issuer_ceiling', template: 'chair' },
    });
    // The moderator cannot make another one, and an admin can.
    const denied = await moderator.post('/api/v1/tokens', { room, identity: 'boss' });
    expect(denied.body).toMatchObject({ code: 'token.refused' });
    const good = await signalJoin(gate, await issued(app, room, 'boss'));
    expect(claimsOf(await refreshed(good)).video.roomAdmin).toBe(true);
    await expect(signalJoin(gate, kept)).rejects.toMatchObject({ status: 403 });
    (await signalJoin(gate, await refreshed(good))).close();
  });

  it('gives who is connected with it no more than the moderator could', async () => {
    const room = await scene.room('connected');
    const { body: max } = await app.post('/api/v1/users', { identity: 'max' });
    const person = await signalJoin(gate, await issued(moderator, room, 'max'));
    await assign(room, max.id, 'host');
    await until('max may publish', () => person.permission?.['canPublish'] === true);
    await until('LiveKit has it, and Rolecall agrees', async () => {
      const seat = await scene.seat(room, 'max');
      return seat?.inSync && seat.role?.template === 'host' && seat.aboveCeiling.length > 0;
    });
    expect(person.permission).not.toHaveProperty('canUpdateMetadata');
    // An admin who sees them there may give it all the same, and it lasts through a reconnect.
    const promoted = await app.post(`/api/v1/rooms/${room}/seats/max/promote`, {
      template: 'host',
    });
    expect(promoted.body).toMatchObject({ outcome: 'applied' });
    await until('max has all of it', () => person.permission?.['canUpdateMetadata'] === true);
    const kept = await refreshed(person);
    person.close();
    const back = await signalJoin(gate, kept);
    expect(back.permission).toMatchObject({ canUpdateMetadata: true });
    back.close();
  });

  it.each(['reconnect', 'join_request', 'gzip'] as const)(
    'takes up nobody’s connection but its own (%s)',
    async (form) => {
      const room = await scene.room(`taken-${form}`);
      await app.post('/api/v1/users', { identity: 'kim' });
      const kim = await signalJoin(gate, await issued(app, room, 'kim'));
      const token = await issued(moderator, room, 'kim');
      // LiveKit would answer with a token of kim's connection, which carries no ceiling.
      expect((await signalResume(gate, token, form)).heard).toEqual(['leave']);
      expect((await scene.ledger(room, 'gate.refused')).at(-1)).toMatchObject({
        payload: { refusal: 'gate.no_such_session' },
      });
      expect(kim.isClosed).toBe(false);
      const own = await refreshed(kim);
      const again = await signalResume(gate, own, form);
      expect(again.heard[0]).toBe('reconnect');
      again.close();

      // Nor does kim's take up the moderator's, whose media would get the role of kim.
      const other = await signalJoin(gate, token);
      expect((await signalResume(gate, own, form)).heard).toEqual(['leave']);
      const kept = await refreshed(other);
      const back = await signalResume(gate, kept, form);
      expect(claimsOf(await until('it is refreshed', () => back.token)).roomConfig).toEqual(
        claimsOf(kept).roomConfig,
      );
      back.close();
      other.close();
    },
  );
});
