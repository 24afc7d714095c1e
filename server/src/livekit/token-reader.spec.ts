import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { AccessToken } from 'livekit-server-sdk';
import { TokenSigner } from './signer.js';
import { TokenReader } from './token-reader.js';

const pair = { apiKey: 'APIkey', apiSecret: 'a secret of more than thirty-two characters' };
const tokens = new TokenReader(pair);
const reader = { read: (token: string) => tokens.read(token, new Date()) };
const now = () => Math.floor(Date.now() / 1000);
const good = () => ({
  sub: 'ana',
  iat: now(),
  nbf: now(),
  exp: now() + 60,
  video: { roomJoin: true, room: 'town-hall' },
});
const sign = (claims: Record<string, unknown>, keys = pair) =>
  new TokenSigner(keys).sign({ ...good(), ...claims });
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** Signed as asked, whatever it says. */
function forge(header: unknown, payload: unknown, hash = 'sha256', secret = pair.apiSecret) {
  const signed = `${encode(header)}.${encode(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

describe('TokenReader', () => {
  it('reads who holds a token of ours, and one that the SDK made', async () => {
    const token = sign({ jti: 'j', name: 'Ana', metadata: 'm', attributes: { a: 'b' } });
    expect(reader.read(token)).toMatchObject({
      identity: 'ana',
      room: 'town-hall',
      jti: 'j',
      name: 'Ana',
      metadata: 'm',
      attributes: { a: 'b' },
    });
    const sdk = new AccessToken(pair.apiKey, pair.apiSecret, { identity: 'bob', ttl: 60 });
    sdk.addGrant({ roomJoin: true, room: 'r' });
    expect(reader.read(await sdk.toJwt())).toMatchObject({ identity: 'bob', room: 'r' });
  });

  it('bears a minute on either side, as LiveKit does', () => {
    expect(reader.read(sign({ exp: now() - 55 }))).not.toBeNull();
    expect(reader.read(sign({ nbf: now() + 55 }))).not.toBeNull();
  });

  const payload = () => ({ ...good(), iss: pair.apiKey });
  it.each<[string, () => string]>([
    ['nothing', () => ''],
    ['an identity that is too long', () => sign({ sub: 'é'.repeat(129) })],
    ['no token', () => 'eyJ'],
    ['two parts', () => sign({}).split('.').slice(0, 2).join('.')],
    ['four parts', () => `${sign({})}.x`],
    ['no signature', () => `${sign({}).split('.').slice(0, 2).join('.')}.`],
    ['another signature', () => sign({}).replace(/.{4}$/, 'AAAA')],
    ['another secret', () => sign({}, { ...pair, apiSecret: 'x'.repeat(40) })],
    ['another key', () => sign({}, { ...pair, apiKey: 'other' })],
    ['algorithm none', () => `${encode({ alg: 'none' })}.${encode(payload())}.`],
    ['algorithm none with a signature', () => forge({ alg: 'none' }, payload())],
    ['algorithm HS512', () => forge({ alg: 'HS512' }, payload(), 'sha512')],
    ['algorithm RS256', () => forge({ alg: 'RS256' }, payload())],
    ['a list of algorithms', () => forge({ alg: ['HS256'] }, payload())],
    ['no algorithm', () => forge({}, payload())],
    ['critical headers', () => forge({ alg: 'HS256', crit: ['exp'] }, payload())],
    ['a header that is no object', () => forge('null', payload())],
    ['a payload that is no object', () => forge({ alg: 'HS256' }, '[]')],
    ['a payload that is no JSON', () => forge({ alg: 'HS256' }, '{')],
    ['no expiry', () => sign({ exp: undefined })],
    ['an expiry in words', () => sign({ exp: String(now() + 60) })],
    ['an expiry that has passed', () => sign({ exp: now() - 61 })],
    ['a beginning in the future', () => sign({ nbf: now() + 62 })],
    ['a beginning in words', () => sign({ nbf: 'now' })],
    ['a list of issuers', () => forge({ alg: 'HS256' }, { ...payload(), iss: [pair.apiKey] })],
    ['no identity', () => sign({ sub: undefined })],
    ['an empty identity', () => sign({ sub: '' })],
    ['an identity that is no text', () => sign({ sub: 7 })],
    ['no room', () => sign({ video: { roomJoin: true } })],
    ['no right to join', () => sign({ video: { room: 'r' } })],
    ['a right to join that is no truth', () => sign({ video: { roomJoin: 'true', room: 'r' } })],
    ['no video grant', () => sign({ video: null })],
    ['a token of a webhook', () => sign({ video: undefined, sha256: 'x' })],
  ])('refuses %s', (_what, token) => {
    expect(reader.read(token())).toBeNull();
  });
});
