import { describe, expect, it } from '@jest/globals';
import type { Seat } from '../../api/records';
import { aSeat as seat, aTrack } from '../../../test/records';
import { RosterStore } from './rosterStore';

const AT = Date.parse('2026-11-21T12:00:00Z');

const track = aTrack();
const handSince = (second: number) => ({
  id: `h${second}`,
  since: new Date(AT + second * 1000).toISOString(),
  note: null,
});

function roster(...seats: Seat[]) {
  const clock = { now: AT };
  const store = new RosterStore(() => clock.now);
  store.replaceAll(seats);
  return Object.assign(store, { clock });
}

const sizesOf = (store: RosterStore) =>
  Object.fromEntries(store.read().sections.map(({ name, size }) => [name, size]));

describe('RosterStore', () => {
  it('shows first who is of interest: hands by waiting time, publishing, flagged, machines', () => {
    const store = roster(
      seat('absent', { isPresent: false }),
      seat('calm'),
      seat('agent', { kind: 'agent' }),
      seat('unlisted', { isUnlisted: true }),
      seat('drift', { inSync: false }),
      seat('camera', { tracks: [track] }),
      seat('late', { hand: handSince(9) }),
      seat('waits', { hand: handSince(1) }),
    );
    expect(store.read().identities).toEqual([
      'waits',
      'late',
      'camera',
      'drift',
      'unlisted',
      'agent',
      'calm',
      'absent',
    ]);
    expect(sizesOf(store)).toEqual({ hands: 2, live: 1, watch: 3, others: 1, absent: 1 });
    expect(store.hands().map(({ identity }) => identity)).toEqual(['waits', 'late']);
  });

  it('keeps every row in its place while held, and shows arrivals at the end of their section', () => {
    const store = roster(seat('m', { tracks: [track] }), seat('a'), seat('b'), seat('c'));
    store.pauseSorting(true);
    store.patch(
      [seat('c', { tracks: [track] }), seat('aa'), seat('z', { hand: handSince(1) })],
      ['a'],
    );
    expect(store.read()).toMatchObject({
      identities: ['z', 'm', 'a', 'b', 'c', 'aa'],
      waiting: { joined: 2, moved: 1, left: 1 },
    });
    expect(store.seat('c')?.tracks).toHaveLength(1);
    expect([...store.read().gone.keys()]).toEqual(['a']);

    store.clock.now += 6_000;
    store.tick();
    // Who left is a ghost in their place until the order is applied.
    expect(store.read().identities).toEqual(['z', 'm', 'a', 'b', 'c', 'aa']);
    expect(store.seat('a')?.name).toBe('A');

    store.patch([seat('y', { hand: handSince(2) })], ['aa']);
    expect(store.read()).toMatchObject({
      identities: ['z', 'y', 'm', 'a', 'b', 'c', 'aa'],
      waiting: { joined: 2, moved: 1, left: 2 },
    });

    // Who began to send keeps the place until then.
    expect(sizesOf(store)).toEqual({ hands: 2, live: 1, others: 4 });

    store.apply();
    expect(sizesOf(store)).toEqual({ hands: 2, live: 2, others: 2 });
    expect(store.read()).toMatchObject({
      identities: ['z', 'y', 'c', 'm', 'aa', 'b'],
      waiting: { joined: 0, moved: 0, left: 0 },
    });
    expect(store.seat('a')).toBeUndefined();
  });

  it('shows arrivals that match the filter, and keeps who no longer matches until it is sorted', () => {
    const store = roster(seat('a', { hand: handSince(1) }), seat('b', { hand: handSince(2) }));
    store.setChip('hands');
    store.pauseSorting(true);
    store.patch([seat('a'), seat('c', { hand: handSince(3) }), seat('d')], []);
    expect(store.read()).toMatchObject({
      identities: ['a', 'b', 'c'],
      waiting: { joined: 1, moved: 0, left: 1 },
    });
    store.pauseSorting(false);
    expect(store.read().identities).toEqual(['b', 'c']);
  });

  it('keeps who left in sight for five seconds, in their place', () => {
    const store = roster(seat('a'), seat('b'));
    store.patch([], ['a']);
    expect(store.read()).toMatchObject({ identities: ['a', 'b'], present: 1 });
    expect(store.read().counts.all).toBe(1);
    store.clock.now += 5_000;
    store.tick();
    expect(store.read().identities).toEqual(['b']);
    expect(store.read().gone.size).toBe(0);
  });

  it('brings back into place who left and came back at once', () => {
    const store = roster(seat('a'), seat('b'));
    store.patch([], ['a']);
    store.patch([seat('a')], []);
    store.clock.now += 6_000;
    store.tick();
    expect(store.read()).toMatchObject({ identities: ['a', 'b'], present: 2 });
    expect(store.read().gone.size).toBe(0);
  });

  it('keeps everybody of a session that ended', () => {
    const store = roster(seat('a'), seat('b'));
    store.patch([], ['a', 'b']);
    store.freeze(true);
    store.clock.now += 60_000;
    store.tick();
    expect(store.read()).toMatchObject({ identities: ['a', 'b'], present: 0, isFrozen: true });
    store.freeze(false);
    expect(store.read().identities).toEqual([]);
  });

  it('applies what has gathered when it is let go', () => {
    const store = roster(seat('b'));
    store.pauseSorting(true);
    store.patch([seat('a')], []);
    store.pauseSorting(false);
    expect(store.read().identities).toEqual(['a', 'b']);
  });

  it('keeps the order and the counts that a full reading would give, whatever is patched', () => {
    const store = roster(...Array.from({ length: 60 }, (_, n) => seat(`p${n}`)));
    let state = 7;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 400; round += 1) {
      const identity = `p${random(80)}`;
      store.clock.now += 500;
      if (random(4) === 0) store.patch([], [identity]);
      else {
        const changes = {
          inSync: random(2) === 0,
          isPresent: random(3) > 0,
          tracks: random(3) === 0 ? [track] : [],
          hand: random(5) === 0 ? handSince(random(50)) : null,
        };
        store.patch([seat(identity, changes)], []);
      }
    }
    store.clock.now += 6_000;
    store.tick();
    const { identities, counts, present, publishing } = store.read();
    const rebuilt = roster(...store.read().seats.values()).read();
    expect({ identities, counts, present, publishing }).toEqual({
      identities: rebuilt.identities,
      counts: rebuilt.counts,
      present: rebuilt.present,
      publishing: rebuilt.publishing,
    });
  });

  it('counts for every chip and filters by chip and by words in any order', () => {
    const store = roster(
      seat('ana-91', { name: 'Ana Ruiz', tracks: [track] }),
      seat('bo', { joinedAt: new Date(AT - 59_000).toISOString() }),
      seat('bea', { isPresent: false, block: { until: null } }),
    );
    expect(store.read().counts).toMatchObject({ all: 3, stage: 1, camera: 1, new: 1, hands: 0 });
    store.setChip('camera');
    expect(store.read().identities).toEqual(['ana-91']);
    store.setChip('all');
    store.setQuery('ruiz ANA-9');
    expect(store.read().identities).toEqual(['ana-91']);
    store.clock.now += 2_000;
    store.tick();
    expect(store.read().counts.new).toBe(0);
  });

  it('finds a name whatever way its letters were typed', () => {
    const store = roster(seat('z', { name: 'Zo\u00eb' }), seat('y', { name: 'Zoe\u0308' }));
    for (const query of ['zo\u00eb', 'ZOE\u0308', 'ｚｏë']) {
      store.setQuery(query);
      expect([...store.read().identities].sort()).toEqual(['y', 'z']);
    }
  });

  it('takes a snapshot as the truth, also for who is no longer in it', () => {
    const store = roster(seat('a'), seat('b'));
    store.replaceAll([seat('b')]);
    expect(store.read().present).toBe(1);
    store.clock.now += 6_000;
    store.tick();
    expect(store.read().identities).toEqual(['b']);
  });
});
