import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyGrants } from '../../test/support/grants-arbitraries.js';
import { exceeds } from './ceiling.js';
import { toParticipantPermission, toVideoGrant } from './compile-grant.js';
import { TRACK_SOURCES } from './role-grants.js';
import { bothWithheld, SILENT, type Withheld, withhold, withholdPermission } from './withhold.js';

const anyWithheld: fc.Arbitrary<Withheld> = fc.record({
  sources: fc.subarray([...TRACK_SOURCES]),
  data: fc.boolean(),
});

describe('what is withheld', () => {
  it('only ever takes away, and nothing but what it names', () => {
    fc.assert(
      fc.property(anyGrants, anyWithheld, (grants, withheld) => {
        const after = withhold(grants, withheld);
        expect(exceeds(after, grants)).toEqual([]);
        for (const lost of exceeds(grants, after)) {
          const isNamed =
            lost === 'canPublishData'
              ? withheld.data
              : lost === 'canPublish' ||
                withheld.sources.some((source) => lost === `canPublishSources.${source}`);
          expect(isNamed).toBe(true);
        }
      }),
    );
  });

  it('is the same for a token, for a running connection, and for what was seen in LiveKit', () => {
    fc.assert(
      fc.property(anyGrants, anyWithheld, (grants, withheld) => {
        const permission = toParticipantPermission(withhold(grants, withheld));
        expect(withholdPermission(toParticipantPermission(grants), withheld)).toEqual(permission);
        const video = toVideoGrant({ ...withhold(grants, withheld), roomJoin: true }, 'a');
        expect(video.canPublish).toBe(permission.canPublish);
        expect(video.canPublishSources ?? []).toEqual(permission.canPublishSources);
        expect(video.canPublishData).toBe(permission.canPublishData);
      }),
    );
  });

  it('says nothing new the second time, and two together are both', () => {
    fc.assert(
      fc.property(anyGrants, anyWithheld, anyWithheld, (grants, a, b) => {
        const once = withhold(grants, a);
        expect(withhold(once, a)).toEqual(once);
        expect(withhold(once, b)).toEqual(withhold(grants, bothWithheld(a, b)));
      }),
    );
  });

  it('leaves nothing to be heard, seen or read of the silent', () => {
    fc.assert(
      fc.property(anyGrants, (grants) => {
        const permission = toParticipantPermission(withhold(grants, SILENT));
        expect(permission).toMatchObject({
          canPublish: false,
          canPublishSources: [],
          canPublishData: false,
          canSubscribe: grants.canSubscribe,
        });
      }),
    );
  });
});
