import { describe, expect, it, jest } from '@jest/globals';
import { ProblemError } from '../../api/httpClient';
import type { Seat } from '../../api/records';
import { SeatActions, UNDO_MS } from './seatActions';
import type { SeatChange } from '@rolecall/server/api';
import { aSeat, aSeatChange, aTrack, type Partly } from '../../../test/records';

const seat = (changes: Partly<Seat> = {}) => aSeat('a/b', { epoch: 4, ...changes });

const applied = aSeatChange({
  effects: ['may publish camera'],
  epoch: 5,
  undoUntil: new Date(Date.now() + 10_000).toISOString(),
});

function actionsWith(answer: (route: string, body: unknown) => SeatChange | Error) {
  const calls: [string, unknown][] = [];
  const room = { seat: seat(), now: 0, isAnswering: true };
  const phases: string[] = [];
  const ages: (string | undefined)[] = [];
  const actions = new SeatActions(
    'town/hall',
    () => room.seat,
    async (route, body, { headers }) => {
      calls.push([route, body]);
      ages.push(headers['X-Action-Age']);
      const answered = answer(route, body);
      if (answered instanceof Error) throw answered;
      return answered;
    },
    () => room.now,
    () => room.isAnswering,
  );
  actions.onAttempt(({ phase }) => phases.push(phase));
  return { actions, calls, room, phases, ages };
}

describe('SeatActions', () => {
  it('sends at once, with the epoch that was on the screen and names encoded', async () => {
    const { actions, calls } = actionsWith(() => applied);
    const running = actions.run('a/b', { kind: 'promote', template: 'speaker', for: '15m' });
    expect(calls).toEqual([
      [
        '/rooms/town%2Fhall/seats/a%2Fb/promote',
        { template: 'speaker', for: '15m', expectEpoch: 4 },
      ],
    ]);
    await running;
    actions.stop();
  });

  it('calls it seen only when the room itself shows the new epoch in sync', async () => {
    const { actions, room, phases } = actionsWith(() => applied);
    await actions.run('a/b', { kind: 'promote' });
    room.seat = seat({ epoch: 5, inSync: false });
    actions.observe(['a/b']);
    room.now = 84;
    room.seat = seat({ epoch: 5 });
    actions.observe(['a/b']);
    expect(phases).toEqual(['requested', 'accepted', 'seen']);
    expect(actions.read().get('a/b')).toMatchObject({ phase: 'seen', ms: 84 });
    actions.stop();
  });

  it('waits when the server has committed but LiveKit has not', async () => {
    const { actions, room } = actionsWith(() => ({ ...applied, outcome: 'pending' }));
    room.seat = seat({ isPresent: false });
    await actions.run('a/b', { kind: 'demote' });
    expect(actions.read().get('a/b')?.phase).toBe('waiting');
  });

  it('tells a collision from a failure and keeps what the seat is now', async () => {
    const current = seat({ epoch: 6 });
    const refusal = new ProblemError({ status: 409, code: 'seat.changed', current });
    const { actions } = actionsWith(() => refusal);
    const attempt = await actions.run('a/b', { kind: 'promote' });
    expect(attempt).toMatchObject({ phase: 'conflict', current: { epoch: 6 } });

    const failing = actionsWith(() => new ProblemError({ status: 403, detail: 'No' }));
    expect((await failing.actions.run('a/b', { kind: 'mute' })).phase).toBe('failed');
  });

  it('undoes the newest change by the operation that made it', async () => {
    const { actions, calls } = actionsWith(() => applied);
    const attempt = await actions.run('a/b', { kind: 'demote' });
    expect(actions.undoable()?.id).toBe(attempt.id);
    await actions.undo(attempt);
    expect(calls[1]).toEqual(['/operations/op-1/undo', {}]);
    actions.stop();
  });

  it('says how long it took until what was taken away was really gone', async () => {
    const permission = { canPublish: true, canPublishSources: ['microphone'] as const };
    const { actions, room } = actionsWith(() => aSeatChange({ ...applied, after: { permission } }));
    const sources = ['microphone', 'camera'] as const;
    const tracks = sources.map((source) => aTrack({ sid: source, source }));
    room.seat = seat({ tracks });
    await actions.run('a/b', { kind: 'demote' });
    room.now = 40;
    room.seat = seat({ epoch: 5, tracks });
    actions.observe(['a/b']);
    expect(actions.read().get('a/b')).toMatchObject({ phase: 'seen', ms: 40, silentMs: null });
    room.now = 190;
    room.seat = seat({ epoch: 5, tracks: tracks.slice(0, 1) });
    actions.observe(['a/b']);
    expect(actions.read().get('a/b')).toMatchObject({ ms: 40, silentMs: 190 });
    actions.stop();
  });

  it('sends again what came too fast, and says so meanwhile', async () => {
    let isBusy = true;
    const { actions, calls, phases } = actionsWith(() => {
      if (!isBusy) return applied;
      isBusy = false;
      return new ProblemError({ status: 429 }, 0.001);
    });
    const attempt = await actions.run('a/b', { kind: 'promote' });
    expect(attempt.phase).toBe('accepted');
    expect(phases).toEqual(['requested', 'paced', 'accepted']);
    expect(calls).toHaveLength(2);
    actions.stop();
  });

  it('asks the same of somebody once, however often a key is pressed', async () => {
    const { actions, calls } = actionsWith(() => applied);
    await Promise.all(Array.from({ length: 1_000 }, () => actions.run('a/b', { kind: 'mute' })));
    expect(calls).toHaveLength(1);
    actions.stop();
  });

  it('waits for the answer about somebody before asking the next thing, with its epoch', async () => {
    const { actions, calls } = actionsWith(() => applied);
    await Promise.all([
      actions.run('a/b', { kind: 'promote' }),
      actions.run('a/b', { kind: 'demote' }),
    ]);
    expect(calls.map(([, body]) => body)).toEqual([{ expectEpoch: 4 }, { expectEpoch: 5 }]);
    actions.stop();
  });

  it('says with each call how long ago it was asked for', async () => {
    const { actions, ages, room } = actionsWith(() => applied);
    const first = actions.run('a/b', { kind: 'promote' });
    const second = actions.run('a/b', { kind: 'demote' });
    room.now = 700;
    await Promise.all([first, second]);
    expect(ages).toEqual(['0', '700']);
    actions.stop();
  });

  it('undoes what is still on its way as soon as it is answered', async () => {
    const { actions, calls } = actionsWith(() => applied);
    void actions.run('a/b', { kind: 'demote' });
    await actions.undoNewest();
    expect(calls.map(([route]) => route)).toEqual([
      '/rooms/town%2Fhall/seats/a%2Fb/demote',
      '/operations/op-1/undo',
    ]);
    actions.stop();
  });

  it('approves and declines by the request, and asks without expecting a change', async () => {
    const { actions, calls } = actionsWith((route) =>
      route.endsWith('approve') ? applied : (undefined as never),
    );
    await actions.run('a/b', { kind: 'approve', request: 'r/1' });
    await actions.run('a/b', { kind: 'decline', request: 'r/1', word: 'later' });
    const asked = await actions.run('a/b', { kind: 'ask_unmute', source: 'microphone' });
    expect(asked.phase).toBe('seen');
    expect(calls).toEqual([
      ['/rooms/town%2Fhall/stage/r%2F1/approve', {}],
      ['/rooms/town%2Fhall/stage/r%2F1/decline', { word: 'later' }],
      ['/rooms/town%2Fhall/seats/a%2Fb/ask-unmute', { source: 'microphone' }],
    ]);
    actions.stop();
  });

  it('offers no undo once its time is over', async () => {
    const over = new Date(Date.now() - 1).toISOString();
    const { actions } = actionsWith(() => ({ ...applied, undoUntil: over }));
    await actions.run('a/b', { kind: 'promote' });
    expect(actions.undoable()).toBeNull();
  });

  it('never says that more time is left for an undo than the server gives', async () => {
    const ahead = new Date(Date.now() + UNDO_MS + 1_400).toISOString();
    const { actions } = actionsWith(() => ({ ...applied, undoUntil: ahead }));
    const { undoUntil } = await actions.run('a/b', { kind: 'promote' });
    expect(undoUntil! - Date.now()).toBeLessThanOrEqual(UNDO_MS);
    actions.stop();
  });

  it('claims no longer what was done when something came after it, and still undoes it', async () => {
    const { actions, room } = actionsWith(() => applied);
    await actions.run('a/b', { kind: 'promote' });
    room.seat = seat({ epoch: 5 });
    actions.observe(['a/b']);
    expect(actions.read().get('a/b')).toMatchObject({ phase: 'seen', isOld: false });
    room.seat = seat({ epoch: 6 });
    actions.observe(['a/b']);
    expect(actions.read().get('a/b')).toMatchObject({ phase: 'seen', isOld: true });
    expect(actions.undoable()?.operationId).toBe('op-1');
    actions.stop();
  });

  it('claims nobody muted who has unmuted themselves, nor gone who has come back', async () => {
    const track = aTrack({ source: 'microphone', isMuted: true });
    const { actions, room } = actionsWith(() => ({ ...applied, epoch: 4 }));
    const isOld = () => actions.read().get('a/b')?.isOld;
    room.seat = seat({ tracks: [track] });
    await actions.run('a/b', { kind: 'mute' });
    expect(isOld()).toBe(false);
    room.seat = seat({ tracks: [{ ...track, isMuted: false }] });
    actions.observe(['a/b']);
    expect(isOld()).toBe(true);

    room.seat = seat({ isPresent: false });
    await actions.run('a/b', { kind: 'remove' });
    expect(isOld()).toBe(false);
    room.seat = seat();
    actions.observe(['a/b']);
    expect(isOld()).toBe(true);
    actions.stop();
  });

  it('shows and undoes what another call did to somebody, such as letting up the next', async () => {
    const { actions, calls, room, phases } = actionsWith(() => applied);
    room.seat = seat({ epoch: 5 });
    room.now = 120;
    const answer = { ...applied, operationId: 'op-9' };
    actions.adopt('a/b', { kind: 'approve', request: 'r-1' }, answer, 20);
    expect(phases).toEqual(['requested', 'accepted', 'seen']);
    expect(actions.read().get('a/b')).toMatchObject({ phase: 'seen', ms: 100 });
    expect(calls).toEqual([]);
    await actions.undoNewest();
    expect(calls).toEqual([['/operations/op-9/undo', {}]]);
    actions.stop();
  });

  it('keeps no refusal for ever, and what has no answer until the server answers again', async () => {
    jest.useFakeTimers();
    try {
      const full = new ProblemError({ status: 409, code: 'stage.full' });
      const lost = new ProblemError({ status: 0 });
      let error = full;
      const { actions, room } = actionsWith(() => error);
      await actions.run('a/b', { kind: 'promote' });
      actions.observe(['a/b']);
      expect(actions.read().get('a/b')?.phase).toBe('failed');
      jest.advanceTimersByTime(20_000);
      expect(actions.read().size).toBe(0);

      error = lost;
      room.isAnswering = false;
      await actions.run('a/b', { kind: 'promote' });
      // An event that the server sent before it went.
      actions.observe(['a/b']);
      jest.advanceTimersByTime(60_000);
      expect(actions.read().get('a/b')?.phase).toBe('failed');
      room.isAnswering = true;
      actions.observe(['a/b']);
      expect(actions.read().size).toBe(0);
      actions.stop();
    } finally {
      jest.useRealTimers();
    }
  });
});
