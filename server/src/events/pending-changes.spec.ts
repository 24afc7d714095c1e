import { describe, expect, it } from '@jest/globals';
import { Actor } from '../actor/actor.js';
import { actingHint, readActing } from '../hints/acting.js';
import { noChanges, collectChanges, isEmpty, mergeChanges } from './pending-changes.js';

let id = 0;
const event = (topic: string, type: string, key: string | null = null) => ({
  id: ++id,
  topic,
  type,
  key,
});

describe('what is gathered until it is sent', () => {
  it('is each thing once, by the kind of frame that it becomes', () => {
    const gathered = collectChanges(
      [
        event('room:hall', 'seat', 'ana'),
        event('room:hall', 'seat', 'ana'),
        event('room:hall', 'seat', 'bob'),
        event('room:hall', 'stage'),
        event('room:hall', 'scene'),
        event('room:hall', 'bulk', 'op-1'),
        event('room:hall', 'bulk', 'op-1'),
        event('room:hall', 'acting', '{}'),
        event('room:hall', 'room', 'hall'),
        event('rooms', 'room', 'hall'),
        event('operator:1', 'access'),
      ],
      99,
    );
    expect(gathered).toEqual({
      seats: new Map([['hall', new Set(['ana', 'bob'])]]),
      rooms: new Set(['hall']),
      stages: new Set(['hall']),
      scenes: new Set(['hall']),
      bulk: new Map([['hall', new Set(['op-1'])]]),
      acting: new Map([['hall', new Set(['{}'])]]),
      roomList: new Set(['hall']),
      lastId: 99,
    });
    expect(isEmpty(gathered)).toBe(false);
    expect(isEmpty(collectChanges([event('operator:1', 'access')], 100))).toBe(true);
  });

  it('a change of policy is one of every seat, whatever else changed', () => {
    const events = [
      event('room:hall', 'seat', 'ana'),
      event('room:hall', 'policy'),
      event('room:hall', 'seat', 'bob'),
    ];
    expect(collectChanges(events, 1).seats).toEqual(new Map([['hall', null]]));
  });

  it('what could not be sent is sent with what comes next', () => {
    const first = collectChanges(
      [event('room:hall', 'seat', 'ana'), event('room:hall', 'bulk', 'a')],
      5,
    );
    const second = collectChanges(
      [event('room:hall', 'seat', 'bob'), event('room:hall', 'bulk', 'b')],
      7,
    );
    const both = noChanges();
    mergeChanges(second, both);
    mergeChanges(first, both);
    expect(both.seats.get('hall')).toEqual(new Set(['ana', 'bob']));
    expect(both.bulk.get('hall')).toEqual(new Set(['a', 'b']));
    expect(both.lastId).toBe(7);
  });
});

describe('who is acting on somebody', () => {
  const kim = new Actor('operator', '1', 'kim@example.com', []);
  const lee = new Actor('operator', '2', 'lee@example.com', []);
  const now = new Date('2026-01-01T00:00:00Z');
  const later = (ms: number) => new Date(now.getTime() + ms);
  const key = actingHint(kim, 'hall', 'ana', 'promote', now).key ?? '';

  it('is told to the others, and not to themselves', () => {
    expect(readActing(key, lee, now)).toEqual({
      identity: 'ana',
      by: 'kim@example.com',
      byKind: 'operator',
      action: 'promote',
      until: expect.stringMatching(/Z$/),
    });
    expect(readActing(key, kim, now)).toBeNull();
  });

  it('is over after five seconds', () => {
    expect(readActing(key, lee, later(4_000))).not.toBeNull();
    expect(readActing(key, lee, later(6_000))).toBeNull();
  });
});
