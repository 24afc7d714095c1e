import { describe, expect, it } from '@jest/globals';
import type { Seat } from '../../api/records';
import { actionOf, obstacleOf, verbsFor } from './verbs';

function seat(changes: Partial<Seat> = {}): Seat {
  return {
    identity: 'ana',
    user: null,
    name: 'Ana',
    kind: 'standard',
    state: 'active',
    isPresent: true,
    role: { template: 'viewer', version: 1, source: 'default' },
    observed: {},
    inSync: true,
    epoch: 1,
    override: null,
    block: null,
    tracks: [],
    joinedAt: null,
    ...changes,
  };
}

const hand = { id: 'r1', since: '2026-11-21T12:00:00Z', note: null };
const screen = { sid: 'TR_1', source: 'screen_share', isMuted: false };

describe('what can be done to somebody', () => {
  it('answers a raised hand instead of promoting past the queue', () => {
    expect(verbsFor(seat({ hand }))[0]).toBe('approve');
    expect(actionOf('promote', seat({ hand }))).toEqual({ kind: 'approve', request: 'r1' });
    expect(actionOf('promote', seat())).toEqual({ kind: 'promote' });
  });

  it('offers what gives back only where something was taken', () => {
    expect(verbsFor(seat())).not.toContain('release');
    const hold = { sources: ['microphone'], at: '', until: null, by: 'Kim', reason: null };
    expect(verbsFor(seat({ hold }))).toContain('release');
    expect(verbsFor(seat({ hold }))).not.toContain('hold');
    expect(verbsFor(seat({ block: { until: null } }))).toContain('unblock');
  });

  it('stops a screen share by withholding the screen and nothing else', () => {
    expect(verbsFor(seat())).not.toContain('stopShare');
    expect(actionOf('stopShare', seat({ tracks: [screen] }))).toEqual({
      kind: 'hold',
      sources: ['screen_share', 'screen_share_audio'],
    });
  });

  it('says why something would come to nothing', () => {
    expect(obstacleOf('mute', seat(), true)).toBe('no_tracks');
    expect(obstacleOf('mute', seat({ tracks: [{ ...screen, isMuted: true }] }), true)).toBe(
      'no_tracks',
    );
    expect(obstacleOf('extend', seat(), true)).toBe('no_lease');
    expect(obstacleOf('remove', seat({ isPresent: false }), true)).toBe('absent');
    expect(obstacleOf('promote', seat(), false)).toBe('same');
    expect(obstacleOf('promote', seat({ hand }), false)).toBeNull();
  });
});
