import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyGrants } from '../../test/support/grants-arbitraries.js';
import { exceeds } from './ceiling.js';
import { encodeBound, exceedsIssuer, namesOf, readBound, withinIssuer } from './issuer-ceiling.js';
import { MODERATOR_CEILING } from './presets.js';
import { NO_GRANTS } from './role-grants.js';

const ceilings = fc.array(anyGrants, { minLength: 1, maxLength: 3 });

describe('the ceiling that a token carries', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(ceilings, fc.option(fc.uuid()), (ceiling, id) => {
        const bound = readBound({ roomConfig: encodeBound({ id, ceiling }) });
        expect(bound?.id).toBe(id);
        expect(bound?.ceiling.map(namesOf)).toEqual(ceiling.map(namesOf));
      }),
    );
  });

  it('lets through what one of its alternatives lets through, and nothing else', () => {
    fc.assert(
      fc.property(anyGrants, ceilings, (grants, ceiling) => {
        const isWithin = ceiling.some((one) => exceeds(grants, one).length === 0);
        expect(exceedsIssuer(grants, ceiling).length === 0).toBe(isWithin);
      }),
    );
  });

  it('cuts a role down to what it lets through', () => {
    fc.assert(
      fc.property(anyGrants, ceilings, (grants, ceiling) => {
        const cut = withinIssuer(grants, ceiling);
        expect(exceedsIssuer(cut, ceiling)).toEqual([]);
        expect(exceeds(cut, grants)).toEqual([]);
      }),
    );
  });

  it('allows nothing when it cannot be read, and is none when it is not ours', () => {
    for (const name of ['rolecall:', 'rolecall:{}', 'rolecall:{"ceiling":[]}', 'rolecall:[[]]']) {
      const bound = readBound({ roomConfig: { name } });
      expect(bound && exceedsIssuer(MODERATOR_CEILING, bound.ceiling)).not.toEqual([]);
      expect(bound && exceedsIssuer(NO_GRANTS, bound.ceiling)).toEqual([]);
    }
    for (const claims of [{}, { roomConfig: null }, { roomConfig: { name: 'a preset' } }]) {
      expect(readBound(claims)).toBeNull();
    }
  });
});
