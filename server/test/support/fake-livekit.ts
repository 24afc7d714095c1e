import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

/** What reached it of somebody's; Rolecall's own calls are not kept. */
export interface Reached {
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
}

/**
 * Takes the place of a LiveKit server to see what gets to it: lets every upgrade in, and says
 * nothing more. Tests of what LiveKit itself does use a real one.
 */
export interface FakeLiveKit {
  readonly url: string;
  readonly reached: Reached[];
  /** Connections that are open now, and the most that ever were. */
  readonly open: Set<Duplex>;
  mostOpen: number;
  /** While true, upgrades get no answer at all. */
  isMute: boolean;
  stop(): Promise<void>;
}

const MARK = 'rolecall-test-client';

/** What test clients send so that their requests are told from Rolecall's own. */
export const MARKED = { 'User-Agent': MARK };

export async function startFakeLiveKit(): Promise<FakeLiveKit> {
  const fake = { reached: [] as Reached[], open: new Set<Duplex>(), mostOpen: 0, isMute: false };
  const see = ({ method = '', url = '', headers }: http.IncomingMessage) => {
    if (headers['user-agent'] === MARK) fake.reached.push({ method, url, headers });
  };
  const server = http.createServer((request, response) => {
    see(request);
    request.resume();
    if (request.url?.endsWith('/GetParticipant')) {
      response.writeHead(404, { 'content-type': 'application/json' });
      response.end('{"code":"not_found","msg":"participant does not exist"}');
      return;
    }
    // No rooms: an empty message of protobuf.
    const isApi = request.url?.startsWith('/twirp/') ?? false;
    response.setHeader('content-type', isApi ? 'application/protobuf' : 'text/plain');
    response.end(isApi ? '' : 'OK');
  });
  server.on('upgrade', (request, socket) => {
    see(request);
    fake.open.add(socket);
    fake.mostOpen = Math.max(fake.mostOpen, fake.open.size);
    socket.on('close', () => fake.open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.on('end', () => socket.end());
    socket.resume();
    if (fake.isMute) return;
    socket.write(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(fake, {
    url: `ws://127.0.0.1:${port}`,
    stop: async () => {
      for (const socket of fake.open) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
