import { type ArgumentMetadata, Injectable, StandardSchemaValidationPipe } from '@nestjs/common';
import { AppError } from '../errors/app-error.js';
import { RawBody } from './raw-body.js';

interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[];
  code?: string;
  keys?: string[];
}

/** Parses bodies and checks every parameter against its schema; each wrong field is named. */
@Injectable()
export class ValidationPipe extends StandardSchemaValidationPipe {
  constructor() {
    super({ exceptionFactory: (issues) => invalid(issues) });
  }

  override transform<T>(value: T, metadata: ArgumentMetadata): Promise<T> {
    const isUnparsed = metadata.type === 'body' && metadata.schema !== undefined;
    return super.transform(isUnparsed ? (parsed(value) as T) : value, metadata);
  }

  /**
   * Nest would take `constructor` and `prototype` out without a word: unknown fields would pass, and
   * attributes of such names would be lost. `RawBody` has refused the one key that does harm.
   */
  protected override stripProtoKeys(): void {}
}

/** A body that was not sent is an empty object: every field of it may be optional. */
function parsed(body: unknown): unknown {
  return body instanceof RawBody ? body.json() : (body ?? {});
}

export function invalid(issues: readonly Issue[]): AppError {
  // Without a prototype: `constructor` is a field like any other.
  const errors = Object.create(null) as Record<string, string>;
  for (const issue of issues) {
    const path = (issue.path ?? []).map((p) => String(typeof p === 'object' ? p.key : p));
    if (issue.code === 'unrecognized_keys' && issue.keys) {
      for (const key of issue.keys.slice(0, 20)) {
        errors[[...path, key.slice(0, 100)].join('.')] ??= 'unknown field';
      }
      continue;
    }
    errors[path.join('.') || 'body'] ??= issue.message;
  }
  const detail = Object.entries(errors)
    .slice(0, 5)
    .map(([field, text]) => `${field}: ${text}`)
    .join('; ');
  return new AppError('bad_request', 'request.invalid', detail, { errors });
}
