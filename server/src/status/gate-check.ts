import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Inject, Injectable } from '@nestjs/common';
import { APP_CONFIG, type AppConfig } from '../config/app-config.js';
import { toHttpUrl } from '../livekit/livekit.settings.js';

export interface GateCheckView {
  /** Whether LiveKit's signalling can be reached past the gate, as far as this server can tell. */
  readonly state: 'closed' | 'open' | 'unknown';
  readonly code: 'no_livekit' | 'told' | 'listens' | 'loopback' | 'elsewhere';
  readonly detail: string;
  /** Where a browser would reach it; null when only this machine could. */
  readonly browserUrl: string | null;
  readonly checkedAt: Date;
}

type Found = Omit<GateCheckView, 'checkedAt' | 'browserUrl'>;
type Setting = Pick<AppConfig, 'isGateOn' | 'publicUrl' | 'livekit'>;

const MAX_AGE_MS = 30_000;
const CONNECT_TIMEOUT_MS = 500;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i;

/**
 * Checks whether clients can bypass the gate. This server can check its own settings and its own
 * machine; only a browser elsewhere can check the rest.
 */
@Injectable()
export class GateCheck {
  private last: { at: number; view: Promise<GateCheckView> } | null = null;

  constructor(@Inject(APP_CONFIG) private readonly config: AppConfig) {}

  read(): Promise<GateCheckView> {
    const now = performance.now();
    if (!this.last || now - this.last.at > MAX_AGE_MS) this.last = { at: now, view: this.check() };
    return this.last.view;
  }

  private async check(): Promise<GateCheckView> {
    const found = await checkGate(this.config, listening);
    return { ...found, browserUrl: browserUrlOf(this.config), checkedAt: new Date() };
  }
}

/** `listening` answers with the addresses of this machine, past loopback, that accept at a port. */
export async function checkGate(
  { isGateOn, livekit }: Setting,
  listening: (port: number) => Promise<string[]>,
): Promise<Found> {
  if (livekit.url === null) {
    return { state: 'closed', code: 'no_livekit', detail: 'There is no LiveKit server.' };
  }
  const own = new URL(toHttpUrl(livekit.url));
  const told = new URL(toHttpUrl(livekit.clientUrl ?? livekit.url));
  if (!isGateOn && told.host === own.host) {
    const detail = 'Clients connect to LiveKit’s own address, so the gate decides nothing.';
    return { state: 'open', code: 'told', detail };
  }
  if (!LOOPBACK.test(own.hostname)) {
    const detail = `LiveKit is at ${own.host}. The network decides whether anything but Rolecall can reach it there.`;
    return { state: 'unknown', code: 'elsewhere', detail };
  }
  const open = await listening(portOf(own));
  if (open.length === 0) {
    const detail = 'LiveKit listens on this machine’s loopback address only.';
    return { state: 'closed', code: 'loopback', detail };
  }
  const detail = `LiveKit’s port is also open at ${open.join(', ')}: anybody who reaches this machine can bypass the gate, unless a firewall prevents it.`;
  return { state: 'open', code: 'listens', detail };
}

/** Where a browser would find LiveKit: at its own address, or at the port of this machine. */
export function browserUrlOf({ publicUrl, livekit }: Setting): string | null {
  if (livekit.url === null) return null;
  const own = new URL(toHttpUrl(livekit.url));
  if (!LOOPBACK.test(own.hostname)) return own.origin;
  const { hostname } = new URL(publicUrl);
  return LOOPBACK.test(hostname) ? null : `${own.protocol}//${hostname}:${portOf(own)}`;
}

function portOf({ port, protocol }: URL): number {
  return Number(port) || (protocol === 'https:' ? 443 : 80);
}

async function listening(port: number): Promise<string[]> {
  const addresses = Object.values(networkInterfaces())
    .flatMap((all) => all ?? [])
    // A link-local one needs its interface named, and leads no further than the next switch.
    .filter(({ internal, scopeid }) => !internal && !scopeid)
    .map(({ address }) => address);
  const found = await Promise.all(
    addresses.map(async (address) => ((await accepts(address, port)) ? address : null)),
  );
  return found.filter((address) => address !== null);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
