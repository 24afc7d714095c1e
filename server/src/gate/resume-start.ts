import type { Duplex } from 'node:stream';
import { SignalResponse } from '@livekit/protocol';

/** LiveKit (v1.13.5) sends the token within milliseconds, after a list of all participants. */
const TIMEOUT_MS = 3_000;
const MAX_BYTES = 4 * 1024 * 1024;

/** What LiveKit says first on a connection that it resumed. */
export interface ResumeStart {
  /** The refreshed token of the connection that was resumed; null when LiveKit did not say it. */
  readonly token: string | null;
  /** All that came, for the client. */
  readonly bytes: Buffer;
}

/**
 * Reads until LiveKit sends the refreshed token, which says what the resumed connection is bound to.
 * The rest stays in the socket, which is paused.
 */
export function readResumeStart(remote: Duplex, head: Buffer): Promise<ResumeStart> {
  return new Promise((resolve) => {
    const messages = new Messages();
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (token: string | null) => {
      clearTimeout(timer);
      remote.pause();
      remote.off('data', take);
      remote.off('end', giveUp);
      remote.off('close', giveUp);
      resolve({ token, bytes: Buffer.concat(chunks) });
    };
    const giveUp = () => finish(null);
    const take = (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.byteLength;
      try {
        const token = messages.findToken(chunk);
        if (token !== null || bytes > MAX_BYTES) finish(token);
      } catch {
        giveUp();
      }
    };
    const timer = setTimeout(giveUp, TIMEOUT_MS);
    remote.on('end', giveUp);
    remote.on('close', giveUp);
    remote.on('data', take);
    if (head.byteLength > 0) take(head);
  });
}

const BINARY = 2;
const FIRST_CONTROL_FRAME = 8;
/** How a message with a refreshed token begins. */
const REFRESH_TOKEN = new SignalResponse({ message: { case: 'refreshToken', value: '' } })
  .toBinary()
  .subarray(0, 2);

/** The messages of a WebSocket server that sends each whole and plain, as LiveKit does. */
class Messages {
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  /** As many bytes as the next step needs. */
  private needed = 2;
  private rest: Buffer = Buffer.alloc(0);

  /** Throws for what cannot be read. */
  findToken(chunk: Buffer): string | null {
    this.chunks.push(chunk);
    this.bytes += chunk.byteLength;
    if (this.bytes < this.needed) return null;
    this.rest = Buffer.concat(this.chunks.splice(0));
    for (let payload = this.next(); payload !== null; payload = this.next()) {
      if (!payload.subarray(0, REFRESH_TOKEN.byteLength).equals(REFRESH_TOKEN)) continue;
      const { message } = SignalResponse.fromBinary(new Uint8Array(payload));
      if (message.case === 'refreshToken') return message.value;
    }
    this.chunks.push(this.rest);
    this.bytes = this.rest.byteLength;
    return null;
  }

  /** Null while the next frame has not come whole. */
  private next(): Buffer | null {
    if (!this.has(2)) return null;
    const [first, second] = [this.rest.readUInt8(0), this.rest.readUInt8(1)];
    const short = second & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (!this.has(start)) return null;
    let length = short;
    if (short === 126) length = this.rest.readUInt16BE(2);
    if (short === 127) length = Number(this.rest.readBigUInt64BE(2));
    const opcode = first & 0x0f;
    const isWhole = (first & 0xf0) === 0x80 && (opcode === BINARY || opcode >= FIRST_CONTROL_FRAME);
    if (!isWhole || second !== short || length > MAX_BYTES) throw new Error('an unreadable frame');
    const end = start + length;
    if (!this.has(end)) return null;
    const payload = this.rest.subarray(start, end);
    this.rest = this.rest.subarray(end);
    return opcode === BINARY ? payload : Buffer.alloc(0);
  }

  private has(bytes: number): boolean {
    this.needed = bytes;
    return this.rest.byteLength >= bytes;
  }
}
