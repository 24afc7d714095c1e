import { describe, expect, it, jest } from '@jest/globals';
import { browserUrlOf, checkGate } from './gate-check.js';

const setting = (url: string | null, more: { isGateOn?: boolean; clientUrl?: string } = {}) => ({
  isGateOn: more.isGateOn ?? true,
  publicUrl: 'https://rolecall.example.com',
  livekit: {
    url,
    clientUrl: more.clientUrl ?? null,
    apiKey: 'k',
    apiSecret: 's',
    webhookKey: null,
  },
});
type Setting = Parameters<typeof checkGate>[0];
const check = (
  one: ReturnType<typeof setting>,
  listening: (port: number) => Promise<string[]> = () => Promise.resolve([]),
) => checkGate(one as unknown as Setting, listening);
const browserUrl = (one: ReturnType<typeof setting>) => browserUrlOf(one as unknown as Setting);

describe('the way past the gate', () => {
  it('is closed when LiveKit listens on loopback only', async () => {
    const listening = jest.fn((_port: number) => Promise.resolve<string[]>([]));
    for (const host of ['127.0.0.1', 'localhost', '[::1]']) {
      expect(await check(setting(`ws://${host}:7880`), listening)).toMatchObject({
        state: 'closed',
        code: 'loopback',
      });
    }
    expect(listening.mock.calls).toEqual([[7880], [7880], [7880]]);
  });

  it('is open when LiveKit’s port is open at another address of this machine', async () => {
    const found = await check(setting('ws://127.0.0.1:7880'), () =>
      Promise.resolve(['192.0.2.7', '2001:db8::7']),
    );
    expect(found).toMatchObject({ state: 'open', code: 'listens' });
    expect(found.detail).toContain('192.0.2.7, 2001:db8::7');
  });

  it('is open when clients are told LiveKit’s own address', async () => {
    const off = { isGateOn: false };
    for (const one of [
      setting('wss://livekit.example.com', off),
      setting('ws://127.0.0.1:7880', { ...off, clientUrl: 'ws://127.0.0.1:7880' }),
    ]) {
      expect(await check(one)).toMatchObject({ state: 'open', code: 'told' });
    }
  });

  it('is not known when LiveKit is on another machine: a browser has to try', async () => {
    const apart = setting('wss://livekit.example.com', {
      isGateOn: false,
      clientUrl: 'wss://rolecall.example.com',
    });
    expect(await check(apart)).toMatchObject({ state: 'unknown', code: 'elsewhere' });
    expect(await check(setting('ws://10.0.0.5:7880'))).toMatchObject({ state: 'unknown' });
  });

  it('leads nowhere without LiveKit', async () => {
    expect(await check(setting(null))).toMatchObject({ state: 'closed', code: 'no_livekit' });
  });

  it('is probed by a browser at the address where it would find LiveKit', () => {
    expect(browserUrl(setting('wss://livekit.example.com/x'))).toBe('https://livekit.example.com');
    expect(browserUrl(setting('ws://127.0.0.1:7880'))).toBe('http://rolecall.example.com:7880');
    const local = { ...setting('ws://127.0.0.1:7880'), publicUrl: 'http://localhost:3000' };
    expect(browserUrl(local)).toBeNull();
    expect(browserUrl(setting(null))).toBeNull();
  });
});
