import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { JoinRequest, WrappedJoinRequest } from '@livekit/protocol';
import { isResumeRequest } from './join-request.js';

const wrap = (joinRequest: Uint8Array, compression = 0) =>
  Buffer.from(new WrappedJoinRequest({ joinRequest, compression }).toBinary());
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
const join = (more: object) =>
  new JoinRequest({ metadata: 'm'.repeat(300), participantAttributes: { a: 'b' }, ...more });
const RESUME = join({ reconnect: true }).toBinary();
const FRESH = join({ reconnect: false }).toBinary();

describe('a join request', () => {
  it('is a resume when it says so, packed or not', () => {
    for (const [bytes, is] of [
      [RESUME, true],
      [FRESH, false],
    ] as const) {
      expect(isResumeRequest(text(wrap(bytes)))).toBe(is);
      expect(isResumeRequest(text(wrap(gzipSync(bytes), 1)))).toBe(is);
      expect(isResumeRequest(text(wrap(bytes)) + '==')).toBe(is);
    }
  });

  it('is what LiveKit reads: the last value, and only where its type is right', () => {
    const yes = Buffer.from([0x38, 1]);
    const no = Buffer.from([0x38, 0]);
    // The same number as a string: LiveKit passes over it, with the bytes that look like `no`.
    const decoy = Buffer.from([0x3a, 2, ...no]);
    expect(isResumeRequest(text(wrap(Buffer.concat([yes, no]))))).toBe(false);
    expect(isResumeRequest(text(wrap(Buffer.concat([no, yes]))))).toBe(true);
    expect(isResumeRequest(text(wrap(Buffer.concat([yes, decoy]))))).toBe(true);
    expect(isResumeRequest(text(wrap(Buffer.concat([Buffer.from([0x3a, 2]), yes]))))).toBe(false);
    // A number that is cut to 32 bits, and one with bits to spare.
    const gzip = [0x08, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10];
    const packed = gzipSync(RESUME);
    const outer = Buffer.from([...gzip, 0x12, ...varint(packed.length), ...packed]);
    expect(isResumeRequest(text(outer))).toBe(true);
    expect(isResumeRequest(text(wrap(Buffer.from([0x38, 0x80, 0x80, 0x01]))))).toBe(true);
    // LiveKit knows no other packing, and then reads nothing.
    expect(isResumeRequest(text(wrap(RESUME, 2)))).toBe(false);
    expect(isResumeRequest('')).toBe(false);
  });

  it('is read at once, also when a thousand bytes hold half a million fields', () => {
    const fields = Buffer.alloc(1024 * 1024, Buffer.from([0x08, 0]));
    const packed = text(wrap(gzipSync(fields), 1));
    expect(packed.length).toBeLessThan(2_000);
    isResumeRequest(packed);
    const started = process.cpuUsage();
    expect(isResumeRequest(packed)).toBe(false);
    expect(process.cpuUsage(started).user).toBeLessThan(80_000);
  });

  it('that cannot be read may be one', () => {
    const bomb = gzipSync(Buffer.alloc(2 * 1024 * 1024));
    for (const bytes of [
      wrap(Buffer.from([0x38])),
      wrap(Buffer.from([0x3b, 0x3c])),
      wrap(Buffer.from('no gzip'), 1),
      wrap(bomb, 1),
      Buffer.from([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f]),
      Buffer.alloc(20, 0xff),
    ]) {
      expect(isResumeRequest(text(bytes))).toBe(true);
    }
  });
});

function varint(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >> 7)];
}
