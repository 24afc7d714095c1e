import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ParticipantInfo, RoomParticipantIdentity } from '@livekit/protocol';
import { isTimeout, isTransient, toAppError } from './livekit-error.js';
import { TwirpClient } from './twirp-client.js';

const ANA = new RoomParticipantIdentity({ room: 'a/b ❤', identity: 'ana' });

describe('the client of LiveKit’s API', () => {
  let server: Server;
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const listen = async (listener: RequestListener, path = '', timeoutMs = 5_000) => {
    server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new TwirpClient(`http://127.0.0.1:${port}${path}`, timeoutMs);
  };
  const ask = (client: TwirpClient) =>
    client.call({ method: 'GetParticipant', request: ANA, answer: ParticipantInfo, token: 't0' });
  const failure = async (client: TwirpClient) =>
    ask(client).then(
      () => Promise.reject(new Error('it was answered')),
      (error: unknown) => error as Error,
    );
  const refuse =
    (status: number, body: string): RequestListener =>
    (request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    };

  it('sends the message and the token, below whatever path the address has', async () => {
    const seen: unknown[] = [];
    const client = await listen((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url, headers } = request;
        const { room, identity } = RoomParticipantIdentity.fromBinary(Buffer.concat(chunks));
        seen.push({ method, url, token: headers.authorization, room, identity });
        response.setHeader('content-type', 'application/protobuf');
        const info = new ParticipantInfo({ sid: 'PA_1', identity, joinedAtMs: 5n }).toBinary();
        response.write(info.slice(0, 3));
        setImmediate(() => response.end(info.slice(3)));
      });
    }, '/media/');
    expect(await ask(client)).toMatchObject({ sid: 'PA_1', identity: 'ana', joinedAtMs: 5n });
    expect(seen).toEqual([
      {
        method: 'POST',
        url: '/media/twirp/livekit.RoomService/GetParticipant',
        token: 'Bearer t0',
        room: 'a/b ❤',
        identity: 'ana',
      },
    ]);
  });

  it('knows a refusal by its code', async () => {
    const error = await failure(await listen(refuse(404, '{"code":"not_found","msg":"no"}')));
    expect(toAppError(error)).toMatchObject({ code: 'livekit.not_found' });
    expect(isTransient(error)).toBe(false);
  });

  it('keeps nothing of what a refusal says: a 401 repeats the whole token', async () => {
    const error = await failure(await listen(refuse(401, 'invalid token: t0-secret')));
    expect(JSON.stringify([error.message, error.stack, { ...error }])).not.toContain('t0-secret');
    expect(toAppError(error)).toMatchObject({ code: 'livekit.refused' });
  });

  it.each([500, 502, 503])('counts %i as worth another try', async (status) => {
    const error = await failure(await listen(refuse(status, '<html>')));
    expect(isTransient(error)).toBe(true);
    expect(toAppError(error)).toMatchObject({ kind: 'unavailable' });
  });

  it('takes no other answer for LiveKit’s', async () => {
    const error = await failure(await listen(refuse(200, '{}')));
    expect(toAppError(error)).toMatchObject({ code: 'livekit.unavailable' });
  });

  it('counts a cut connection as worth another try', async () => {
    const error = await failure(await listen((request) => request.socket.destroy()));
    expect(isTransient(error)).toBe(true);
    expect(toAppError(error)).toMatchObject({ code: 'livekit.unavailable' });
  });

  it('gives up when an answer takes too long, and does not try that again', async () => {
    const error = await failure(await listen((request) => void request.resume(), '', 50));
    expect(isTimeout(error)).toBe(true);
    expect(isTransient(error)).toBe(false);
    expect(toAppError(error).message).toContain('in time');
  });

  it('gives up as well when only a part of an answer comes', async () => {
    const client = await listen(
      (request, response) => {
        request.resume();
        response.writeHead(200, { 'content-type': 'application/protobuf' }).write('x');
      },
      '',
      50,
    );
    expect(isTimeout(await failure(client))).toBe(true);
  });
});
