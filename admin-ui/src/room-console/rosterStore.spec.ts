import { describe, expect, it } from '@jest/globals';
import type { Seat } from '../providers/records';
import { RosterStore } from './rosterStore';

function seat(identity: string, changes: Partial<Seat> = {}): Seat {
  return {
    identity,
    user: null,
    name: identity.toUpperCase(),
    kind: 'standard',
    state: 'active',
    isPresent: true,
    role: { template: 'viewer', version: 1, source: 'default' },
    observed: {},
    inSync: true,
    epoch: 0,
    override: null,
    block: null,
    tracks: [],
    joinedAt: null,
    ...changes,
  };
}

const track = { sid: 'TR_1', source: 'camera', isMuted: false };

function roster(...seats: Seat[]) {
  const store = new RosterStore();
  store.replaceAll(seats);
  return store;
}

describe('RosterStore', () => {
  it('shows first who needs a look: drifting, publishing, unlisted; the absent last', () => {
    const store = roster(
      seat('absent', { isPresent: false }),
      seat('calm'),
      seat('unlisted', { isUnlisted: true }),
      seat('camera', { tracks: [track] }),
      seat('drift', { inSync: false }),
    );
    expect(store.read().identities).toEqual(['drift', 'camera', 'unlisted', 'calm', 'absent']);
  });

  it('holds every row in its place while somebody reads, but shows new data in it', () => {
    const store = roster(seat('a'), seat('b'), seat('c'));
    store.hold(true);
    store.patch([seat('c', { tracks: [track] }), seat('new')], ['a']);
    expect(store.read().identities).toEqual(['a', 'b', 'c']);
    expect(store.seat('c')?.tracks).toHaveLength(1);
    expect([...store.read().gone]).toEqual(['a']);
    expect(store.read().waiting).toBe(3);

    store.apply();
    expect(store.read().identities).toEqual(['c', 'b', 'new']);
    expect(store.read().waiting).toBe(0);
    expect(store.seat('a')).toBeUndefined();
  });

  it('applies what has gathered when it is let go', () => {
    const store = roster(seat('b'));
    store.hold(true);
    store.patch([seat('a')], []);
    store.hold(false);
    expect(store.read().identities).toEqual(['a', 'b']);
  });

  it('keeps the order that a full sort would give, whatever is patched', () => {
    const store = roster(...Array.from({ length: 60 }, (_, n) => seat(`p${n}`)));
    let state = 7;
    const random = (below: number) => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 200; round += 1) {
      const identity = `p${random(80)}`;
      if (random(4) === 0) store.patch([], [identity]);
      else {
        store.patch([seat(identity, { inSync: random(2) === 0, isPresent: random(3) > 0 })], []);
      }
    }
    const sortedAnew = roster(...store.read().seats.values());
    expect(store.read().identities).toEqual(sortedAnew.read().identities);
  });

  it('counts for every chip and filters by chip and by words in any order', () => {
    const store = roster(
      seat('ana-91', { name: 'Ana Ruiz', tracks: [track] }),
      seat('bo', {
        override: { template: 'speaker', version: 1, until: null, by: 'kim', reason: null },
      }),
      seat('bea', { isPresent: false, block: { until: null } }),
    );
    expect(store.read().counts).toEqual({
      all: 3,
      publishing: 1,
      overridden: 2,
      drifting: 0,
      unlisted: 0,
      absent: 1,
    });
    store.setChip('overridden');
    expect(store.read().identities).toEqual(['bo', 'bea']);
    store.setChip('all');
    store.setQuery('ruiz ANA-9');
    expect(store.read().identities).toEqual(['ana-91']);
  });

  it('takes a snapshot as the truth, also for who is no longer in it', () => {
    const store = roster(seat('a'), seat('b'));
    store.replaceAll([seat('b')]);
    expect(store.read().identities).toEqual(['b']);
  });
});
