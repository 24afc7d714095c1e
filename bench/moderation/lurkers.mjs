// People without media: bare WebSockets that speak LiveKit's signalling until they are in, and then
// only listen (and say that they are alive). Each is a participant with a permission, told of everything
// that the room is told of. LiveKit throws them out after 59 s. See workers.mjs for how it is asked.
import { setTimeout as delay } from 'node:timers/promises';
import { LeaveRequest, SignalRequest, SignalResponse } from '@livekit/protocol';
import WebSocket from 'ws';
import { serve } from './workers.mjs';

const PING_MS = 10_000;
const LEAVE = new SignalRequest({ message: { case: 'leave', value: new LeaveRequest() } });

const sockets = new Set();
const heard = { messages: 0, bytes: 0 };

serve({
  /** One by one, so many per second; answers when all are in. */
  join: async ({ url, tokens, perSecond }) => {
    const joins = [];
    for (const token of tokens) {
      joins.push(join(url, token));
      await delay(1000 / perSecond);
    }
    const results = await Promise.allSettled(joins);
    const failed = results.filter(({ status }) => status === 'rejected');
    if (failed.length > 0) throw new Error(`${failed.length} joins failed: ${failed[0].reason}`);
  },
  leave: async () => {
    const gone = [...sockets].map(
      (socket) => new Promise((resolve) => socket.on('close', resolve)),
    );
    for (const socket of sockets) {
      socket.send(LEAVE.toBinary());
      socket.close();
    }
    await Promise.all(gone);
  },
  status: () => ({ open: sockets.size, ...heard }),
});

setInterval(() => {
  const ping = { case: 'ping', value: BigInt(Date.now()) };
  const bytes = new SignalRequest({ message: ping }).toBinary();
  for (const socket of sockets) if (socket.readyState === WebSocket.OPEN) socket.send(bytes);
}, PING_MS);

function join(url, token) {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams({
      access_token: token,
      auto_subscribe: '0',
      sdk: 'js',
      version: '2.23.0',
      protocol: '16',
    });
    const socket = new WebSocket(`${url}/rtc?${query}`);
    socket.binaryType = 'nodebuffer';
    socket.once('message', (data) => {
      const { message } = SignalResponse.fromBinary(new Uint8Array(data));
      if (message.case !== 'join') return reject(new Error(`${message.case} instead of join`));
      sockets.add(socket);
      resolve();
    });
    // Not read any further: what hundreds do with it is not what is measured.
    socket.on('message', (data) => {
      heard.messages += 1;
      heard.bytes += data.length;
    });
    socket.on('unexpected-response', (_request, { statusCode }) => {
      reject(new Error(`refused with ${statusCode}`));
    });
    socket.on('close', (code) => {
      sockets.delete(socket);
      reject(new Error(`closed with ${code}`));
    });
    socket.on('error', reject);
  });
}
