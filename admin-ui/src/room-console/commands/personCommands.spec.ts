import { describe, expect, it } from '@jest/globals';
import type { Seat } from '../../api/records';
import { aHold, aSeat, aTrack, type Partly } from '../../../test/records';
import { messages } from '../messages.en';
import type { ActionKind } from './seatAction';
import { actionOf, obstacleOf, commandsFor } from './personCommands';

const seat = (changes: Partly<Seat> = {}) => aSeat('ana', changes);
const hand = { id: 'r1', since: '2026-11-21T12:00:00Z', note: null };
const screen = aTrack({ source: 'screen_share' });

describe('what can be done to somebody', () => {
  it('answers a raised hand instead of promoting past the queue', () => {
    expect(commandsFor(seat({ hand }))[0]).toBe('approve');
    expect(actionOf('promote', seat({ hand }))).toEqual({ kind: 'approve', request: 'r1' });
    expect(actionOf('promote', seat())).toEqual({ kind: 'promote' });
  });

  it('offers what gives back only where something was taken', () => {
    expect(commandsFor(seat())).not.toContain('release');
    const hold = aHold();
    expect(commandsFor(seat({ hold }))).toContain('release');
    expect(commandsFor(seat({ hold }))).not.toContain('hold');
    expect(commandsFor(seat({ block: {} }))).toContain('unblock');
  });

  it('stops a screen share by withholding the screen and nothing else', () => {
    expect(commandsFor(seat())).not.toContain('stopShare');
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

/** Stopping a share is a hold that has words of its own. */
type Words = Record<ActionKind | 'stop_share', string>;

it('has words for every act: while it is done, when it is, and when it is not', () => {
  // The compiler names the one that has none.
  const { doing, done, failed }: Record<'doing' | 'done' | 'failed', Words> = messages.room_console;
  expect([doing, done, failed].map(({ undo }) => undo)).not.toContain(undefined);
});
