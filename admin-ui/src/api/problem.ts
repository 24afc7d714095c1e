import { HttpError } from 'react-admin';
import type { Problem } from './httpClient';

/**
 * The server's refusal behind an error, or null. Read from the body, not by `instanceof
 * ProblemError`: react-admin's `HttpError` resets the prototype of whatever extends it.
 */
export function problemOf(error: unknown): Problem | null {
  if (!(error instanceof HttpError)) return null;
  const body: unknown = error.body;
  return typeof body === 'object' && body !== null
    ? { ...(body as Problem), status: error.status }
    : { status: error.status };
}
