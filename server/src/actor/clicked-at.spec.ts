import { describe, expect, it } from '@jest/globals';
import { clickedAt } from './clicked-at.js';

const CAME = 1_700_000_000_000;
const NONSENSE = [undefined, '', 'soon', '-1', '1e12', '9'.repeat(20), '12.5', ['1', '2']];

describe('when the moderator clicked', () => {
  it('is what the client says: how long ago, or else when', () => {
    expect(clickedAt({ age: '40' }, CAME)).toBe(CAME - 40);
    expect(clickedAt({ at: String(CAME - 40) }, CAME)).toBe(CAME - 40);
    expect(clickedAt({ age: '40', at: String(CAME - 9_000) }, CAME)).toBe(CAME - 40);
  });

  it('is when the request came, for who says nothing or nonsense', () => {
    for (const said of NONSENSE) expect(clickedAt({ age: said, at: said }, CAME)).toBe(CAME);
  });

  it('is not after the request, whatever the clocks say', () => {
    expect(clickedAt({ at: String(CAME + 5_000) }, CAME)).toBe(CAME);
  });

  it('is not longer ago than a minute', () => {
    expect(clickedAt({ at: '0' }, CAME)).toBe(CAME - 60_000);
    expect(clickedAt({ age: '900000' }, CAME)).toBe(CAME - 60_000);
  });
});
