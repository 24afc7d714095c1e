import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AgentDispatchClient } from 'livekit-server-sdk';
import { type LiveWorld, startLiveWorld } from '../support/live-world.js';
import { describeLive } from '../support/livekit-server.js';
import { signalJoin, type SignalParticipant } from '../support/livekit-signal.js';
import { until } from '../support/until.js';

describeLive('a token that asks for less than its role, or for an agent', () => {
  let world: LiveWorld;
  let livekit: LiveWorld['livekit'];
  let app: LiveWorld['app'];
  let scene: LiveWorld['scene'];
  let gate: LiveWorld['gate'];

  beforeAll(async () => {
    world = await startLiveWorld({ ROLECALL_SWEEP: '1s', ROLECALL_GATE: 'on' });
    ({ livekit, app, scene, gate } = world);
  });

  afterAll(() => world?.stop());

  const issue = async (body: object): Promise<string> => {
    const answer = await app.post('/api/v1/tokens', { createUser: true, ...body });
    expect(answer.status).toBe(201);
    return answer.body.token;
  };
  const refreshed = (person: SignalParticipant) =>
    until('LiveKit refreshes the token', () => person.token);

  it('stays narrow through sweeps, refreshed tokens and a greater role', async () => {
    const room = await scene.room('narrow', { default_template: 'speaker' });
    const grants = { canPublishSources: ['camera'], canPublishData: false };
    const token = await issue({ room, identity: 'cam', grants });
    const first = await signalJoin(gate, token);
    const kept = await refreshed(first);
    const { body: users } = await app.get(
      `/api/v1/users?filter=${encodeURIComponent('{"identity":"cam"}')}`,
    );
    await app.post('/api/v1/assignments', {
      subject: { user: users[0].id },
      scope: { room },
      template: 'host',
      reason: 'chairs',
    });
    await until('Rolecall has the greater role, and LiveKit what is left of it', async () => {
      const seat = await scene.seat(room, 'cam');
      return seat?.inSync && seat.role?.template === 'host';
    });
    first.close();
    for (const one of [token, kept]) {
      const person = await signalJoin(gate, one);
      expect(person.permission).toMatchObject({ canPublish: true, canPublishSources: ['CAMERA'] });
      expect(person.permission).not.toHaveProperty('canPublishData');
      person.close();
    }
    const whole = await signalJoin(gate, await issue({ room, identity: 'cam' }));
    expect(whole.permission).toMatchObject({ canPublishData: true });
    whole.close();
  });

  it('starts the agent with the room, as LiveKit itself then says', async () => {
    const dispatches = new AgentDispatchClient(livekit.httpUrl, livekit.apiKey, livekit.apiSecret);
    await app.post('/api/v1/rooms', { name: 'helped', defaultTemplate: 'viewer' });
    const agents = [{ agentName: 'helper', metadata: 'a task' }];
    const token = await issue({ room: 'helped', identity: 'ana', agents, createRoom: true });
    const listed = await until('the agent is called', async () => {
      const all = await dispatches.listDispatch('helped');
      return all.length > 0 ? all : null;
    });
    expect(listed).toMatchObject([{ agentName: 'helper', metadata: 'a task' }]);
    const ana = await signalJoin(gate, token);
    ana.close();
  });
});
