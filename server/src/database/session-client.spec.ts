import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { sessionClient } from './session-client.js';

const message = (type: string, body: Buffer) => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(4 + body.length);
  return Buffer.concat([Buffer.from(type), length, body]);
};
const WELCOME = Buffer.concat([
  message('R', Buffer.alloc(4)), // no password is asked for
  message('Z', Buffer.from('I')),
]);
const DYING = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

let stop: () => void = () => undefined;
afterEach(() => stop());

/** Lets clients in, and dies at their first statement: of its death it tells twice. */
async function startDyingPostgres(): Promise<number> {
  const server = createServer((socket: Socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.write(WELCOME);
      socket.once('data', () => socket.end(Buffer.concat([DYING, DYING])));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => void server.close();
  return (server.address() as AddressInfo).port;
}

describe('a connection that dies while its session is set up', () => {
  it('is refused to the pool, and does not end the process', async () => {
    const port = await startDyingPostgres();
    const pool = new pg.Pool({
      host: '127.0.0.1',
      port,
      user: 'nobody',
      database: 'none',
      Client: sessionClient({ lock_timeout: '1500' }),
    });
    await expect(pool.connect()).rejects.toMatchObject({ code: '57P01' });
    await pool.end();
  });
});
