import { gunzipSync } from 'node:zlib';

/** Of `WrappedJoinRequest` and `JoinRequest` (v1.13.5). */
const COMPRESSION = 1;
const JOIN_REQUEST = 2;
const RECONNECT = 7;
const GZIP = 1;
/** LiveKit refuses more. */
const MAX_BYTES = 1024 * 1024;

/**
 * Whether LiveKit takes a `join_request` for a resume. Read field by field, as LiveKit reads it: a
 * decoder that is more lenient than LiveKit's would see another answer. True for what cannot be read.
 */
export function isResumeRequest(joinRequest: string): boolean {
  try {
    const wrapped = new Fields(Buffer.from(joinRequest, 'base64url'));
    let compression = 0;
    let request: Buffer = Buffer.alloc(0);
    while (wrapped.next()) {
      // LiveKit cuts the number to 32 bits.
      if (wrapped.is(COMPRESSION, VARINT)) compression = wrapped.low;
      if (wrapped.is(JOIN_REQUEST, BYTES)) request = wrapped.bytes;
    }
    if (compression !== 0 && compression !== GZIP) return false;
    return isReconnect(
      compression === GZIP ? gunzipSync(request, { maxOutputLength: MAX_BYTES }) : request,
    );
  } catch {
    return true;
  }
}

function isReconnect(joinRequest: Buffer): boolean {
  const fields = new Fields(joinRequest);
  let is = false;
  while (fields.next()) {
    if (fields.is(RECONNECT, VARINT)) is = fields.low !== 0 || fields.isLarge;
  }
  return is;
}

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/**
 * Goes through the fields of a protobuf message. Groups, which no client sends, and broken fields
 * throw. It keeps none of them: a thousand bytes of gzip may hold half a million.
 */
class Fields {
  /** Of a number, the lower 32 bits. */
  low = 0;
  /** The number has more bits than those. */
  isLarge = false;
  bytes: Buffer = Buffer.alloc(0);
  private number = 0;
  private type = 0;
  private at = 0;

  constructor(private readonly message: Buffer) {}

  is(number: number, type: number): boolean {
    return this.number === number && this.type === type;
  }

  /** False at the end of the message. */
  next(): boolean {
    if (this.at === this.message.length) return false;
    this.readVarint();
    if (this.isLarge) throw new Error('no number of a field');
    this.number = this.low >>> 3;
    this.type = this.low & 7;
    switch (this.type) {
      case VARINT:
        this.readVarint();
        break;
      case FIXED_64:
        this.skip(8);
        break;
      case BYTES: {
        this.readVarint();
        if (this.isLarge) throw new Error('cut short');
        const start = this.at;
        this.skip(this.low);
        if (this.number === JOIN_REQUEST) this.bytes = this.message.subarray(start, this.at);
        break;
      }
      case FIXED_32:
        this.skip(4);
        break;
      default:
        throw new Error('a group');
    }
    return true;
  }

  private skip(length: number): void {
    if (length > this.message.length - this.at) throw new Error('cut short');
    this.at += length;
  }

  private readVarint(): void {
    let low = 0;
    let isLarge = false;
    for (let i = 0; i < 10; i++) {
      const byte = this.message[this.at++];
      if (byte === undefined) throw new Error('cut short');
      const bits = byte & 0x7f;
      if (i < 5) low |= bits << (7 * i);
      if (i > 4 || (i === 4 && bits > 0x0f)) isLarge ||= bits !== 0;
      if (byte < 0x80) {
        this.low = low >>> 0;
        this.isLarge = isLarge;
        return;
      }
    }
    throw new Error('a number without an end');
  }
}
