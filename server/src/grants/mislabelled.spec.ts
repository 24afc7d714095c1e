import { describe, expect, it } from '@jest/globals';
import { isMislabelled, misusedSources } from './mislabelled.js';

describe('a track with the source of another kind', () => {
  it('is told by its type', () => {
    expect(isMislabelled({ type: 'audio', source: 'camera' })).toBe(true);
    expect(isMislabelled({ type: 'audio', source: 'screen_share' })).toBe(true);
    expect(isMislabelled({ type: 'video', source: 'microphone' })).toBe(true);
    expect(isMislabelled({ type: 'video', source: 'screen_share_audio' })).toBe(true);
    for (const source of ['microphone', 'screen_share_audio', 'unknown']) {
      expect(isMislabelled({ type: 'audio', source })).toBe(false);
    }
    expect(isMislabelled({ type: 'video', source: 'camera' })).toBe(false);
    expect(isMislabelled({ type: 'data', source: 'camera' })).toBe(false);
  });

  it('misuses its source only for what its publisher may not', () => {
    const tracks = [
      { type: 'audio', source: 'camera' },
      { type: 'video', source: 'camera' },
    ];
    expect(misusedSources(tracks, ['camera'])).toEqual(['camera']);
    expect(misusedSources(tracks, ['camera', 'microphone'])).toEqual([]);
    expect(misusedSources([], [])).toEqual([]);
  });
});
