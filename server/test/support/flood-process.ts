/**
 * Opens many connections at once and sends each the bytes that it is given: in a process of its own,
 * so that it takes nothing from the server under test but what it sends. Started by Node itself.
 */
import { connect } from 'node:net';

export interface Flood {
  port: number;
  localAddress: string;
  requests: string[];
}

/** How often each status was answered; 0 stands for no answer. */
export type FloodAnswers = Record<number, number>;

function send(port: number, localAddress: string, bytes: string): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress });
    const end = (status: number) => {
      socket.destroy();
      resolve(status);
    };
    socket.on('data', (chunk) => end(Number(/^HTTP\/1\.1 (\d{3})/.exec(chunk.toString())?.[1])));
    socket.on('error', () => end(0));
    socket.on('close', () => end(0));
    socket.write(bytes);
  });
}

process.once('message', ({ port, localAddress, requests }: Flood) => {
  void Promise.all(requests.map((bytes) => send(port, localAddress, bytes))).then((statuses) => {
    const answers: FloodAnswers = {};
    for (const status of statuses) answers[status] = (answers[status] ?? 0) + 1;
    process.send?.(answers, () => process.exit(0));
  });
});
