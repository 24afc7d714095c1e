import { AppError } from '../common/errors/app-error.js';
import { TwirpError } from './twirp-client.js';

const RETRY_AFTER_SECONDS = 2;

export const REMOTE_UNMUTE_OFF = 'livekit.remote_unmute_off';

/** Not reachable, too slow or failing: what was wanted stays wanted, and is tried again. */
export function isUnavailable(error: unknown): boolean {
  return (
    error instanceof AppError &&
    (error.code === 'livekit.unavailable' || error.code === 'livekit.absent')
  );
}

export function isNotFound(error: unknown): boolean {
  return error instanceof AppError && error.code === 'livekit.not_found';
}

export function isRemoteUnmuteOff(error: unknown): boolean {
  return error instanceof AppError && error.code === REMOTE_UNMUTE_OFF;
}

export function unavailable(detail: string): AppError {
  return new AppError('unavailable', 'livekit.unavailable', `LiveKit ${detail}.`, {
    retryAfter: RETRY_AFTER_SECONDS,
  });
}

/**
 * Neither the error nor its text is passed on: LiveKit's 401 holds the whole token that it
 * refuses. What LiveKit says is known by its code.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof TwirpError)) {
    return unavailable(isTimeout(error) ? 'does not answer in time' : 'cannot be reached');
  }
  switch (error.status) {
    case 404:
      return new AppError('not_found', 'livekit.not_found', 'LiveKit knows no such participant.');
    case 409:
    case 412:
      return new AppError('conflict', 'livekit.conflict', 'LiveKit refuses that in this state.');
    case 401:
    case 403:
      return new AppError(
        'bad_gateway',
        'livekit.refused',
        'LiveKit refuses our API key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET.',
      );
    default:
      return error.status >= 500
        ? unavailable(`fails (${error.code ?? error.status})`)
        : new AppError(
            'bad_gateway',
            'livekit.refused',
            `LiveKit refuses the request (${error.code ?? error.status}).`,
          );
  }
}

/** Worth a second try at once: the call may not have arrived, or LiveKit failed over it. */
export function isTransient(error: unknown): boolean {
  if (error instanceof TwirpError) return error.status >= 500;
  return !(error instanceof AppError) && !isTimeout(error);
}

/** By name: what `AbortSignal.timeout` throws is a DOMException, not always of this realm. */
export function isTimeout(error: unknown): boolean {
  return (error as { name?: unknown } | null)?.name === 'TimeoutError';
}
