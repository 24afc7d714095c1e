import { describe, expect, it } from '@jest/globals';
import { gateTarget, isProbe, presentedToken } from './gate-paths.js';

describe('the paths of the gate', () => {
  it.each([
    '/rtc',
    '/rtc/v1',
    '/rtc/validate',
    '/rtc/v1/validate',
    '/whip/v1',
    '/whip/v1/PA_1/x-y',
  ])('let %s pass, with its query', (path) => {
    const target = gateTarget(`${path}?a=1&b=%2F`);
    expect(target?.path).toBe(path);
    expect(target?.query.get('b')).toBe('/');
  });

  it.each([
    '/twirp/livekit.RoomService/UpdateParticipant',
    '/agent',
    '/debug/rooms',
    '/',
    '',
    '/rtc/',
    '//rtc',
    '/rtc/../twirp/livekit.RoomService/ListRooms',
    '/rtc/v1/../../twirp/x',
    '/rtc/%2e%2e/twirp',
    '/%72tc',
    '/RTC',
    '/rtc;x=1',
    '/rtc\\validate',
    '/rtc/validate/',
    '/whip/v1/../../twirp/x',
    '/whip/v1/a%2Fb',
    '/whip/v2',
    'http://elsewhere/rtc',
    '/rtc#x',
    '/rtc\0',
  ])('let %j not pass', (uri) => {
    expect(gateTarget(uri)).toBeNull();
  });

  it('tell probes from connects', () => {
    expect(isProbe(gateTarget('/rtc/v1/validate')!)).toBe(true);
    expect(isProbe(gateTarget('/rtc/v1')!)).toBe(false);
  });

  it('take the token from a header that is not empty, else from the query, as LiveKit does', () => {
    const target = gateTarget('/rtc?access_token=q')!;
    expect(presentedToken(target, 'Bearer h')).toBe('h');
    expect(presentedToken(target, '')).toBe('q');
    expect(presentedToken(target, undefined)).toBe('q');
    expect(presentedToken(gateTarget('/rtc')!, undefined)).toBe('');
  });
});
