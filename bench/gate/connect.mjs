// One connect as a client's SDK makes it, without media: a WebSocket, until LiveKit's JoinResponse.
import { LeaveRequest, SignalRequest, SignalResponse } from '@livekit/protocol';
import WebSocket from 'ws';

const LEAVE = new SignalRequest({ message: { case: 'leave', value: new LeaveRequest() } });

/** Milliseconds until joined. It leaves in good order, so that rooms stay as small as they were. */
export function connect(url, token) {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams({
      access_token: token,
      auto_subscribe: '1',
      sdk: 'js',
      version: '2.23.0',
      protocol: '16',
    });
    const started = performance.now();
    const socket = new WebSocket(`${url}/rtc?${query}`, { perMessageDeflate: false });
    socket.binaryType = 'nodebuffer';
    let took = null;
    socket.on('message', (data) => {
      if (took !== null) return;
      const arrived = performance.now();
      if (SignalResponse.fromBinary(new Uint8Array(data)).message.case !== 'join') return;
      took = arrived - started;
      socket.send(LEAVE.toBinary(), () => socket.close());
    });
    socket.on('close', (code) => {
      if (took === null) reject(new Error(`closed with ${code} before joining`));
      else resolve(took);
    });
    socket.on('error', reject);
  });
}
