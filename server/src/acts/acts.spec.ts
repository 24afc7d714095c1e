import { describe, expect, it } from '@jest/globals';
import { ALL_PERMISSIONS } from '../actor/permissions.js';
import { ACT_NAMES, ACTS, actsThat, inverseOf } from './acts.js';

describe('the catalogue of acts', () => {
  it('names permissions and inverses that exist', () => {
    const wrong = ACT_NAMES.filter((name) => {
      const { permission, inverse } = ACTS[name];
      return !ALL_PERMISSIONS.includes(permission) || (inverse !== null && !(inverse in ACTS));
    });
    expect(wrong).toEqual([]);
  });

  it('has a kind of ledger entry for each act, and no two with the same', () => {
    const kinds = ACT_NAMES.map((name) => ACTS[name].ledgerKind);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(kinds.filter((kind) => !/^[a-z]+\.[a-z_]+$/.test(kind))).toEqual([]);
  });

  it('does in bulk, and computes beforehand, only operations on seats', () => {
    const others = actsThat(({ sort }) => sort !== 'command' && sort !== 'immediate');
    expect(others.filter((name) => ACTS[name].isBulk || ACTS[name].isSimulated)).toEqual([]);
  });

  it('takes back commands, and nothing that is done at once', () => {
    expect(actsThat(({ sort, inverse }) => sort === 'command' && inverse === null)).toEqual([]);
    expect(inverseOf('remove')).toBeNull();
    expect(inverseOf('lease_end')).toBeNull();
    expect(inverseOf('hold')).toBe('release');
  });
});
