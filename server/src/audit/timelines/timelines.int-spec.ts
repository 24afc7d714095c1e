import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type DoubleWorld, startDoubleWorld } from '../../../test/support/double-world.js';
import type { Json } from '../../../test/support/test-app.js';
import { until } from '../../../test/support/until.js';

const SECRET = 'a-secret-of-the-proxy';

describe('timelines from the log', () => {
  let world: DoubleWorld;

  beforeAll(async () => {
    world = await startDoubleWorld({
      ROLECALL_SWEEP: '1s',
      ROLECALL_GATE: 'off',
      ROLECALL_GATE_SECRET: SECRET,
    });
    for (const room of ['tl-hall', 'tl-lab']) await world.scene.room(room);
  });
  afterAll(() => world?.stop());

  const issue = async (room: string, identity: string) => {
    await world.app.post('/api/v1/users', { identity });
    const { status, body } = await world.app.post('/api/v1/tokens', { room, identity });
    expect(status).toBe(201);
    return body as { token: string; jti: string };
  };
  /** Through the gate: the token that it sends on to LiveKit. */
  const knock = async (token: string) => {
    const response = await fetch(`${world.app.url}/livekit/gate`, {
      headers: {
        'x-original-uri': `/rtc?access_token=${token}`,
        'x-rolecall-gate-secret': SECRET,
      },
    });
    expect(response.status).toBe(200);
    return response.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  };
  /** In the log: the webhook may come after LiveKit's list has shown it. */
  const logged = (kind: string, sid: string) =>
    until(`${kind} is in the log`, async () => {
      const found = `SELECT FROM ledger_entry WHERE kind = $1 AND payload->>'sid' = $2`;
      return (await world.app.sql(found, [kind, sid])).length > 0;
    });
  const comes = async (room: string, identity: string, token: string) => {
    const person = world.livekit.join(await knock(token));
    await world.scene.untilSeat(room, identity, 'is here', ({ isPresent }) => isPresent);
    await logged('participant.joined', person.sid);
    return person;
  };
  /** What LiveKit makes of a token that it lets in: it keeps what the gate wrote into it. */
  const refreshed = async (token: string) => {
    const passed = await knock(token);
    const claims = Buffer.from(passed.split('.')[1] ?? '', 'base64url').toString();
    const { jti: _, ...kept } = JSON.parse(claims) as Json;
    const now = Math.floor(Date.now() / 1_000);
    return world.livekit.sign({ ...kept, nbf: now, exp: now + 600 });
  };
  const leaves = async (person: ReturnType<DoubleWorld['livekit']['join']>) => {
    world.livekit.end(person, 'CLIENT_INITIATED', 'the participant');
    await logged('participant.left', person.sid);
  };
  const timeline = async (path: string, query: Record<string, string> = {}): Promise<Json> => {
    const answer = await world.app.get(`/api/v1/${path}/timeline?${new URLSearchParams(query)}`);
    return { status: answer.status, ...answer.body };
  };
  const asKey = async (rooms: string[], path: string): Promise<{ status: number; body: Json }> => {
    const { body } = await world.app.post('/api/v1/api-keys', {
      name: rooms.join(),
      permissions: ['ledger.read'],
      rooms,
    });
    const response = await fetch(`${world.app.url}/api/v1/${path}/timeline`, {
      headers: { authorization: `Bearer ${body.key}` },
    });
    return { status: response.status, body: (await response.json()) as Json };
  };
  const ms = (at: string) => Date.parse(at);

  it('shows where a person was and as what, held, blocked and for how long', async () => {
    const { app, scene } = world;
    const { token, jti } = await issue('tl-hall', 'ana');
    const ana = await comes('tl-hall', 'ana', token);
    await scene.carryOut('tl-hall', 'ana', 'promote', { template: 'speaker', for: 2 });
    await scene.carryOut('tl-hall', 'ana', 'hold', { sources: ['microphone'] });
    await scene.carryOut('tl-hall', 'ana', 'release', {});
    await until('the promotion is over', async () => {
      const ended = `SELECT FROM ledger_entry WHERE kind = 'seat.lease_ended' AND identity = 'ana'
        AND outcome = 'applied'`;
      return (await app.sql(ended)).length > 0;
    });
    const next = await refreshed(token);
    await leaves(ana);
    const again = await comes('tl-hall', 'ana', next);
    await scene.carryOut('tl-hall', 'ana', 'block', { for: 3_600, reason: 'noise' });
    await until('they are out', () => !again.isHere);
    await leaves(await comes('tl-lab', 'ana', (await issue('tl-lab', 'ana')).token));

    const all = await timeline('people/ana');
    expect(all).toMatchObject({ status: 200, isPartial: false, person: { identity: 'ana' } });
    expect(all.lanes.map(({ room }: Json) => room)).toEqual(['tl-lab', 'tl-hall']);
    const hall = all.lanes[1];
    const of = (kind: string): Json[] => hall.segments.filter((one: Json) => one.kind === kind);

    // Viewer, speaker until the promotion was over, viewer; then once more with a refreshed token.
    const present = of('present');
    expect(present.map(({ role }) => role?.key)).toEqual(['viewer', 'speaker', 'viewer', 'viewer']);
    expect(present.map(({ canPublish }) => canPublish)).toEqual([false, true, false, false]);
    expect(present[0].to).toBe(present[1].from);
    expect(present[1].to).toBe(present[2].from);
    expect(ms(present[3].from)).toBeGreaterThan(ms(present[2].to));
    expect(ms(present[3].to)).toBeGreaterThan(ms(present[3].from));
    expect(hall.connections).toMatchObject([
      { lineage: { through: 'issued', jti } },
      { lineage: { through: 'refreshed', jti } },
    ]);
    const [given, ...noOther] = of('role');
    expect(noOther).toEqual([]);
    expect(given).toMatchObject({ role: { key: 'speaker' }, by: 'admin@localhost' });
    expect(ms(given!.until) - ms(given!.from)).toBeGreaterThan(1_500);
    expect(given!.to).toBe(given!.until);
    const [held] = of('held');
    expect(ms(held!.from)).toBeGreaterThan(ms(present[1].from));
    expect(ms(held!.to)).toBeLessThan(ms(present[1].to));
    const [blocked] = of('blocked');
    expect(blocked).toMatchObject({ to: null, until: expect.any(String) });
    expect(all.marks.map(({ kind }: Json) => kind)).toEqual(
      expect.arrayContaining(['seat.promoted', 'seat.held', 'seat.released', 'seat.blocked']),
    );
    // An act is one mark, whatever came of it.
    expect(all.marks.filter(({ kind }: Json) => kind === 'seat.promoted')).toMatchObject([
      { outcome: 'applied', actor: { kind: 'operator' } },
    ]);

    // What began before the time that is asked for is there, from when it began.
    const since = { from: all.lanes[0].segments[0].from };
    const rest = await timeline('people/ana', since);
    const stays = rest.lanes.find(({ room }: Json) => room === 'tl-hall').segments;
    expect(stays).toContainEqual(expect.objectContaining({ kind: 'blocked', from: blocked!.from }));

    // Whoever may see some rooms sees nothing of the others, not even that they were there.
    const limited = await asKey(['tl-l*'], 'people/ana');
    expect(limited.body.lanes.map(({ room }: Json) => room)).toEqual(['tl-lab']);
    expect(JSON.stringify(limited.body)).not.toContain('tl-hall');
  });

  it('knows nothing of a stranger, and says so', async () => {
    expect(await timeline('people/nobody')).toMatchObject({
      status: 200,
      person: { kind: 'participant', identity: 'nobody' },
      lanes: [],
      marks: [],
    });
  });

  it('shows who was in a room, what was decided, and what the room did', async () => {
    const { app, scene } = world;
    await scene.room('tl-room');
    const ben = await comes('tl-room', 'ben', (await issue('tl-room', 'ben')).token);
    const cleo = await comes('tl-room', 'cleo', (await issue('tl-room', 'cleo')).token);
    await scene.carryOut('tl-room', 'ben', 'promote', { template: 'speaker' });
    const lock = { lock: { keep: ['speaker'] } };
    expect((await app.post('/api/v1/rooms/tl-room/scene', lock)).status).toBe(202);
    await until('the room plays it', async () => {
      return (await app.get('/api/v1/rooms/tl-room')).body.scene;
    });
    await leaves(cleo);
    const room = await timeline('rooms/tl-room');
    expect(room).toMatchObject({
      status: 200,
      people: 2,
      sessions: [{ to: null }],
      closed: [],
      scenes: [{ to: null, name: expect.any(String) }],
    });
    const lane = (identity: string): Json =>
      room.lanes.find((one: Json) => one.identity === identity);
    expect(lane('ben').segments.at(-1)).toMatchObject({ to: null });
    expect(lane('cleo').segments).toMatchObject([{ kind: 'present', to: expect.any(String) }]);
    const last = room.strip.at(-1);
    expect(last).toMatchObject({ present: 2, publishers: 1, acts: 1, refused: 0 });
    expect(room.strip).toHaveLength(60);
    expect(room.marks).toMatchObject([{ kind: 'seat.promoted', identity: 'ben' }]);
    expect((await asKey(['tl-l*'], 'rooms/tl-room')).status).toBe(404);
    await leaves(ben);
  });

  it('shows what an operator did and could do then', async () => {
    const { app, scene } = world;
    const { body: kim } = await app.post('/api/v1/operators', {
      email: 'kim@example.com',
      name: 'Kim',
      password: 'correct horse battery',
      access: [{ role: 'moderator', rooms: ['tl-*'] }],
    });
    await app.send('PUT', `/api/v1/operators/${kim.id}`, { access: [{ role: 'auditor' }] });
    const { id } = (await app.get('/api/v1/me')).body.operator;
    await scene.carryOut('tl-lab', 'ana', 'block', {});

    const { access } = await timeline(`operators/${kim.id}`);
    expect(access).toMatchObject([
      { access: [{ role: 'moderator', rooms: ['tl-*'] }], by: 'admin@localhost' },
      { access: [{ role: 'auditor', rooms: null }], to: null },
    ]);
    expect(access[0].to).toBe(access[1].from);
    expect(access[0].access[0].permissions).toContain('seat.block');
    expect(access[1].access[0].permissions).not.toContain('seat.block');

    const own = await timeline(`operators/${id}`);
    expect(own.access).toMatchObject([{ access: [{ role: 'admin' }], to: null }]);
    expect(own.lanes.map(({ room }: Json) => room)).toEqual(
      expect.arrayContaining(['tl-lab', null]),
    );
    const limited = await asKey(['tl-l*'], `operators/${id}`);
    expect(limited.body.lanes.map(({ room }: Json) => room)).toEqual(['tl-lab']);
    expect(limited.body.access).toBeNull();
    expect((await timeline(`operators/${crypto.randomUUID()}`)).status).toBe(404);
  });

  it('leaves a trace of who looked at whom', async () => {
    await timeline('people/ana');
    const looks = await world.app.sql<{ personal: Json }>(
      `SELECT payload, personal FROM ledger_entry WHERE kind = 'ledger.read'
       AND payload->>'view' = 'timeline'`,
    );
    expect(looks.length).toBeGreaterThan(0);
  });
});
