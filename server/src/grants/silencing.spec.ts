import { describe, expect, it } from '@jest/globals';
import { PRESETS } from './presets.js';
import { TRACK_SOURCES } from './role-grants.js';
import { isToBeMuted, silence, silencingOf } from './silencing.js';
import { NOTHING_WITHHELD, SILENT, withhold } from './withhold.js';

const grantsOf = (key: string) => PRESETS.find((preset) => preset.key === key)!.grants;
const track = (name: string, more: object = {}) => ({
  sid: 'TR_1',
  type: 'audio',
  name,
  isMuted: false,
  ...more,
});

describe('how somebody is silenced', () => {
  it.each(['sip', 'ingress', 'agent', 'connector', 'bridge'])('%s is muted', (kind) => {
    expect(silencingOf({ kind })).toBe('mute');
  });

  it.each(['standard', 'egress', null])('%s is revoked', (kind) => {
    expect(silencingOf({ kind, tracks: [track('microphone')] })).toBe('revoke');
  });

  it('nobody is revoked before their media is up, unless they publish what WHIP does not', () => {
    const kind = 'standard';
    expect(silencingOf({ kind, state: 'joined' })).toBe('mute');
    expect(silencingOf({ kind, state: 'active' })).toBe('revoke');
    expect(silencingOf({ kind, state: 'joined', tracks: [track('microphone')] })).toBe('revoke');
    expect(silencingOf({ kind: 'egress', state: 'joined' })).toBe('revoke');
  });

  it('WHIP is known by the names of all its tracks, until it does what WHIP cannot', () => {
    const kind = 'standard';
    const microphone = track('synthesized-microphone');
    expect(silencingOf({ kind, tracks: [microphone] })).toBe('mute');
    expect(silencingOf({ kind, tracks: [microphone, track('screen')] })).toBe('revoke');
    expect(silencingOf({ kind, tracks: [] })).toBe('revoke');
    expect(silencingOf({ kind, tracks: [microphone] }, { TR_1: false })).toBe('mute');
    expect(silencingOf({ kind, tracks: [microphone] }, { TR_1: true })).toBe('revoke');
    const muted = { ...microphone, isMuted: true };
    expect(silencingOf({ kind, tracks: [muted] }, { TR_1: true })).toBe('mute');
    const camera = track('synthesized-camera', { sid: 'TR_2' });
    expect(silencingOf({ kind, tracks: [microphone, camera] })).toBe('mute');
    expect(silencingOf({ kind, tracks: [microphone, { ...camera, isLate: true }] })).toBe('revoke');
    const second = track('synthesized-microphone', { sid: 'TR_2' });
    expect(silencingOf({ kind, tracks: [muted, second] })).toBe('revoke');
  });
});

describe('what silence leaves', () => {
  const speaker = grantsOf('speaker');

  it('is nothing to publish for most, and the right with a mute for who publishes once', () => {
    expect(silence(speaker, SILENT, 'revoke')).toEqual({
      grants: withhold(speaker, SILENT),
      mutes: [],
    });
    expect(silence(speaker, SILENT, 'mute')).toEqual({
      grants: { ...speaker, canPublishData: false },
      mutes: TRACK_SOURCES,
    });
    expect(silence(speaker, NOTHING_WITHHELD, 'mute')).toEqual({ grants: speaker, mutes: [] });
  });

  it('keeps what the role had that a scene replaces, muted', () => {
    const { grants, mutes } = silence(grantsOf('viewer'), NOTHING_WITHHELD, 'mute', speaker);
    expect(grants).toMatchObject({ canPublish: true, canPublishSources: ['camera', 'microphone'] });
    expect(mutes).toEqual(['camera', 'microphone']);
  });

  it('mutes a track without a named source with any other, and never data', () => {
    expect(isToBeMuted({ source: 'unknown' }, ['camera'])).toBe(true);
    expect(isToBeMuted({ source: 'unknown' }, [])).toBe(false);
    expect(isToBeMuted({ source: 'microphone' }, ['camera'])).toBe(false);
    expect(isToBeMuted({ type: 'data', source: 'unknown' }, TRACK_SOURCES)).toBe(false);
  });
});
