import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyGrants } from '../../test/support/grants-arbitraries.js';
import { exceeds } from './ceiling.js';
import { narrow } from './narrow.js';
import { completeGrants } from './role-grants.js';

const speaker = completeGrants({
  roomJoin: true,
  canSubscribe: true,
  canPublish: true,
  canPublishSources: ['camera', 'microphone'],
  canPublishData: true,
});

describe('a narrowed role', () => {
  it('keeps what the request does not name', () => {
    expect(narrow(speaker, {})).toEqual({ grants: speaker, taken: [], beyond: [] });
    expect(narrow(speaker, { roomJoin: true, canPublish: true })).toMatchObject({ taken: [] });
  });

  it('lacks what the request does not want', () => {
    const { grants, taken } = narrow(speaker, {
      canPublishSources: ['camera'],
      canPublishData: false,
    });
    expect(grants).toEqual({ ...speaker, canPublishSources: ['camera'], canPublishData: false });
    expect(taken).toEqual(['canPublishData', 'canPublishSources.microphone']);
  });

  it('never has publish on with no source, which LiveKit reads as every source', () => {
    const { grants } = narrow(speaker, { canPublishSources: [] });
    expect(grants).toMatchObject({ canPublish: false, canPublishSources: [] });
  });

  it('names what the role does not have', () => {
    const asked = {
      roomAdmin: true,
      canPublishSources: ['camera', 'screen_share'],
      destinationRoom: 'x',
      sip: { call: true },
    } as const;
    expect([...narrow(speaker, asked).beyond].sort()).toEqual([
      'canPublishSources.screen_share',
      'destinationRoom',
      'roomAdmin',
      'sip.call',
    ]);
  });

  it('never exceeds the role, whatever is asked', () => {
    fc.assert(
      fc.property(anyGrants, anyGrants, (role, asked) => {
        expect(exceeds(narrow(role, asked).grants, role)).toEqual([]);
      }),
    );
  });
});
