import { describe, expect, it } from '@jest/globals';
import { ProblemError } from '../providers/httpClient';
import type { Seat } from '../providers/records';
import { SeatActions, type SeatOutcome } from './seatActions';

function seat(changes: Partial<Seat> = {}): Seat {
  return {
    identity: 'a/b',
    user: null,
    name: 'Ana',
    kind: 'standard',
    state: 'active',
    isPresent: true,
    role: null,
    observed: {},
    inSync: true,
    epoch: 4,
    override: null,
    block: null,
    tracks: [],
    joinedAt: null,
    ...changes,
  };
}

const applied: SeatOutcome = {
  operationId: 'op-1',
  outcome: 'applied',
  before: null,
  after: null,
  effects: ['may publish camera'],
  epoch: 5,
  undoUntil: new Date(Date.now() + 10_000).toISOString(),
};

function desk(answer: (route: string, body: unknown) => SeatOutcome | Error) {
  const calls: [string, unknown][] = [];
  const room = { seat: seat(), now: 0 };
  const phases: string[] = [];
  const actions = new SeatActions(
    'town/hall',
    () => room.seat,
    async (route, body) => {
      calls.push([route, body]);
      const answered = answer(route, body);
      if (answered instanceof Error) throw answered;
      return answered;
    },
    () => room.now,
  );
  actions.onAttempt(({ phase }) => phases.push(phase));
  return { actions, calls, room, phases };
}

describe('SeatActions', () => {
  it('sends at once, with the epoch that was on the screen and names encoded', async () => {
    const { actions, calls } = desk(() => applied);
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
    const { actions, room, phases } = desk(() => applied);
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
    const { actions, room } = desk(() => ({ ...applied, outcome: 'pending' }));
    room.seat = seat({ isPresent: false });
    await actions.run('a/b', { kind: 'demote' });
    expect(actions.read().get('a/b')?.phase).toBe('waiting');
  });

  it('tells a collision from a failure and keeps what the seat is now', async () => {
    const current = seat({ epoch: 6 });
    const refusal = new ProblemError({ status: 409, code: 'seat.changed', current });
    const { actions } = desk(() => refusal);
    const attempt = await actions.run('a/b', { kind: 'promote' });
    expect(attempt).toMatchObject({ phase: 'conflict', current: { epoch: 6 } });

    const failing = desk(() => new ProblemError({ status: 403, detail: 'No' }));
    expect((await failing.actions.run('a/b', { kind: 'mute' })).phase).toBe('failed');
  });

  it('undoes the newest change by the operation that made it', async () => {
    const { actions, calls } = desk(() => applied);
    const attempt = await actions.run('a/b', { kind: 'demote' });
    expect(actions.undoable()?.id).toBe(attempt.id);
    await actions.undo(attempt);
    expect(calls[1]).toEqual(['/operations/op-1/undo', {}]);
    actions.stop();
  });

  it('offers no undo once its time is over', async () => {
    const over = new Date(Date.now() - 1).toISOString();
    const { actions } = desk(() => ({ ...applied, undoUntil: over }));
    await actions.run('a/b', { kind: 'promote' });
    expect(actions.undoable()).toBeNull();
  });
});
