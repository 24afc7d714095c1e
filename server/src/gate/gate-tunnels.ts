import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Injectable, Logger } from '@nestjs/common';
import { ConnectionLimits } from '../common/http/connection-limits.js';
import {
  type ConnectRequest,
  type GateAdmission,
  type GateAnswer,
  OTHER_CONNECTION,
  SLOW,
} from './gate-answers.js';
import { isResume } from './gate-paths.js';
import { type EarlyBytes, LINGER_MS, refuseUpgrade, relayRefusal } from './gate-sockets.js';
import { GateUpstream } from './gate-upstream.js';
import { GateService } from './gate.service.js';
import { readResumeStart } from './resume-start.js';

/** Finds out about a client that is gone without a word. */
const KEEP_ALIVE_MS = 30_000;

export type ConnectAdmission = GateAdmission & { readonly token: string };

/** A client that waits for the answer to its upgrade. */
export interface WaitingClient {
  readonly connectRequest: ConnectRequest;
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly early: EarlyBytes;
}

/** Joins clients to LiveKit, once it is known that LiveKit gave them what is theirs. */
@Injectable()
export class GateTunnels {
  private readonly log = new Logger(GateTunnels.name);
  private readonly joined = new Set<Duplex>();

  constructor(
    private readonly gate: GateService,
    private readonly upstream: GateUpstream,
    private readonly connections: ConnectionLimits,
  ) {}

  closeAll(): void {
    for (const socket of this.joined) socket.destroy();
  }

  /** False when LiveKit does not run the room; else the client has its answer, or will have it. */
  open(client: WaitingClient, admission: ConnectAdmission): Promise<boolean> {
    const { request, socket } = client;
    const { target, token } = admission;
    return new Promise((resolve) => {
      const upstream = this.upstream.request(target, request, token, {
        connection: 'Upgrade',
        upgrade: 'websocket',
      });
      const giveUp = () => upstream.destroy();
      socket.once('close', giveUp);
      upstream.once('upgrade', (response, remote, head) => {
        socket.off('close', giveUp);
        resolve(true);
        this.joinIf(client, admission, { response, remote, head }).catch((error: unknown) => {
          this.log.error(`a connect failed: ${String(error)}`);
          remote.destroy();
          refuseUpgrade(socket, SLOW.status, SLOW.text);
        });
      });
      upstream.once('response', (response) => {
        socket.off('close', giveUp);
        if (response.statusCode === 404) {
          response.resume();
          resolve(false);
          return;
        }
        void this.gate.withdraw(admission);
        void relayRefusal(socket, response).then(() => resolve(true));
      });
      upstream.on('error', (error) => {
        socket.off('close', giveUp);
        void this.gate.withdraw(admission);
        if (!socket.destroyed) {
          this.log.warn(`LiveKit cannot be reached: ${error.message}`);
          refuseUpgrade(socket, 503, 'LiveKit cannot be reached.');
        }
        resolve(true);
      });
      upstream.end();
    });
  }

  /** Nothing that LiveKit says reaches the client before it is known to be about its connection. */
  private async joinIf(
    client: WaitingClient,
    admission: ConnectAdmission,
    { response, remote, head }: Upgraded,
  ): Promise<void> {
    const { socket, connectRequest } = client;
    const giveUp = () => remote.destroy();
    remote.on('error', giveUp);
    socket.once('close', giveUp);
    const { otherwise, bytes } = await this.check(connectRequest, admission, { remote, head });
    socket.off('close', giveUp);
    if (otherwise === null && !socket.destroyed && !remote.destroyed) {
      this.join(client, { response, remote, head: bytes });
      return;
    }
    remote.destroy();
    await this.answer(client, otherwise ?? OTHER_CONNECTION);
  }

  /** What the client hears instead of LiveKit; null: what LiveKit says, from these bytes on. */
  private async check(
    connectRequest: ConnectRequest,
    admission: ConnectAdmission,
    { remote, head }: Pick<Upgraded, 'remote' | 'head'>,
  ): Promise<{ otherwise: GateAnswer | null; bytes: Buffer }> {
    if (admission.isResumeRefused) return { otherwise: null, bytes: head };
    if (isResume(admission.target)) {
      const { token, bytes } = await readResumeStart(remote, head);
      return { otherwise: await this.gate.checkResumed(connectRequest, token), bytes };
    }
    try {
      const isTheirs = await this.gate.takesOver(admission);
      return { otherwise: isTheirs ? null : OTHER_CONNECTION, bytes: head };
    } catch (error) {
      this.log.warn(`a connection is hung up on: ${String(error)}`);
      await this.gate.withdraw(admission);
      return { otherwise: SLOW, bytes: head };
    }
  }

  private async answer(client: WaitingClient, answer: GateAnswer): Promise<void> {
    const { socket } = client;
    if (answer.status !== 200) {
      refuseUpgrade(socket, answer.status, answer.text);
      return;
    }
    const { token } = answer;
    if (token === null) throw new Error('a resume without a token');
    if (socket.destroyed || (await this.open(client, { ...answer, token }))) return;
    refuseUpgrade(socket, 404, 'The room does not run.');
  }

  private join(
    { socket, early }: WaitingClient,
    { response, remote, head: remoteHead }: Upgraded,
  ): void {
    const head = early.take();
    const lines = ['HTTP/1.1 101 Switching Protocols'];
    for (let i = 0; i < response.rawHeaders.length; i += 2) {
      lines.push(`${response.rawHeaders[i] ?? ''}: ${response.rawHeaders[i + 1] ?? ''}`);
    }
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (remoteHead.byteLength > 0) socket.write(remoteHead);
    if (head.byteLength > 0) remote.write(head);
    const end = () => {
      socket.destroy();
      remote.destroy();
      this.joined.delete(socket);
    };
    this.joined.add(socket);
    this.connections.exempt(socket);
    for (const [side, other] of [
      [socket, remote],
      [remote, socket],
    ] as const) {
      side.on('error', end);
      // What was said last, such as why somebody is put out, still reaches a slow other side.
      const finish = () => {
        other.end();
        setTimeout(end, LINGER_MS).unref();
      };
      side.on('end', finish);
      side.on('close', finish);
      // A connect that is open for hours must not be ended by a server's idle time-outs.
      (side as Partial<Socket>).setTimeout?.(0);
      (side as Partial<Socket>).setKeepAlive?.(true, KEEP_ALIVE_MS);
    }
    socket.pipe(remote).pipe(socket);
  }
}

/** LiveKit's answer to an upgrade. */
interface Upgraded {
  readonly response: IncomingMessage;
  readonly remote: Duplex;
  /** What came with it. */
  readonly head: Buffer;
}
