import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  ParticipantPermission as SdkPermission,
  Room,
  TrackSource as SdkSource,
} from '@livekit/protocol';
import { type ParticipantPermission, samePermission } from '../grants/compile-grant.js';
import { canonicalSources, TRACK_SOURCES } from '../grants/role-grants.js';
import { fromSdkPermission, toObservedRoom, toSdkPermission } from './participant-view.js';

/** What the compiler may say: with publishing on there is at least one source, else none. */
const permissions: fc.Arbitrary<ParticipantPermission> = fc
  .record({
    canSubscribe: fc.boolean(),
    canPublishData: fc.boolean(),
    canPublishSources: fc.subarray([...TRACK_SOURCES]).map(canonicalSources),
    canUpdateMetadata: fc.boolean(),
    canSubscribeMetrics: fc.boolean(),
    canManageAgentSession: fc.boolean(),
    hidden: fc.boolean(),
    recorder: fc.boolean(),
    agent: fc.boolean(),
  })
  .map((rest) => ({ ...rest, canPublish: rest.canPublishSources.length > 0 }));

describe('participant permissions', () => {
  it('come back from the SDK message as they went in', () => {
    fc.assert(
      fc.property(permissions, (permission) => {
        const observed = fromSdkPermission(toSdkPermission(permission));
        expect(observed).toEqual(permission);
        expect(samePermission(observed, permission)).toBe(true);
      }),
    );
  });

  it('survive the JSON that goes over the wire', () => {
    fc.assert(
      fc.property(permissions, (permission) => {
        const wire = JSON.stringify(toSdkPermission(permission).toJson());
        expect(fromSdkPermission(SdkPermission.fromJsonString(wire))).toEqual(permission);
      }),
    );
  });

  it('read an empty list with publishing on as every source, which is never what is wanted', () => {
    const observed = fromSdkPermission(new SdkPermission({ canPublish: true }));
    expect(observed.canPublishSources).toEqual([...TRACK_SOURCES, 'unknown']);
    const wanted = { ...fromSdkPermission(undefined), canPublish: true };
    expect(samePermission(observed, { ...wanted, canPublishSources: [...TRACK_SOURCES] })).toBe(
      false,
    );
  });

  it.each([
    { canPublish: true },
    { canPublish: true, canPublishSources: [SdkSource.UNKNOWN, SdkSource.CAMERA] },
    { canPublish: false, canPublishSources: [SdkSource.UNKNOWN] },
  ])('go back to LiveKit with no more than was observed: %j', (message) => {
    const observed = fromSdkPermission(new SdkPermission(message));
    expect(fromSdkPermission(toSdkPermission(observed))).toEqual(observed);
  });

  it('are everything off when LiveKit says nothing', () => {
    expect(Object.values(fromSdkPermission(undefined)).flat()).not.toContain(true);
  });

  it('put sources into the canonical order, whatever order LiveKit has', () => {
    const canPublishSources = [SdkSource.SCREEN_SHARE, SdkSource.CAMERA];
    const observed = fromSdkPermission(new SdkPermission({ canPublish: true, canPublishSources }));
    expect(observed.canPublishSources).toEqual(['camera', 'screen_share']);
  });
});

describe('rooms', () => {
  it('never carry the TURN password', () => {
    const room = toObservedRoom(new Room({ name: 'town-hall', turnPassword: 'hush' }));
    expect(JSON.stringify(room)).not.toContain('hush');
  });
});
