import { AppError } from '../common/errors/app-error.js';
import type { LiveKitProblem } from './livekit-problem.js';
import { NotLiveKitError, type TokenRefusal, TwirpError } from './twirp-client.js';

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

export interface LiveKitFailure {
  readonly problem: LiveKitProblem;
  /** Continues a sentence that begins with "LiveKit". */
  readonly detail: string;
}

/**
 * What a call failed with. Neither the error nor its text is passed on: LiveKit's 401 holds the whole
 * token that it refuses.
 */
export function describeFailure(error: unknown): LiveKitFailure {
  if (isTimeout(error)) return { problem: 'timeout', detail: 'does not answer in time' };
  if (error instanceof NotLiveKitError) {
    return {
      problem: 'not_livekit',
      detail: 'is not what answers at LIVEKIT_URL: check its host, port and path',
    };
  }
  if (!(error instanceof TwirpError)) return unreachable(error);
  const { status, code, tokenRefusal, location } = error;
  if (tokenRefusal) return { problem: tokenRefusal, detail: TOKEN_REFUSALS[tokenRefusal] };
  if (status >= 300 && status < 400) {
    const to = location === null ? 'elsewhere' : `to ${withoutQuery(location)}`;
    return {
      problem: 'redirect',
      detail: `redirects ${to} (${status}): set LIVEKIT_URL to the address that answers`,
    };
  }
  if (status === 401 || status === 403) {
    return {
      problem: 'refused',
      detail: `answers ${status}: something in front of it asks for other credentials, or the key may not list rooms`,
    };
  }
  if (status === 404 || status === 405) {
    return {
      problem: 'not_found',
      detail: `has no API at LIVEKIT_URL (${status}): check the path`,
    };
  }
  return { problem: 'failing', detail: `answers ${status}${code === null ? '' : ` (${code})`}` };
}

const TOKEN_REFUSALS: Readonly<Record<TokenRefusal, string>> = {
  unknown_key: 'does not know our API key: check LIVEKIT_API_KEY',
  wrong_secret: 'refuses our signature: check LIVEKIT_API_SECRET',
  clock: 'finds our token expired or not valid yet: its clock differs from ours',
};

function unreachable(error: unknown): LiveKitFailure {
  const code = (error as { code?: unknown } | null)?.code;
  const why = typeof code === 'string' ? (NETWORK_ERRORS[code] ?? code) : null;
  return {
    problem: 'unreachable',
    detail: why === null ? 'cannot be reached' : `cannot be reached: ${why}`,
  };
}

const NETWORK_ERRORS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no such host (ENOTFOUND)',
  EAI_AGAIN: 'the name service does not answer (EAI_AGAIN)',
  ECONNREFUSED: 'nothing listens at that port (ECONNREFUSED)',
  ECONNRESET: 'the connection is cut (ECONNRESET)',
  UND_ERR_SOCKET: 'the connection is cut',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT)',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER)',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP (HPE_INVALID_CONSTANT)',
};

/** An address in a log or on a page has no credentials in it. */
function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, '').replace(/\/\/[^/@]*@/, '//');
}

/** For callers of LiveKit: what its answer means for what they wanted. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { detail } = describeFailure(error);
  if (!(error instanceof TwirpError) || isFromElsewhere(error)) return unavailable(detail);
  const { status, code } = error;
  if (status >= 500) return unavailable(`fails (${code ?? status})`);
  switch (status) {
    case 404:
      return new AppError('not_found', 'livekit.not_found', 'LiveKit knows no such participant.');
    case 409:
    case 412:
      return new AppError('conflict', 'livekit.conflict', 'LiveKit refuses that in this state.');
    case 401:
    case 403:
      return refused(detail);
    default:
      return refused(`refuses the request (${code ?? status})`);
  }
}

/** A redirect, or a path that is not there: something other than LiveKit's API answers. */
function isFromElsewhere({ status, code }: TwirpError): boolean {
  return status < 400 || (status === 404 && (code === null || code === 'bad_route'));
}

function refused(detail: string): AppError {
  return new AppError('bad_gateway', 'livekit.refused', `LiveKit ${detail}.`);
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
