import { describe, expect, it } from '@jest/globals';
import { capabilitiesOf, compareCapabilities, type LivePermission } from './capabilities';

const viewer: LivePermission = {
  canSubscribe: true,
  canPublish: false,
  canPublishData: true,
  canPublishSources: [],
};
const CAMERA = 1;
const MICROPHONE = 2;

describe('what one may do', () => {
  it('is nothing of camera, microphone and screen while publishing is off, whatever is listed', () => {
    expect(capabilitiesOf({ ...viewer, canPublishSources: [CAMERA] })).toEqual({
      subscribe: true,
      microphone: false,
      camera: false,
      screen_share: false,
      data: true,
    });
  });

  it('is every source when LiveKit lists none', () => {
    expect(capabilitiesOf({ ...viewer, canPublish: true })).toMatchObject({
      microphone: true,
      camera: true,
      screen_share: true,
    });
  });

  it('tells a promotion and a demotion apart, source by source', () => {
    const before = capabilitiesOf({ ...viewer, canPublish: true, canPublishSources: [CAMERA] });
    const now = capabilitiesOf({
      ...viewer,
      canPublish: true,
      canPublishSources: [MICROPHONE],
      canPublishData: false,
    });
    expect(compareCapabilities(before, now)).toEqual({
      gained: ['microphone'],
      lost: ['camera', 'data'],
    });
  });
});
