import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { freeTcpPort } from '../../../tools/lib/ports.mjs';
import { type LiveApp, startLiveApp } from '../support/live-app.js';
import { LiveScene } from '../support/live-scene.js';
import { describeLive, type LiveKitServer, startLiveKitServer } from '../support/livekit-server.js';
import { signalJoin } from '../support/livekit-signal.js';
import {
  type Participant,
  type ParticipantProcess,
  startParticipants,
} from '../support/participants.js';
import { until } from '../support/until.js';

jest.setTimeout(120_000);

const ROOM = 'town hall';

/** Seven people who behave and one who keeps every token, comes back with it, and lies. */
describeLive('somebody hostile among eight', () => {
  let livekit: LiveKitServer;
  let app: LiveApp;
  let scene: LiveScene;
  let people: ParticipantProcess;
  let gate: string;
  let mallory: Participant;
  let witness: Participant;
  const kept: string[] = [];

  /** As the door of an application: Rolecall's own route. */
  const issue = async (identity: string): Promise<string> => {
    const { status, body } = await app.post('/api/v1/tokens', { room: ROOM, identity });
    expect(status).toBe(201);
    return body.token;
  };
  const join = (identity: string, token: string, url = gate) =>
    people.join(`${identity}-${Math.random()}`, url, token);
  const act = (action: string, body: unknown = {}) => scene.act(ROOM, 'mallory', action, body);
  const keepTokens = async () => {
    const { token } = await mallory.status();
    if (token && !kept.includes(token)) kept.push(token);
  };
  const untilPublishIs = (isAllowed: boolean) =>
    until(`mallory's right to publish is ${isAllowed}`, async () => {
      const participant = await scene.participant(ROOM, 'mallory');
      return participant && (participant.permission?.can_publish ?? false) === isAllowed;
    });
  const untilTracksAre = (count: number) =>
    until(`mallory has ${count} tracks`, async () => {
      const tracks = (await scene.participant(ROOM, 'mallory'))?.tracks ?? [];
      return tracks.length === count;
    });

  beforeAll(async () => {
    const port = await freeTcpPort();
    livekit = await startLiveKitServer({ webhookUrl: `http://127.0.0.1:${port}/livekit/webhook` });
    app = await startLiveApp({ livekit, port, env: { ROLECALL_GATE: 'on', ROLECALL_SWEEP: '2s' } });
    gate = app.url.replace('http', 'ws');
    scene = new LiveScene(app, livekit);
    people = startParticipants();
    await scene.room(ROOM);
    for (const identity of ['hana', 'sam', 'sue', 'vic', 'val', 'viv', 'vera', 'mallory']) {
      await scene.user(identity);
    }
    for (const [identity, template] of [
      ['hana', 'host'],
      ['sam', 'speaker'],
      ['sue', 'speaker'],
    ]) {
      await app.sql(
        `INSERT INTO assignment (user_id, room_name, template, created_by_label)
         SELECT id, $2, $3, 'test' FROM app_user WHERE identity = $1`,
        [identity, ROOM, template],
      );
    }
    for (const identity of ['hana', 'vic', 'val', 'viv', 'vera']) {
      witness = await join(identity, await issue(identity));
    }
    for (const identity of ['sam', 'sue']) {
      await (await join(identity, await issue(identity))).publishVideo();
    }
    kept.push(await issue('mallory'));
    mallory = await join('mallory', kept[0] as string);
  });

  afterAll(async () => {
    await people?.stop();
    await app?.stop();
    await livekit?.stop();
  });

  it('gains nothing from what was once allowed: the right ends with the demotion, whatever token', async () => {
    expect((await act('promote')).body.outcome).toBe('applied');
    await mallory.publishVideo();
    await until('the witness sees mallory', async () =>
      (await witness.status()).subscribed.some((track) => track.startsWith('mallory/')),
    );
    await until('LiveKit refreshed the token of the promoted one', async () => {
      await keepTokens();
      return kept.length > 1;
    });
    expect((await act('demote')).body.outcome).toBe('applied');
    await until('the witness does not see mallory any more', async () =>
      (await witness.status()).subscribed.every((track) => !track.startsWith('mallory/')),
    );
    await keepTokens();

    for (const token of kept) {
      await mallory.leave();
      mallory = await join('mallory', token);
      // Through the gate there is no moment with more than that.
      const participant = await scene.participant(ROOM, 'mallory');
      expect(participant?.permission?.can_publish ?? false).toBe(false);
      await keepTokens();
    }
    // Past it, the check at the join takes it back; the sweep would, had the webhook been lost.
    for (const token of kept) {
      await mallory.leave();
      mallory = await join('mallory', token, livekit.url);
      await untilPublishIs(false);
    }
    await untilTracksAre(0);
  });

  it('gains nothing by forged messages, to people or to Rolecall', async () => {
    await scene.untilSeat(
      ROOM,
      'mallory',
      'is shown',
      ({ isPresent, inSync }) => isPresent && inSync,
    );
    const before = await scene.seats(ROOM);
    for (const text of ['', '{"action":"promote","identity":"mallory"}', 'approve']) {
      await mallory.sendData('rolecall', text);
      await mallory.sendData('lk.stage', text);
    }
    await until('the witness has heard all of it', async () =>
      (await witness.status()).data.some((line) => line.includes('approve')),
    );
    const after = await scene.seats(ROOM);
    const rights = (seats: typeof after) =>
      seats.map(({ identity, role, override, observed, epoch }) => ({
        identity,
        role,
        override,
        observed,
        epoch,
      }));
    expect(rights(after)).toEqual(rights(before));
  });

  it("opens neither LiveKit's API nor Rolecall's with any token that it kept", async () => {
    await keepTokens();
    for (const token of kept) {
      const authorization = `Bearer ${token}`;
      const promote = { room: ROOM, identity: 'mallory', permission: { canPublish: true } };
      for (const [url, status] of [
        [`${livekit.httpUrl}/twirp/livekit.RoomService/UpdateParticipant`, 401],
        [`${app.url}/twirp/livekit.RoomService/UpdateParticipant`, 404],
        [`${app.url}/api/v1/rooms/${encodeURIComponent(ROOM)}/seats/mallory/promote`, 401],
        [`${app.url}/api/v1/tokens`, 401],
      ] as const) {
        const response = await fetch(url, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify(promote),
        });
        expect([url, response.status]).toEqual([url, status]);
      }
    }
  });

  it('stays silent while held, promoted or not, and gets back no more than the role gives', async () => {
    await act('promote');
    await untilPublishIs(true);
    const sid = await mallory.publishAudio();
    expect(sid).toMatch(/^TR_/);
    const held = await act('hold', { sources: ['microphone'], reason: 'shouting' });
    expect(held.body).toMatchObject({ outcome: 'applied' });
    await untilTracksAre(0);
    await keepTokens();
    await mallory.leave();
    mallory = await join('mallory', kept.at(-1) as string);
    await expect(mallory.publishAudio()).rejects.toThrow();
    await untilTracksAre(0);
    await act('release');
    await act('demote');
    await untilPublishIs(false);
  });

  it('is out once blocked: 403 at the gate with every token, thrown out past it', async () => {
    await keepTokens();
    const blocked = await act('block', { reason: 'hostile' });
    expect(blocked.body).toMatchObject({ outcome: 'applied' });
    await until('mallory is out', async () => !(await mallory.status()).isConnected);
    for (const token of kept) {
      await expect(signalJoin(gate, token)).rejects.toMatchObject({ status: 403 });
    }
    const refused = await app.post('/api/v1/tokens', { room: ROOM, identity: 'mallory' });
    expect(refused).toMatchObject({ status: 403, body: { code: 'token.refused' } });
    for (const token of kept.slice(-2)) {
      const lurker = await signalJoin(livekit.url, token).catch(() => null);
      await until('mallory is thrown out', () => !lurker || lurker.isClosed || lurker.leave);
    }
    expect(await scene.participant(ROOM, 'mallory')).toBeUndefined();
  });

  it('has disturbed nobody, and all of it is written down', async () => {
    const { subscribed, frames, isConnected } = await witness.status();
    expect(isConnected).toBe(true);
    expect(subscribed.filter((track) => /^(sam|sue)\//.test(track))).toHaveLength(2);
    await until('the video goes on', async () => {
      const later = (await witness.status()).frames;
      return ['sam', 'sue'].every((who) => (later[who] ?? 0) > (frames[who] ?? 0));
    });
    const others = (await scene.seats(ROOM)).filter(({ identity }) => identity !== 'mallory');
    expect(others).toHaveLength(7);
    expect(others.every(({ inSync, epoch }) => inSync && epoch === 0)).toBe(true);

    const kinds = (await scene.ledger(ROOM))
      .filter(({ identity, outcome }) => identity === 'mallory' && outcome === 'applied')
      .map(({ kind }) => kind);
    for (const kind of ['seat.promoted', 'seat.demoted', 'seat.held', 'seat.blocked']) {
      expect(kinds).toContain(kind);
    }
    const everything = JSON.stringify(await app.sql('SELECT * FROM ledger_entry'));
    for (const token of kept) expect(everything).not.toContain(token.split('.')[2]);
  });
});
