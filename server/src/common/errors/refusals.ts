import { listInWords } from '../../grants/grant-catalogue.js';
import { AppError } from './app-error.js';

/** Refusals that more than one feature gives: the same code and the same words everywhere. */

export function roomNotFound(): AppError {
  return new AppError('not_found', 'room.not_found', 'There is no such room.');
}

export function userNotFound(): AppError {
  return new AppError('not_found', 'user.not_found', 'There is no such user.');
}

export function signInRequired(text = 'Sign in.'): AppError {
  return new AppError('unauthenticated', 'auth.required', text);
}

export function permissionMissing(permission: string): AppError {
  return new AppError(
    'forbidden',
    'access.denied',
    `This needs the permission ${permission}, which you do not have.`,
    { extra: { permission } },
  );
}

/** The field names what lies outside the rooms that the caller's access is limited to. */
export function outsideRoomLimit(field: string, text: string): AppError {
  return new AppError('forbidden', 'access.denied', `${field}: ${text}`, {
    errors: { [field]: text },
  });
}

export function tooManyRequests(msToWait: number): AppError {
  return new AppError('too_many', 'request.rate_limited', 'Too many requests; slow down.', {
    retryAfter: Math.max(1, Math.ceil(msToWait / 1000)),
  });
}

/** `beyond`: grants that the caller may not hand out. */
export function beyondCeiling(beyond: string[]): AppError {
  return new AppError('forbidden', 'access.beyond_ceiling', beyondCeilingText(beyond), {
    extra: { beyond },
  });
}

export function beyondCeilingText(beyond: readonly string[]): string {
  return `You may not hand out: ${beyond.join(', ')}. Nobody gives what they do not hold.`;
}

/** A role that the caller may neither give nor take. */
export function roleAboveCeiling(
  template: string,
  beyond: string[],
  code: 'seat.above_ceiling' | 'scene.above_ceiling' = 'seat.above_ceiling',
): AppError {
  return new AppError(
    'forbidden',
    code,
    `The role ${template} goes beyond what you may handle: ${listInWords(beyond)}.`,
    { extra: code === 'scene.above_ceiling' ? { template, beyond } : { beyond } },
  );
}

/** `missing`: what of the access in `field` the caller does not hold. */
export function moreThanYouHold(
  field: string,
  missing: string[],
  code = 'access.escalation',
): AppError {
  return new AppError(
    'forbidden',
    code,
    `That is more than you hold yourself: ${missing.slice(0, 10).join(', ')}.`,
    { errors: { [field]: 'more than you hold yourself' }, extra: { missing } },
  );
}
