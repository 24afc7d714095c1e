import { AppError } from '../errors/app-error.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * A request body as it came. Fastify does not parse it, because who may is decided (by the guard)
 * before what was sent is looked at (by the validation pipe).
 */
export class RawBody {
  constructor(
    readonly contentType: string,
    readonly bytes: Buffer,
  ) {}

  /** The parsed JSON. Throws 415 for another media type, 400 for malformed JSON or encoding. */
  json(): unknown {
    const type = this.contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
      throw new AppError(
        'unsupported_media',
        'request.unsupported_media_type',
        `Send JSON with "Content-Type: application/json"${type ? `, not ${type.slice(0, 80)}` : ''}.`,
      );
    }
    let text: string;
    try {
      text = decoder.decode(this.bytes);
    } catch {
      throw new AppError('bad_request', 'request.wrong_encoding', 'The body is not valid UTF-8.');
    }
    try {
      // A reviver takes several times as long as parsing; few texts can name the key.
      const mayNameProto = text.includes('__proto__') || text.includes('\\u');
      return JSON.parse(text, mayNameProto ? refuseProto : undefined) as unknown;
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw new AppError('bad_request', 'request.malformed_json', 'The body is not valid JSON.');
    }
  }
}

function refuseProto(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') {
    throw new AppError('bad_request', 'request.invalid', '__proto__: unknown field', {
      errors: { ['__proto__']: 'unknown field' },
    });
  }
  return value;
}
