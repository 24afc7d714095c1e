import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SweepSchedule } from './sweep-schedule.js';

const ROUND = 4_500;
const due = (schedule: SweepSchedule, rooms: ReturnType<typeof room>[], now: number) =>
  schedule.due(rooms, now).map(({ name }) => name);
const room = (name: string, numParticipants = 0, sid = `RM_${name}`) => ({
  name,
  sid,
  numParticipants,
});

/** Runs rounds, and answers with the round numbers in which the room was looked at. */
function looks(
  schedule: SweepSchedule,
  rounds: number,
  of: ReturnType<typeof room>,
  people = of.numParticipants,
  start = 0,
): number[] {
  const found: number[] = [];
  for (let i = start; i < start + rounds; i++) {
    if (schedule.due([of], i * ROUND).length === 0) continue;
    found.push(i);
    schedule.noteVisit(of, people, i * ROUND);
  }
  return found;
}

describe('the schedule of sweeps of rooms', () => {
  it('reads a quiet room with people in every second sweep', () => {
    expect(looks(new SweepSchedule(ROUND), 7, room('a', 3))).toEqual([0, 2, 4, 6]);
  });

  it('reads an empty room in every fourth sweep', () => {
    expect(looks(new SweepSchedule(ROUND), 9, room('a'))).toEqual([0, 4, 8]);
  });

  it('takes a room for empty only when nobody was found in it', () => {
    expect(looks(new SweepSchedule(ROUND), 5, room('a', 0), 1)).toEqual([0, 2, 4]);
  });

  it('reads a room at once when its count or its sid has changed', () => {
    const schedule = new SweepSchedule(ROUND);
    looks(schedule, 1, room('a'));
    expect(due(schedule, [room('a', 1)], ROUND)).toEqual(['a']);
    expect(due(schedule, [room('a', 0, 'RM_new')], ROUND)).toEqual(['a']);
    expect(due(schedule, [room('a')], ROUND)).toEqual([]);
  });

  it('reads a room in every sweep for a while after something happened there', () => {
    const schedule = new SweepSchedule(ROUND);
    looks(schedule, 1, room('a', 2));
    schedule.noteActivity('a', 0);
    expect(looks(schedule, 5, room('a', 2), 2, 1)).toEqual([1, 2, 3, 4, 5]);
    expect(looks(schedule, 4, room('a', 2), 2, 6)).toEqual([7, 9]);
  });

  it('reads all rooms in every sweep while webhooks are lost', () => {
    const schedule = new SweepSchedule(ROUND);
    const rooms = [room('a', 2), room('b'), room('c', 9)];
    for (const one of rooms) schedule.noteVisit(one, one.numParticipants, 0);
    schedule.noteActivityEverywhere(0);
    expect(due(schedule, rooms, ROUND)).toEqual(['a', 'b', 'c']);
  });

  it('leaves no room with people unseen for two rounds, whatever happens', () => {
    const happening = fc.oneof(
      fc.record({ stir: fc.constantFrom('a', 'b') }),
      fc.record({ people: fc.integer({ min: 1, max: 3 }) }),
      fc.constant({}),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 40 }), (history) => {
        const schedule = new SweepSchedule(ROUND);
        let people = 1;
        let last = 0;
        history.forEach((what, i) => {
          const now = i * ROUND;
          if ('stir' in what) schedule.noteActivity(what.stir, now);
          if ('people' in what) people = what.people;
          const rooms = [room('a', people), room('b')];
          if (due(schedule, rooms, now).includes('a')) {
            last = i;
            schedule.noteVisit(room('a', people), people, now);
          }
          expect(i - last).toBeLessThan(2);
        });
      }),
    );
  });

  it('forgets rooms that have ended', () => {
    const schedule = new SweepSchedule(ROUND);
    looks(schedule, 1, room('a', 2));
    schedule.due([], ROUND);
    expect(due(schedule, [room('a', 2)], ROUND)).toEqual(['a']);
  });
});
