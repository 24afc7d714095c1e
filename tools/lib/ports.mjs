import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * Below the range from which systems take ports for outgoing connections. A server that comes back
 * after a crash needs its old port again: from that range, one of its own clients could have it,
 * and a client that retries on loopback can even connect to itself.
 */
const FIRST = 20000;
const LAST = 32000;

/** Null when a TCP server could listen there at this moment, else the system's error code. */
export function tcpPortProblem(port, host = '127.0.0.1') {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.code));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Whether a UDP socket could be bound there at this moment. */
function isUdpPortFree(port) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => resolve(false));
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () =>
      socket.close(() => resolve(true)),
    );
  });
}

async function firstFree(isFree, preferred) {
  if (preferred !== undefined && (await isFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
  throw new Error(`No free port between ${FIRST} and ${LAST} on 127.0.0.1`);
}

/** `preferred` while it is free, else another one. */
export function freeTcpPort(preferred) {
  return firstFree(async (port) => (await tcpPortProblem(port)) === null, preferred);
}

/** `preferred` while it is free, else another one. */
export function freeUdpPort(preferred) {
  return firstFree(isUdpPortFree, preferred);
}
