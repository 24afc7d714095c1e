import { describe, expect, it } from '@jest/globals';
import { limitedHeaders } from './gate-allowed.js';
import { gateTarget, isMethodOpen, isProbe, presentedToken, upstreamUri } from './gate-paths.js';

describe('the paths of the gate', () => {
  it.each(['/rtc', '/rtc/v1', '/rtc/validate', '/rtc/v1/validate', '/whip/v1', '/whip/v1/PA_1-x'])(
    'let %s pass, with its query',
    (path) => {
      const target = gateTarget(`${path}?a=1&b=%2F`);
      expect(target?.path).toBe(path);
      expect(target?.query.get('b')).toBe('/');
    },
  );

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
    '/whip/v1/',
    '/whip/v1/PA_1/x',
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

  it('take the token from a header of its own scheme, else from the query', () => {
    const target = gateTarget('/rtc?access_token=q')!;
    expect(presentedToken(target, 'Bearer h')).toBe('h');
    expect(presentedToken(target, '')).toBe('q');
    expect(presentedToken(target, undefined)).toBe('q');
    expect(presentedToken(target, 'Basic dXNlcjpwdw==')).toBe('q');
    expect(presentedToken(gateTarget('/rtc')!, undefined)).toBe('');
  });

  it('have a method each, and no other', () => {
    const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'get', ''];
    const open = (path: string) =>
      methods.filter((method) => isMethodOpen(gateTarget(path)!, method)).join();
    expect(open('/rtc')).toBe('GET');
    expect(open('/rtc/v1/validate')).toBe('GET');
    expect(open('/whip/v1')).toBe('POST');
    expect(open('/whip/v1/PA_1')).toBe('PATCH,DELETE');
  });
});

describe('what passes on to LiveKit', () => {
  const uriOf = (uri: string) => upstreamUri(gateTarget(uri)!);

  it('is what its clients send, once each, and never their token', () => {
    expect(
      uriOf('/rtc?access_token=t&sdk=js&publish=x&os=a%20b&sdk=go&admin=1&PROTOCOL=1&protocol=16'),
    ).toBe('/rtc?protocol=16&sdk=js&os=a+b');
    expect(uriOf('/rtc/v1?join_request=ab_-%3D&access_token=t')).toBe(
      '/rtc/v1?join_request=ab_-%3D',
    );
    expect(uriOf('/rtc?access_token=t')).toBe('/rtc');
    expect(uriOf('/whip/v1?protocol=16&room=x')).toBe('/whip/v1');
  });

  it('is no longer than they send it, and can say nothing to a proxy', () => {
    const long = 'x'.repeat(65);
    expect(uriOf(`/rtc?version=${long}&os=${'x'.repeat(64)}`)).toBe(`/rtc?os=${'x'.repeat(64)}`);
    expect(uriOf(`/rtc/v1?join_request=${'x'.repeat(64 * 1024 + 1)}`)).toBe('/rtc/v1');
    expect(uriOf('/rtc?os={env.SECRET}%0d%0aX:y')).toBe('/rtc?os=%7Benv.SECRET%7D%0D%0AX%3Ay');
  });

  it('is by name, for headers as well', () => {
    const sent = {
      'x-livekit-clientinfo': '{}',
      'x-livekit-ingress': '1',
      'cf-connecting-ip': '192.0.2.1',
      'sec-websocket-key': 'k',
      'sec-websocket-protocol': 'p',
      'user-agent': 'u',
      'content-type': 'application/sdp',
      'if-match': 'e'.repeat(257),
    };
    expect(limitedHeaders('connect', sent)).toEqual({
      'sec-websocket-key': 'k',
      'user-agent': 'u',
    });
    expect(limitedHeaders('whip_session', sent)).toEqual({
      'content-type': 'application/sdp',
      'user-agent': 'u',
    });
  });
});
