import { describe, expect, it } from '@jest/globals';
import { toParticipantPermission } from '../../grants/compile-grant.js';
import { PRESETS } from '../../grants/presets.js';
import type { ObservedTrack } from '../../livekit/participant-view.js';
import { describeMute, describePermissions, describeRemoval, tracksTaken } from './effects.js';
import { emptySeat } from './seat.js';

const permissionOf = (template: string) => {
  const grants = PRESETS.find(({ key }) => key === template)?.grants;
  if (!grants) throw new Error(`no preset ${template}`);
  return toParticipantPermission(grants);
};
const track = (
  source: ObservedTrack['source'],
  more: Partial<ObservedTrack> = {},
): ObservedTrack => ({
  sid: `TR_${source}`,
  type: 'video',
  source,
  name: '',
  isMuted: false,
  ...more,
});
const seat = (...tracks: ObservedTrack[]) => ({
  ...emptySeat('hall', 'ana'),
  isPresent: true,
  tracks,
});

describe('what is said of an action', () => {
  it('names what is lost, and then what is kept', () => {
    const tracks = [track('camera'), track('microphone')];
    expect(describePermissions(permissionOf('speaker'), permissionOf('viewer'), tracks)).toEqual([
      'unpublishes their camera',
      'unpublishes their microphone',
      'keeps chat and listening',
    ]);
    expect(
      describePermissions(permissionOf('speaker'), permissionOf('camera-only'), tracks),
    ).toEqual(['unpublishes their microphone', 'keeps their camera, chat and listening']);
  });

  it('says what is kept only where something is lost', () => {
    expect(describePermissions(permissionOf('viewer'), permissionOf('speaker'), [])).toEqual([
      'may publish camera and microphone when they choose to: LiveKit turns nothing on by itself',
    ]);
    expect(describePermissions(permissionOf('viewer'), permissionOf('viewer'), [])).toEqual([]);
  });

  it('says so where nothing is kept', () => {
    const nothing = {
      ...permissionOf('viewer'),
      canSubscribe: false,
      canPublishData: false,
    };
    expect(describePermissions(permissionOf('viewer'), nothing, []).at(-1)).toBe(
      'keeps nothing but their place in the room',
    );
  });

  it('does not speak of a data track as of a camera', () => {
    const data = track('unknown', { type: 'data' });
    expect(describePermissions(permissionOf('speaker'), permissionOf('viewer'), [data])).toEqual([
      'may no longer publish camera and microphone',
      'keeps chat and listening',
    ]);
  });

  it('a removal names what ends with it', () => {
    expect(describeRemoval(seat(track('camera'), track('screen_share')))).toEqual([
      'leaves the room; can come back with a token',
      'their camera and screen share end at once',
    ]);
    expect(describeRemoval(seat())).toEqual(['leaves the room; can come back with a token']);
    expect(describeRemoval(emptySeat('hall', 'ana'))).toEqual(['is not in the room']);
  });

  it('a mute says that it can be undone by themselves', () => {
    expect(describeMute([track('microphone')])).toEqual([
      'mutes their microphone',
      'can unmute themselves at any time',
    ]);
    expect(describeMute([])).toEqual(['has nothing on that could be muted']);
  });
});

describe('the tracks that are taken', () => {
  const tracks = [
    track('camera'),
    track('microphone', { isMuted: true }),
    track('unknown', { sid: 'TR_data', type: 'data' }),
  ];
  const sids = (after: Parameters<typeof tracksTaken>[1]) =>
    tracksTaken(seat(...tracks), after).map(({ sid }) => sid);

  it('are those that the new permission does not allow, also muted ones', () => {
    expect(sids(permissionOf('viewer'))).toEqual(['TR_camera', 'TR_microphone']);
    expect(sids(permissionOf('camera-only'))).toEqual(['TR_microphone']);
    expect(sids({ ...permissionOf('speaker'), canPublishData: false })).toEqual(['TR_data']);
  });

  it('are all for who leaves, and none where LiveKit keeps what it has', () => {
    expect(sids(null)).toHaveLength(3);
    expect(sids(undefined)).toEqual([]);
    expect(tracksTaken({ ...seat(...tracks), isPresent: false }, null)).toEqual([]);
  });
});
