import { lookup } from 'node:dns/promises';
import type { Server as HttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/** `localhost` is all of its addresses, as browsers and clients take it. */
export async function listen(
  app: NestFastifyApplication,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  await listenAt(app, host === 'localhost' ? await addressesOf(host) : [host], port);
}

/**
 * One server takes the connections of every address. Fastify would make another server for the second
 * address of `localhost`, and the limits of connections would not see it.
 */
export async function listenAt(
  app: NestFastifyApplication,
  [first, ...others]: readonly string[],
  port: number,
): Promise<void> {
  await app.listen({ host: first, port });
  const server: HttpServer = app.getHttpServer();
  const taken = (server.address() as AddressInfo).port;
  const more = await Promise.all(others.map((host) => passOn(server, host, taken)));
  server.once('close', () => more.forEach((one) => one.close()));
}

/** An address that this machine does not have is left out. */
async function passOn(server: HttpServer, host: string, port: number): Promise<Server> {
  const options = { allowHalfOpen: true, noDelay: true };
  const listener = createServer(options, (socket: Socket) => server.emit('connection', socket));
  await new Promise<void>((resolve) => {
    listener.once('error', () => resolve());
    listener.listen(port, host, resolve);
  });
  return listener;
}

async function addressesOf(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}
