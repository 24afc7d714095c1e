import { describe, expect, it } from '@jest/globals';
import { TokenReader } from '../livekit/token-reader.js';
import { TokenSigner } from '../livekit/signer.js';
import { newTokenId } from '../common/token-id.js';
import { isVoided } from './voided.js';

const pair = { apiKey: 'APIkey', apiSecret: 'a secret of more than thirty-two characters' };
const signer = new TokenSigner(pair);
const reader = new TokenReader(pair);
const NOW = Math.floor(Date.now() / 1_000) * 1_000;
const never = { proofAt: null, admittedAt: null };
const at = (ms: number) => new Date(NOW + ms);
const seconds = (ms: number) => Math.floor((NOW + ms) / 1_000);

function facts(claims: Record<string, unknown>) {
  const exp = seconds(60_000);
  const read = reader.read(
    signer.sign({ sub: 'ana', exp, video: { roomJoin: true, room: 'r' }, ...claims }),
    new Date(),
  );
  if (!read) throw new Error('the token is not valid');
  return read;
}
const ours = (ms: number) => facts({ jti: newTokenId(at(ms)), iat: seconds(ms), nbf: seconds(ms) });
const refreshed = (ms: number) => facts({ iat: seconds(ms), nbf: seconds(ms) });

describe('a voided token', () => {
  it('is one of ours that was made at or before the voiding, to the millisecond', () => {
    expect(isVoided(ours(499), at(500), never)).toBe(true);
    expect(isVoided(ours(500), at(500), never)).toBe(true);
    expect(isVoided(ours(501), at(500), never)).toBe(false);
  });

  it('is one of another backend that was made in or before the second of the voiding', () => {
    expect(isVoided(facts({ nbf: seconds(0) }), at(0), never)).toBe(true);
    expect(isVoided(facts({ nbf: seconds(0) }), at(500), never)).toBe(true);
    expect(isVoided(facts({ nbf: seconds(1_000) }), at(500), never)).toBe(false);
    const id = '8d7a1f0e-3c5b-4d2a-9f00-0123456789ab';
    expect(isVoided(facts({ nbf: seconds(0), jti: id }), at(500), never)).toBe(true);
  });

  it('is one that tells no time', () => {
    expect(isVoided(facts({}), at(-60_000), never)).toBe(true);
    expect(isVoided(facts({ jti: newTokenId(at(50_000)) }), at(-60_000), never)).toBe(true);
  });

  it('is not made younger by an id from the future', () => {
    const borrowed = facts({ jti: newTokenId(at(50_000)), iat: seconds(0) });
    expect(isVoided(borrowed, at(500), never)).toBe(true);
  });

  it('is not made younger by its own time when its id is older', () => {
    const kept = facts({ jti: newTokenId(at(-5_000)), iat: seconds(0) });
    expect(isVoided(kept, at(-1_000), never)).toBe(true);
  });

  it('is every refreshed one, however young, while nobody came in with a later one', () => {
    expect(isVoided(refreshed(30_000), at(0), never)).toBe(true);
    expect(isVoided(refreshed(30_000), at(0), { proofAt: at(0), admittedAt: at(10) })).toBe(true);
    expect(isVoided(refreshed(30_000), at(0), { proofAt: at(-9), admittedAt: at(10) })).toBe(true);
  });

  it('is a refreshed one of a connection from before the last admission', () => {
    const admission = { proofAt: at(1), admittedAt: at(5_400) };
    expect(isVoided(refreshed(4_999), at(0), admission)).toBe(true);
    expect(isVoided(refreshed(5_000), at(0), admission)).toBe(false);
    expect(isVoided(refreshed(50_000), at(0), admission)).toBe(false);
  });
});
