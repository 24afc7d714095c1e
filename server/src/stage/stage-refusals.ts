import { AppError } from '../common/errors/app-error.js';
import { actorName } from '../grants/actor-name.js';
import type { StageRequest } from './stage-request.js';

export function isCode(error: unknown, code: string): boolean {
  return error instanceof AppError && error.code === code;
}

const DECIDED: Readonly<Record<StageRequest['state'], string>> = {
  waiting: 'Somebody else is deciding this.',
  approved: 'This hand has been approved already',
  accepted: 'This has been accepted already',
  declined: 'This hand has been declined already',
  withdrawn: 'The hand has been lowered.',
  expired: 'The hand is gone: they left the room.',
};

export function decided({ state, by }: StageRequest): AppError {
  const isByModerator = state === 'approved' || state === 'declined';
  const text = DECIDED[state] + (isByModerator && by ? ` by ${actorName(by.label, by.kind)}.` : '');
  return new AppError('conflict', 'stage.request_decided', text, { extra: { state } });
}

export function notThere(): AppError {
  return new AppError('conflict', 'seat.not_present', 'They are not in the room.');
}
