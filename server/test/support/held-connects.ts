import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { until } from './until.js';

/** In front of LiveKit: keeps back the connects that say so, on their way there and back. */
export interface HeldConnects {
  /** Of LiveKit, through here. */
  readonly url: string;
  /** Resolves when a connect waits on its way to LiveKit. */
  untilHeld(): Promise<void>;
  /** It goes on to LiveKit; resolves when LiveKit has answered it. */
  letIn(): Promise<void>;
  /** LiveKit's answer goes on to the gate, if one is held. */
  letOut(): void;
  stop(): Promise<void>;
}

/** In the address of a connect that is to be held. */
export const HELD = { device_model: 'held' };

const MARK = /^GET [^ ]*device_model=held/;

export async function startHeldConnects(livekit: string): Promise<HeldConnects> {
  const port = Number(new URL(livekit).port);
  const sockets = new Set<Socket>();
  let held: { request: Buffer[]; remote: Socket; client: Socket; answer: Buffer[] } | null = null;
  const server = createServer((client) => {
    const remote = connect(port, '127.0.0.1');
    for (const side of [client, remote]) {
      sockets.add(side);
      side.on('error', () => side.destroy());
    }
    remote.on('close', () => client.destroy());
    client.once('data', (first) => {
      if (!MARK.test(first.toString('latin1'))) {
        remote.write(first);
        client.on('close', () => remote.destroy());
        client.pipe(remote).pipe(client);
        return;
      }
      // LiveKit does not hear that the gate hangs up: that, too, is on its way.
      const one = { request: [first], remote, client, answer: [] as Buffer[] };
      client.on('data', (more) => one.request.push(more));
      remote.on('data', (chunk) => one.answer.push(chunk));
      held = one;
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const one = () => {
    if (!held) throw new Error('no connect is held');
    return held;
  };
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    untilHeld: async () => void (await until('a connect is held', () => held !== null)),
    letIn: async () => {
      const { remote, request, answer } = one();
      remote.write(Buffer.concat(request.splice(0)));
      await until('LiveKit has answered', () => answer.length > 0);
    },
    letOut: () => {
      if (!held) return;
      const { client, remote, answer } = held;
      remote.removeAllListeners('data');
      client.removeAllListeners('data');
      if (!client.destroyed) client.write(Buffer.concat(answer));
      client.on('close', () => remote.destroy());
      client.pipe(remote).pipe(client);
      if (client.destroyed) remote.destroy();
      held = null;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
