import { describe, expect, it } from '@jest/globals';
import { clickedAt } from './clicked-at.js';

const CAME = 1_700_000_000_000;

describe('when the moderator clicked', () => {
  it('is what the dashboard says', () => {
    expect(clickedAt(String(CAME - 40), CAME)).toBe(CAME - 40);
  });

  it('is when the request came, for who says nothing or nonsense', () => {
    for (const said of [undefined, '', 'soon', '-1', '1e12', '9'.repeat(20), '12.5']) {
      expect(clickedAt(said, CAME)).toBe(CAME);
    }
  });

  it('is not after the request, whatever the clocks say', () => {
    expect(clickedAt(String(CAME + 5_000), CAME)).toBe(CAME);
  });

  it('is not longer ago than a minute', () => {
    expect(clickedAt('0', CAME)).toBe(CAME - 60_000);
  });
});
