import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  dropTicket,
  joinPath,
  keepTicket,
  keptTicket,
  readClaims,
  roomFromPath,
  ticketFromText,
} from './joinTicket';

const ADDRESS = 'ws://here';
const NOW = 1_800_000_000_000;

function jwt(claims: object) {
  const part = (value: object) =>
    btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
  return `${part({ alg: 'HS256' })}.${part(claims)}.signature`;
}

const token = jwt({ sub: 'ána 花', name: 'Ána', video: { room: 'a/b', roomJoin: true } });

beforeEach(() => sessionStorage.clear());

describe('a pasted token', () => {
  it('is read for its room and identity, in any script', () => {
    expect(ticketFromText(`  ${token}\n`, ADDRESS, NOW)).toEqual({
      ticket: { token, serverUrl: ADDRESS, room: 'a/b', identity: 'ána 花', name: 'Ána' },
    });
  });

  it.each([
    ['our own API', { token, serverUrl: 'wss://there' }],
    ['a LiveKit token endpoint', { participant_token: token, server_url: 'wss://there' }],
  ])('may come in the whole answer of %s, which brings the address', (_of, answer) => {
    expect(ticketFromText(JSON.stringify(answer), ADDRESS, NOW)).toMatchObject({
      ticket: { token, serverUrl: 'wss://there' },
    });
  });

  it.each([
    ['empty', '   '],
    ['not_a_token', 'three words here'],
    ['not_a_token', '{"broken'],
    ['no_room', jwt({ sub: 'ana', video: { roomCreate: true } })],
    ['expired', jwt({ sub: 'ana', exp: 1, video: { room: 'r', roomJoin: true } })],
  ])('is refused as %s when it is of no use', (problem, text) => {
    expect(ticketFromText(text, ADDRESS, NOW)).toEqual({ problem });
  });
});

it.each(['town-hall', 'a/b', '100%', 'a:b c', '😀', 'غرفة'])(
  'finds the room %s in its path',
  (room) => {
    expect(roomFromPath(joinPath(room))).toBe(room);
  },
);

it('takes a path that is not valid text for no room', () => {
  expect(roomFromPath('/join/%E0%A4%A')).toBeNull();
  expect(roomFromPath('/join/')).toBeNull();
});

it('keeps the ticket of a room for this tab until it is dropped', () => {
  const ticket = { token, serverUrl: ADDRESS, room: 'a/b', identity: 'ana' };
  keepTicket(ticket);
  expect(keptTicket('a/b')).toEqual(ticket);
  expect(keptTicket('other')).toBeNull();
  dropTicket('a/b');
  expect(keptTicket('a/b')).toBeNull();
});

it('reads no claims out of what is no token', () => {
  expect(readClaims('a.b')).toBeNull();
  expect(readClaims('a.!!!.c')).toBeNull();
});
