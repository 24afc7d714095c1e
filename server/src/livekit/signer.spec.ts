import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { AccessToken, TokenVerifier } from 'livekit-server-sdk';
import { TokenSigner } from './signer.js';

const pair = { apiKey: 'APIkey', apiSecret: 'a secret of more than thirty-two characters' };
const signer = new TokenSigner(pair);
const verifier = new TokenVerifier(pair.apiKey, pair.apiSecret);
const nowSeconds = () => Math.floor(Date.now() / 1000);
const text = fc.string({ unit: 'binary', maxLength: 60 });

describe('TokenSigner', () => {
  it("signs what the SDK's own verifier reads back, claim for claim", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          sub: text,
          jti: fc.uuid(),
          name: text,
          metadata: text,
          attributes: fc.dictionary(text, text),
          video: fc.record({
            roomJoin: fc.boolean(),
            room: text,
            canPublish: fc.boolean(),
            canPublishSources: fc.subarray(['camera', 'microphone', 'screen_share']),
          }),
        }),
        fc.integer({ min: 1, max: 86_400 }),
        async (claims, ttl) => {
          const iat = nowSeconds();
          const token = signer.sign({ ...claims, iat, nbf: iat, exp: iat + ttl });
          const read = await verifier.verify(token);
          expect(JSON.stringify(read)).toBe(
            JSON.stringify({ ...claims, iat, nbf: iat, exp: iat + ttl, iss: pair.apiKey }),
          );
        },
      ),
    );
  });

  it('writes the header that the SDK writes', async () => {
    const sdk = new AccessToken(pair.apiKey, pair.apiSecret, { identity: 'ana', ttl: 60 });
    const [theirs] = (await sdk.toJwt()).split('.');
    const [ours] = signer.sign({ exp: nowSeconds() + 60 }).split('.');
    expect(ours).toBe(theirs);
  });

  it('puts its own key into iss, whatever the claims say', async () => {
    const token = signer.sign({ iss: 'other', exp: nowSeconds() + 60 });
    await expect(verifier.verify(token)).resolves.toMatchObject({ iss: pair.apiKey });
  });

  it('signs nothing that another secret accepts', async () => {
    const other = new TokenVerifier(pair.apiKey, `${pair.apiSecret}.`);
    await expect(other.verify(signer.sign({ exp: nowSeconds() + 60 }))).rejects.toThrow(
      'signature verification failed',
    );
  });
});
