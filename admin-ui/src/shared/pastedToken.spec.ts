/// <reference types="node" />
import { afterEach, describe, expect, it } from '@jest/globals';
import { webcrypto } from 'node:crypto';
import { readToken, tokenIn } from './pastedToken';
import { sha256Hex } from './sha256';

const part = (value: unknown) =>
  btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify(value))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const TOKEN = `${part({ alg: 'HS256' })}.${part({ sub: 'ána', video: { room: 'a' } })}.c2lnbmF0dXJl`;

describe('a token', () => {
  it.each([
    ['alone', TOKEN],
    ['in a header', `Authorization: Bearer ${TOKEN}`],
    ['in an address', `wss://rolecall.example/livekit/rtc?access_token=${TOKEN}&auto=1`],
    ['in quotes, with spaces around', `  "${TOKEN}"\n`],
  ])('is found %s', (_, text) => {
    expect(tokenIn(text)).toBe(TOKEN);
  });

  it('is found when it was cut off, for that is a secret too', () => {
    expect(tokenIn(TOKEN.slice(0, -16))).not.toBeNull();
  });

  it.each(['town-hall', 'room:town-hall outcome:refused', 'a.b.c', 'eyJ is how they begin'])(
    'is not seen in %s',
    (text) => {
      expect(tokenIn(text)).toBeNull();
    },
  );

  it('tells its claims, and is not kept', () => {
    const read = readToken(TOKEN);
    expect(read.claims?.payload).toEqual({ sub: 'ána', video: { room: 'a' } });
    expect(JSON.stringify(read)).not.toContain('c2lnbmF0dXJl');
    expect(readToken('eyJhbGciOiJI.bm90IGpzb24.x').claims).toBeNull();
  });
});

describe('the hash', () => {
  const { subtle } = crypto;
  afterEach(() => {
    Object.defineProperty(crypto, 'subtle', { value: subtle, configurable: true });
  });

  it.each([true, false])(
    'is SHA-256, whether the page is a secure context: %s',
    async (isSecure) => {
      Object.defineProperty(crypto, 'subtle', {
        value: isSecure ? webcrypto.subtle : undefined,
        configurable: true,
      });
      expect(await sha256Hex('abc')).toBe(
        'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      );
    },
  );
});
