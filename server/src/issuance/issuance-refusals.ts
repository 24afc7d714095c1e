import { AppError } from '../common/errors/app-error.js';

/** They say what the request can ask for to go on. */

export function roomNotFound(room: string): AppError {
  return new AppError(
    'not_found',
    'room.not_found',
    `room: there is no room ${room.slice(0, 256)}`,
    { errors: { room: 'there is no such room; send createRoom: true to create it' } },
  );
}

export function userNotFound(identity: string): AppError {
  const text = 'nobody has this identity; send createUser: true to add them';
  return new AppError(
    'not_found',
    'user.not_found',
    `identity: ${identity.slice(0, 256)}: ${text}`,
    { errors: { identity: text } },
  );
}
