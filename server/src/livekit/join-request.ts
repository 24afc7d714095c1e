import { gunzipSync } from 'node:zlib';

/** Of `WrappedJoinRequest` and `JoinRequest` (v1.13.5). */
const COMPRESSION = 1;
const JOIN_REQUEST = 2;
const RECONNECT = 7;
const GZIP = 1n;
/** LiveKit refuses more. */
const MAX_BYTES = 1024 * 1024;

type Field = readonly [number: number, value: bigint | Buffer | null];

/**
 * Whether LiveKit takes a `join_request` for a resume. Read field by field, as LiveKit reads it: a
 * decoder that is more lenient than LiveKit's would see another answer. True for what cannot be read.
 */
export function isResumeRequest(joinRequest: string): boolean {
  try {
    const wrapped = [...fieldsOf(Buffer.from(joinRequest, 'base64url'))];
    const request = last(wrapped, JOIN_REQUEST, isBytes) ?? Buffer.alloc(0);
    const compression = BigInt.asIntN(32, last(wrapped, COMPRESSION, isVarint) ?? 0n);
    if (compression !== 0n && compression !== GZIP) return false;
    const plain =
      compression === GZIP ? gunzipSync(request, { maxOutputLength: MAX_BYTES }) : request;
    return (last([...fieldsOf(plain)], RECONNECT, isVarint) ?? 0n) !== 0n;
  } catch {
    return true;
  }
}

function last<T>(
  fields: readonly Field[],
  wanted: number,
  is: (value: Field[1]) => value is T & Field[1],
): T | undefined {
  return fields
    .flatMap(([number, value]) => (number === wanted && is(value) ? [value] : []))
    .at(-1);
}

const isBytes = (value: Field[1]): value is Buffer => Buffer.isBuffer(value);
const isVarint = (value: Field[1]): value is bigint => typeof value === 'bigint';

/** The fields of a protobuf message. Groups, which no client sends, and broken ones throw. */
function* fieldsOf(bytes: Buffer): Generator<Field> {
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw new Error('cut short');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const [byte = 0] = take(1);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a number without an end');
  };
  while (at < bytes.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    switch (tag & 7n) {
      case 0n:
        yield [number, varint()];
        break;
      case 1n:
        take(8);
        yield [number, null];
        break;
      case 2n:
        yield [number, take(Number(varint()))];
        break;
      case 5n:
        take(4);
        yield [number, null];
        break;
      default:
        throw new Error('a group');
    }
  }
}
