import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ADMIN_PASSWORD, startTestApp, type TestApp } from '../../test/support/test-app.js';

const BASIC = `Basic ${Buffer.from('proxy:password').toString('base64')}`;
const CREDENTIALS = { email: 'admin@example.com', password: ADMIN_PASSWORD };

/** What a browser keeps of one host: the port is no part of it. */
class CookieJar {
  private readonly cookies = new Map<string, string>();

  async send(app: TestApp, method: string, url: string, body?: unknown) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, origin: app.config.publicUrl };
    const answer = await app.inject(method, url, { headers, ...(body ? { body } : {}) });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(String(line)) ?? [];
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return answer;
  }
}

describe('in surroundings of other people', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await startTestApp();
  });
  afterAll(() => app.stop());

  it('the session counts beside the password of a proxy, and a wrong key still counts as none', async () => {
    const me = async (authorization: string) =>
      (await app.inject('GET', '/api/v1/me', { as: app.admin, headers: { authorization } })).status;
    expect(await me(BASIC)).toBe(200);
    expect(await me('Bearer rck_no-such-key-no-such-key-no-such')).toBe(401);
    const forged = await app.inject('POST', '/api/v1/rooms', {
      headers: { ...app.admin.headers, authorization: BASIC, origin: 'https://evil.example' },
      body: { name: 'x' },
    });
    expect(forged.status).toBe(403);
  });

  it('two installations on one host do not sign each other out', async () => {
    const other = await startTestApp({ environment: { PORT: '3001' } });
    try {
      const jar = new CookieJar();
      const status = async (at: TestApp) => (await jar.send(at, 'GET', '/api/v1/me')).status;
      for (const at of [app, other]) await jar.send(at, 'POST', '/api/v1/session', CREDENTIALS);
      expect([await status(app), await status(other)]).toEqual([200, 200]);
      expect((await jar.send(other, 'DELETE', '/api/v1/session')).status).toBe(204);
      expect([await status(app), await status(other)]).toEqual([200, 401]);
    } finally {
      await other.stop();
    }
  });

  it('signing in at another address says which one is ours', async () => {
    const answer = await app.inject('POST', '/api/v1/session', {
      headers: { origin: 'https://elsewhere.example' },
      body: CREDENTIALS,
    });
    expect([answer.status, answer.body.detail]).toEqual([
      403,
      expect.stringContaining(app.config.publicUrl),
    ]);
    const page = await app.inject('GET', '/login');
    expect(page.text).toContain(`name="public-url" content="${app.config.publicUrl}"`);
  });

  it('a proxy may ask about the address as clients have it, with the path of LIVEKIT_CLIENT_URL', async () => {
    const secret = 'a-secret-of-the-proxy';
    const below = await startTestApp({
      environment: {
        ROLECALL_GATE: 'off',
        ROLECALL_GATE_SECRET: secret,
        LIVEKIT_URL: 'ws://127.0.0.1:1',
        LIVEKIT_CLIENT_URL: 'wss://media.example/lk/',
        LIVEKIT_API_KEY: 'APIbelow',
        LIVEKIT_API_SECRET: 'a-secret-for-the-tests-of-the-paths-1',
      },
    });
    try {
      const asked = async (uri: string) => {
        const headers = { 'x-original-uri': uri, 'x-rolecall-gate-secret': secret };
        return (await below.inject('GET', '/livekit/gate', { headers })).status;
      };
      // 401: the path is known, and the token is none.
      expect([await asked('/lk/rtc/v1'), await asked('/rtc')]).toEqual([401, 401]);
      for (const uri of ['/lk', '/lk/twirp/x', '/lk/lk/rtc', '/lkrtc', '/other/rtc']) {
        expect([uri, await asked(uri)]).toEqual([uri, 403]);
      }
    } finally {
      await below.stop();
    }
  });

  it.each(['/health', '/healthz/', '/livez', '/readyz/', '/metrics/', '/ping', '/no/such/page'])(
    'a probe at %s gets no 200 of the dashboard',
    async (url) => {
      const probe = await app.inject('GET', url);
      expect([probe.status, probe.body.code]).toEqual([404, 'route.not_found']);
      const browser = await app.inject('GET', url, { headers: { accept: 'text/html' } });
      expect([browser.status, browser.text.includes('id="root"')]).toEqual([404, true]);
    },
  );
});
