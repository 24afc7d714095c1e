import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Credential, TestApp } from '../../test/support/test-app.js';
import { stageTools, startStageApp } from '../../test/support/stage.js';
import { until } from '../../test/support/until.js';

let app: TestApp;
let moderator: Credential;

beforeAll(async () => {
  ({ app, moderator } = await startStageApp());
});
afterAll(() => app?.stop());

const { inRoom, me, newRoom, stage, act, limit, speakers } = stageTools(() => ({ app, moderator }));

describe('an invitation', () => {
  it('brings somebody up by the authority of who sent it, once they accept', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    const invited = await act(room, 'seats/ana/invite', { template: 'presenter', for: '5m' });
    expect(invited).toMatchObject({ status: 200, body: { state: 'waiting' } });
    expect((await stage(room)).invites[0]).toMatchObject({
      identity: 'ana',
      template: 'presenter',
    });
    const { invite } = (await me(room, 'ana')).body;
    expect(invite).toMatchObject({ template: 'presenter', by: 'Somebody' });
    expect(JSON.stringify(invite)).not.toContain('@');
    const accepted = await me(room, 'ana', 'accept');
    expect(accepted).toMatchObject({ status: 200, body: { invite: null, canStepDown: true } });
    const [seat] = await app.sql('SELECT * FROM seat WHERE room = $1', [room]);
    expect(seat).toMatchObject({
      override_template: 'presenter',
      override_by: moderator.label,
    });
    expect(await me(room, 'ana', 'accept')).toMatchObject({
      status: 409,
      body: { code: 'stage.no_invite' },
    });
    const [entry] = await app.ledger('stage.invite_accepted');
    expect(entry).toMatchObject({
      actor_kind: 'participant',
      payload: { invitedBy: moderator.label },
    });
  });

  it('may be declined, and ends by itself', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/invite');
    expect((await me(room, 'ana', 'decline')).body.invite).toBeNull();
    expect((await me(room, 'ana', 'accept')).status).toBe(409);
    await act(room, 'seats/bo/invite', { for: 1 });
    await app.sql(
      `UPDATE stage_request SET expires_at = now() WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect((await me(room, 'bo')).body.invite).toBeNull();
    expect((await me(room, 'bo', 'accept')).status).toBe(409);
    await until('it is over', async () => {
      const [row] = await app.sql(
        `SELECT state FROM stage_request WHERE room = $1 AND identity = 'bo'`,
        [room],
      );
      return row?.state === 'expired';
    });
    expect(await speakers(room)).toEqual([]);
  });

  it('gives nothing that its sender may not give', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    expect(await act(room, 'seats/ana/invite', { template: 'host' })).toMatchObject({
      status: 403,
      body: { code: 'seat.above_ceiling' },
    });
    expect((await act(room, 'seats/ana/invite', { template: 'nothing' })).status).toBe(400);
    expect((await act(room, 'seats/nobody/invite')).status).toBe(503); // LiveKit cannot be asked
    expect((await act(room, 'seats/ana/invite', { for: '2 days' })).status).toBe(400);
  });

  it('is void once its sender is disabled or loses the permission to promote', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    const one = await app.newOperator([{ role: 'moderator' }]);
    const other = await app.newOperator([{ role: 'moderator' }]);
    await act(room, 'seats/ana/invite', {}, one);
    await act(room, 'seats/bo/invite', {}, other);
    await app.sql('UPDATE operator SET is_disabled = true WHERE id = $1', [one.id]);
    await app.sql(`UPDATE operator_access SET role = 'auditor' WHERE operator_id = $1`, [other.id]);
    for (const identity of ['ana', 'bo']) {
      expect(await me(room, identity, 'accept')).toMatchObject({
        status: 409,
        body: { code: 'stage.invite_void' },
      });
      expect((await me(room, identity)).body.invite).toBeNull();
    }
    expect(await speakers(room)).toEqual([]);
  });

  it('waits while all places are taken', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana');
    await limit(room, 'speaker', 0);
    await act(room, 'seats/ana/invite');
    expect(await me(room, 'ana', 'accept')).toMatchObject({
      status: 409,
      body: { code: 'stage.full' },
    });
    await limit(room, 'speaker', 1);
    expect((await me(room, 'ana', 'accept')).status).toBe(200);
  });
});

describe('stepping down', () => {
  it('gives back what a moderator gave, also for a time', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/promote');
    await act(room, 'seats/bo/promote', { for: '15m' });
    for (const identity of ['ana', 'bo']) {
      const down = await me(room, identity, 'step-down');
      expect(down).toMatchObject({ status: 200, body: { canStepDown: false, canRaise: true } });
    }
    expect(await speakers(room)).toEqual([]);
    const [entry] = (await app.ledger('seat.demoted')).filter((e) => e.room === room);
    expect(entry).toMatchObject({
      actor_kind: 'participant',
      actor_id: 'ana',
      reason: 'stepped down',
    });
  });

  it('is no way to shake off a demotion, a hold or a block', async () => {
    const room = await newRoom({ default_template: 'speaker' });
    await inRoom(room, 'ana', 'bo');
    await act(room, 'seats/ana/demote', { template: 'viewer' });
    expect(await me(room, 'ana', 'step-down')).toMatchObject({
      status: 409,
      body: { code: 'stage.not_on_stage' },
    });
    const [seat] = await app.sql(`SELECT * FROM seat WHERE room = $1 AND identity = 'ana'`, [room]);
    expect(seat).toMatchObject({ override_template: 'viewer' });
    await act(room, 'seats/bo/promote', { template: 'presenter' });
    await act(room, 'seats/bo/hold', { sources: ['microphone'] });
    expect((await me(room, 'bo')).body.hold).toMatchObject({ sources: ['microphone'] });
    expect((await me(room, 'bo', 'step-down')).status).toBe(200);
    expect((await me(room, 'bo')).body.hold).toMatchObject({ sources: ['microphone'] });
  });
});

describe('stepping down from what was lent on top of a demotion', () => {
  it('goes back to the demotion, and not past it', async () => {
    const room = await newRoom({ default_template: 'camera-only' });
    await inRoom(room, 'ana');
    await act(room, 'seats/ana/demote', { template: 'viewer' });
    await act(room, 'seats/ana/promote', { template: 'speaker', for: '15m' });
    await act(room, 'seats/ana/promote', { template: 'presenter' });
    expect((await me(room, 'ana')).body.canStepDown).toBe(true);
    expect((await me(room, 'ana', 'step-down')).status).toBe(200);
    const [seat] = await app.sql(`SELECT * FROM seat WHERE room = $1 AND identity = 'ana'`, [room]);
    expect(seat).toMatchObject({ override_template: 'viewer' });
  });
});

describe('a question to unmute', () => {
  it('reaches the participant, and its answer the moderator', async () => {
    const room = await newRoom({ default_template: 'speaker' });
    await inRoom(room, 'ana');
    const ask = (source: string) =>
      act(room, 'seats/ana/ask-unmute', { source, reason: 'Your turn' });
    expect(await ask('microphone')).toMatchObject({ status: 200, body: { state: 'waiting' } });
    await ask('camera');
    await ask('microphone');
    expect((await me(room, 'ana')).body.asks).toMatchObject([
      { source: 'camera', by: 'Somebody', reason: 'Your turn' },
      { source: 'microphone' },
    ]);
    const answered = await me(room, 'ana', 'unmute-answer', { accepted: true, source: 'camera' });
    expect(answered.body.asks).toHaveLength(1);
    expect((await me(room, 'ana', 'unmute-answer', { accepted: false })).body.asks).toEqual([]);
    expect((await app.ledger('stage.unmute_accepted'))[0]).toMatchObject({
      payload: { source: 'camera' },
    });
    expect((await stage(room)).asks).toEqual([]);
  });

  it('is not asked of who may not, or whose source is on', async () => {
    const room = await newRoom();
    await inRoom(room, 'ana', 'bo');
    expect(await act(room, 'seats/ana/ask-unmute', { source: 'microphone' })).toMatchObject({
      status: 409,
      body: { code: 'seat.may_not_publish' },
    });
    await act(room, 'seats/bo/promote');
    await app.sql(
      `UPDATE seat SET tracks = '[{"sid":"TR","type":"audio","source":"microphone","name":"","isMuted":false}]'
       WHERE room = $1 AND identity = 'bo'`,
      [room],
    );
    expect(await act(room, 'seats/bo/ask-unmute', { source: 'microphone' })).toMatchObject({
      status: 409,
      body: { code: 'seat.not_muted' },
    });
  });
});
