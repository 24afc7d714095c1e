import type { FastifyReply } from 'fastify';
import { AppError } from '../errors/app-error.js';

/** `ETag` of a record is its revision. */
export function sendRecord<T extends object>(reply: FastifyReply, revision: number, record: T): T {
  reply.header('ETag', `"${revision}"`);
  return record;
}

/**
 * Throws 412 with the current record when `If-Match` names another revision. Without the header
 * the last writer wins, as stock simple-rest clients expect.
 */
export function assertMatch(ifMatch: string | undefined, revision: number, current: object): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const wanted = ifMatch.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (wanted.includes(`"${revision}"`)) return;
  throw new AppError(
    'precondition_failed',
    'record.changed',
    'Somebody changed this since you read it. Look at both and decide.',
    { extra: { current } },
  );
}

/**
 * Clients send whole records back. A read-only field may come along unchanged; a changed one is an
 * attempt at something that cannot be done, and is refused by name.
 */
export function refuseReadOnly(
  sent: Record<string, unknown>,
  current: object,
  readOnly: readonly string[],
): void {
  for (const field of readOnly) {
    if (sent[field] === undefined) continue;
    const now = (current as Record<string, unknown>)[field];
    if (stable(sent[field]) === stable(now)) continue;
    throw new AppError('bad_request', 'request.read_only', `${field}: cannot be changed`, {
      errors: { [field]: 'cannot be changed' },
    });
  }
}

function stable(value: unknown): string {
  return JSON.stringify(value instanceof Date ? value.toISOString() : (value ?? null));
}
