import { gzipSync } from 'node:zlib';
import {
  JoinRequest,
  type JoinResponse,
  type LeaveRequest,
  RequestResponse_Reason,
  SignalRequest,
  SignalResponse,
  WrappedJoinRequest,
  WrappedJoinRequest_Compression as Compression,
} from '@livekit/protocol';
import WebSocket from 'ws';

/**
 * A participant without any media: a bare WebSocket that speaks LiveKit's signalling. LiveKit
 * keeps it for 59 s in state JOINED, shows it to nobody and sends no `participant_joined`.
 */
export interface SignalParticipant {
  readonly join: JoinResponse;
  /** The newest token that LiveKit refreshed for it, if any. */
  token: string | null;
  /** What LiveKit last said of its own permission. */
  permission: Record<string, unknown> | null;
  leave: LeaveRequest | null;
  isClosed: boolean;
  /** What LiveKit did not do, as it says so: request and reason. */
  readonly refusals: string[];
  send(message: SignalRequest['message']): void;
  close(): void;
}

const PING_MS = 5_000;

/** Fails with `status` and LiveKit's text when the upgrade is refused. */
export function signalJoin(
  url: string,
  token: string,
  headers: Record<string, string> = {},
  more: Record<string, string> = {},
  leaving?: AbortSignal,
): Promise<SignalParticipant> {
  return new Promise((resolve, reject) => {
    const query = new URLSearchParams({
      access_token: token,
      auto_subscribe: '1',
      sdk: 'js',
      version: '2.23.0',
      protocol: '16',
      ...more,
    });
    const socket = new WebSocket(`${url}/rtc?${query}`, { headers });
    socket.binaryType = 'nodebuffer';
    leaving?.addEventListener('abort', () => socket.terminate());
    let pings: NodeJS.Timeout | undefined;
    let participant: SignalParticipant | null = null;
    let earlyToken: string | null = null;

    socket.on('message', (data) => {
      const { message } = SignalResponse.fromBinary(new Uint8Array(data as Buffer));
      switch (message.case) {
        case 'join':
          participant = {
            join: message.value,
            token: earlyToken,
            permission: toPlain(message.value.participant?.permission),
            leave: null,
            isClosed: false,
            refusals: [],
            send: (request) => socket.send(new SignalRequest({ message: request }).toBinary()),
            close: () => socket.close(),
          };
          pings = setInterval(() => {
            const ping = { case: 'ping', value: BigInt(Date.now()) } as const;
            if (socket.readyState === WebSocket.OPEN) {
              socket.send(new SignalRequest({ message: ping }).toBinary());
            }
          }, PING_MS);
          resolve(participant);
          break;
        case 'refreshToken':
          if (participant) participant.token = message.value;
          else earlyToken = message.value;
          break;
        case 'update': {
          const me = message.value.participants.find(
            ({ sid }) => sid === participant?.join.participant?.sid,
          );
          if (me && participant) participant.permission = toPlain(me.permission);
          break;
        }
        case 'requestResponse': {
          const { reason, request } = message.value;
          const why = RequestResponse_Reason[reason];
          participant?.refusals.push(`${request.case ?? 'request'} ${why}`);
          break;
        }
        case 'leave':
          if (participant) participant.leave = message.value;
          break;
        default:
      }
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () =>
        reject(Object.assign(new Error(text.trim()), { status: response.statusCode })),
      );
    });
    socket.on('close', (code) => {
      clearInterval(pings);
      if (participant) participant.isClosed = true;
      reject(new Error(`closed with ${code}`));
    });
    socket.on('error', reject);
  });
}

/** How a client says that it resumes: by a parameter, or in a `join_request`, packed or not. */
export type ResumeForm = 'reconnect' | 'join_request' | 'gzip';

/** The address of a resume, with the token in it. */
export function resumePath(token: string, form: ResumeForm): string {
  const query = new URLSearchParams({ access_token: token, protocol: '16' });
  if (form === 'reconnect') {
    query.set('reconnect', '1');
    return `/rtc?${query}`;
  }
  const request = new JoinRequest({ reconnect: true }).toBinary();
  const isPacked = form === 'gzip';
  const wrapped = new WrappedJoinRequest({
    compression: isPacked ? Compression.GZIP : Compression.NONE,
    joinRequest: isPacked ? gzipSync(request) : request,
  });
  // Go wants the padding.
  const text = Buffer.from(wrapped.toBinary()).toString('base64');
  query.set('join_request', text.replaceAll('+', '-').replaceAll('/', '_'));
  return `/rtc/v1?${query}`;
}

/** Connects that LiveKit does not take for a resume, though they look like one. */
export function freshJoinRequests(): Readonly<Record<string, Record<string, string>>> {
  const settings = { connectionSettings: { autoSubscribe: true } };
  const fresh = new JoinRequest(settings).toBinary();
  // An unknown field of a type that LiveKit passes over: a group.
  const group = Buffer.from([0xa3, 0x06, 0xa4, 0x06]);
  const text = (joinRequest: Uint8Array) =>
    Buffer.from(new WrappedJoinRequest({ joinRequest }).toBinary())
      .toString('base64')
      .replaceAll('+', '-')
      .replaceAll('/', '_');
  return {
    'a join request beside `reconnect`': { join_request: text(fresh), reconnect: '1' },
    'a join request with a group': { join_request: text(Buffer.concat([fresh, group])) },
    'a join request that is too long to pass on': { join_request: 'A'.repeat(64 * 1024 + 4) },
  };
}

/** A connection that was taken up again, as `signalJoin`: what LiveKit said, and the token in it. */
export interface Resumed {
  readonly heard: string[];
  token: string | null;
  /** Of all messages. */
  bytes: number;
  isClosed: boolean;
  close(): void;
}

/** Resolves with LiveKit's first word; fails with `status` when the upgrade is refused. */
export function signalResume(
  url: string,
  token: string,
  form: ResumeForm = 'reconnect',
): Promise<Resumed> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url + resumePath(token, form));
    socket.binaryType = 'nodebuffer';
    const resumed: Resumed = {
      heard: [],
      token: null,
      bytes: 0,
      isClosed: false,
      close: () => socket.close(),
    };
    socket.on('message', (data) => {
      resumed.bytes += (data as Buffer).byteLength;
      const { message } = SignalResponse.fromBinary(new Uint8Array(data as Buffer));
      resumed.heard.push(message.case ?? '');
      if (message.case === 'refreshToken') resumed.token = message.value;
      resolve(resumed);
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      reject(Object.assign(new Error('refused'), { status: response.statusCode }));
    });
    socket.on('close', (code) => {
      resumed.isClosed = true;
      reject(new Error(`closed with ${code}`));
    });
    socket.on('error', reject);
  });
}

function toPlain(permission: { toJson(): unknown } | undefined): Record<string, unknown> | null {
  return (permission?.toJson() as Record<string, unknown>) ?? null;
}
