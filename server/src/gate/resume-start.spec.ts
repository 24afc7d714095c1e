import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';
import { ParticipantInfo, ParticipantUpdate, SignalResponse } from '@livekit/protocol';
import { readResumeStart } from './resume-start.js';

type Message = SignalResponse['message'];

function frame(message: Message): Buffer {
  const payload = Buffer.from(new SignalResponse({ message }).toBinary());
  const length = payload.byteLength;
  if (length < 126) return Buffer.concat([Buffer.from([0x82, length]), payload]);
  const head = Buffer.alloc(length < 65_536 ? 4 : 10);
  head.writeUInt8(0x82, 0);
  head.writeUInt8(length < 65_536 ? 126 : 127, 1);
  if (length < 65_536) head.writeUInt16BE(length, 2);
  else head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}
const update = (metadata: string) =>
  frame({
    case: 'update',
    value: new ParticipantUpdate({ participants: [new ParticipantInfo({ metadata })] }),
  });
const refresh = (value: string) => frame({ case: 'refreshToken', value });
const PING = Buffer.from([0x89, 0]);
const LATER = Buffer.from('later');

/** Comes in pieces of `size`. */
async function read(bytes: Buffer, size: number) {
  const remote = new PassThrough();
  const reading = readResumeStart(remote, bytes.subarray(0, size));
  for (let at = size; at < bytes.byteLength; at += size) {
    remote.write(bytes.subarray(at, at + size));
  }
  const start = await reading;
  remote.end();
  const rest = remote.pipe(new PassThrough());
  return { token: start.token, all: Buffer.concat([start.bytes, await buffer(rest)]) };
}

describe('what LiveKit says first on a resumed connection', () => {
  it.each([1, 7, 1_000, 1_000_000])(
    'has the token, and is kept whole (%s bytes at a time)',
    async (size) => {
      for (const others of [
        [],
        [update('x')],
        [update('x'.repeat(300)), PING, update('x'.repeat(70_000))],
      ]) {
        const bytes = Buffer.concat([...others, refresh('the token'), LATER]);
        const { token, all } = await read(bytes, size);
        expect(token).toBe('the token');
        expect(all.equals(bytes)).toBe(true);
      }
    },
  );

  it.each([
    ['ends', Buffer.from([])],
    ['sends no more than a part of it', refresh('the token').subarray(0, 6)],
    ['sends text', Buffer.from([0x81, 2, 0x7b, 0x7d])],
    ['sends it in parts', Buffer.concat([Buffer.from([0x02, 2, 0x82, 0x01]), refresh('x')])],
    ['sends it packed', Buffer.from([0xc2, 2, 0x82, 0x01])],
    ['sends it masked', Buffer.from([0x82, 0x82, 0, 0, 0, 0, 0x82, 0x01])],
    ['sends a frame that is too long', Buffer.from([0x82, 127, 0, 1, 0, 0, 0, 0, 0, 0])],
    ['sends what is no message', Buffer.from([0x82, 3, 0x82, 0x01, 9])],
  ])('has none when LiveKit %s', async (_what, bytes) => {
    const remote = new PassThrough();
    const reading = readResumeStart(remote, bytes);
    remote.end();
    remote.resume();
    expect((await reading).token).toBeNull();
  });

  it('is not waited for beyond four megabytes', async () => {
    const remote = new PassThrough();
    const reading = readResumeStart(remote, Buffer.alloc(0));
    const one = update('x'.repeat(1_000_000));
    for (let i = 0; i < 6; i++) remote.write(one);
    const { token, bytes } = await reading;
    expect([token, bytes.byteLength]).toEqual([null, 5 * one.byteLength]);
  });
});
