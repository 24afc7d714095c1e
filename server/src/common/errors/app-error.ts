export type AppErrorKind =
  | 'bad_request'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'gone'
  | 'precondition_failed'
  | 'too_large'
  | 'unsupported_media'
  | 'unprocessable'
  | 'too_many'
  | 'bad_gateway'
  | 'unavailable';

export interface AppErrorOptions {
  /** Field → what is wrong with it; forms show these beside the field. */
  errors?: Record<string, string>;
  /** Further members of the problem document, e.g. `current` or `because`. */
  extra?: Record<string, unknown>;
  /** Seconds after which trying again makes sense; becomes `Retry-After`. */
  retryAfter?: number;
  cause?: unknown;
}

/** What every service throws when it refuses. `code` is stable (`resource.reason`), the message is for people. */
export class AppError extends Error {
  constructor(
    readonly kind: AppErrorKind,
    readonly code: string,
    message: string,
    readonly options: AppErrorOptions = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'AppError';
  }
}

export function statusOf(kind: AppErrorKind): number {
  switch (kind) {
    case 'bad_request':
      return 400;
    case 'unauthenticated':
      return 401;
    case 'forbidden':
      return 403;
    case 'not_found':
      return 404;
    case 'conflict':
      return 409;
    case 'gone':
      return 410;
    case 'precondition_failed':
      return 412;
    case 'too_large':
      return 413;
    case 'unsupported_media':
      return 415;
    case 'unprocessable':
      return 422;
    case 'too_many':
      return 429;
    case 'bad_gateway':
      return 502;
    case 'unavailable':
      return 503;
    default:
      return assertUnreachable(kind);
  }
}

function assertUnreachable(value: never): never {
  throw new Error(`unreachable: ${String(value)}`);
}

/** One wrong field. */
export function fieldError(field: string, text: string, code = 'request.invalid'): AppError {
  return new AppError('bad_request', code, `${field}: ${text}`, { errors: { [field]: text } });
}
