import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestApp, type TestApp } from '../../test/support/test-app.js';

const LIVEKIT = {
  LIVEKIT_URL: 'ws://127.0.0.1:1',
  LIVEKIT_API_KEY: 'APIui',
  LIVEKIT_API_SECRET: 'a-secret-for-the-tests-of-the-pages-1',
};

/** Against the built dashboard, as `npm test` and `npm start` have it. */
describe('the pages', () => {
  let gated: TestApp;
  let ungated: TestApp;

  beforeAll(async () => {
    gated = await startTestApp({ environment: LIVEKIT });
    ungated = await startTestApp({
      environment: {
        ...LIVEKIT,
        ROLECALL_GATE: 'off',
        LIVEKIT_CLIENT_URL: 'wss://media.example/?a=1&b="2"',
      },
    });
  });

  afterAll(() => Promise.all([gated.stop(), ungated.stop()]));

  it('tell a participant where to connect: the gate, or the proxy in its place', async () => {
    const own = gated.config.publicUrl.replace(/^http/, 'ws');
    const told = async (app: TestApp) =>
      /livekit-url" content="([^"]*)"/.exec((await app.inject('GET', '/join/a%2Fb')).text)?.[1];
    expect(await told(gated)).toBe(own);
    expect(await told(ungated)).toBe('wss://media.example/?a=1&#38;b=&#34;2&#34;');
  });

  it('carry a nonce that is new each time, and a policy that names it', async () => {
    const nonces = new Set<string>();
    for (const path of ['/', '/rooms/x/console', '/join/x']) {
      const { status, headers, text } = await gated.inject('GET', path);
      const nonce = /nonce="([^"]+)"/.exec(text)?.[1] ?? '';
      expect([path, status, text.includes('__CSP_NONCE__')]).toEqual([path, 200, false]);
      expect(headers['content-security-policy']).toContain(`'nonce-${nonce}'`);
      expect(headers['content-security-policy']).not.toContain('unsafe');
      nonces.add(nonce);
    }
    expect(nonces.size).toBe(3);
  });
});
