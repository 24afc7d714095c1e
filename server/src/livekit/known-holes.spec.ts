import { describe, expect, it } from '@jest/globals';
import { holesOf } from './known-holes.js';

const ids = (version: string) => holesOf(version)?.map(({ id }) => id) ?? null;

describe('the known weaknesses of a version', () => {
  it('are those that a later release mended', () => {
    expect(ids('1.13.6')).toContain('GHSA-gfh2-98qv-ggmw');
    expect(ids('1.13.7')).not.toContain('GHSA-gfh2-98qv-ggmw');
    expect(ids('v1.13.10')).toEqual(['livekit#5011']);
    expect(ids('1.13.11')).toEqual([]);
    expect(ids('1.9.12')?.length).toBe(ids('1.0.0')?.length);
    expect(ids('2.0.0')).toEqual([]);
  });

  it('are not known of what is no release', () => {
    for (const version of ['', 'dev', '1.14.0-rc1', '1.13']) expect(ids(version)).toBeNull();
  });
});
