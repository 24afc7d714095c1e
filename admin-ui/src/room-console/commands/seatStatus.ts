import type { Seat } from '../../api/records';
import { problemOf } from '../../api/problem';
import { nameOfAction } from './seatAction';
import { type Attempt, isUnanswered } from './seatActions';
import type { Translate } from '../seat/seatFacts';
import { lowered, ownStatus, type Status, type Tone } from '../seat/status';
import { shortDuration } from '../seat/times';

/** One line on a seat: what was just asked of it, else what is special now; null: all is well. */
export function statusOf(
  seat: Seat,
  attempt: Attempt | undefined,
  isGone: boolean,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status | null {
  const own = ownStatus(seat, isGone, translate);
  if (!attempt || attempt.isOld) return own;
  return attemptStatus(attempt, own, translate, errorText);
}

/** The acts whose success is the restriction that the seat then shows. */
const BRINGS: Partial<Record<string, Tone>> = {
  hold: 'held',
  stop_share: 'held',
  block: 'blocked',
};

function attemptStatus(
  attempt: Attempt,
  own: Status | null,
  translate: Translate,
  errorText: (error: unknown) => string,
): Status {
  const name = nameOfAction(attempt.action);
  switch (attempt.phase) {
    case 'requested':
      return { tone: 'pending', text: translate(`room_console.doing.${name}`) };
    case 'paced':
      return { tone: 'pending', text: translate('room_console.paced') };
    case 'accepted':
      return { tone: 'pending', text: translate(`room_console.accepted.${name}`) };
    case 'seen': {
      const done = doneText(attempt, name, translate);
      // Who has left says so in the row itself.
      if (own === null || own.tone === 'quiet') return { tone: 'good', text: done };
      if (BRINGS[name] === own.tone) return { tone: own.tone, text: done };
      const but = {
        done: translate(`room_console.done.${name}`),
        standing: lowered(own.text),
      };
      return { tone: own.tone, text: translate('room_console.done_but', but) };
    }
    case 'waiting':
      return { tone: 'pending', text: translate('room_console.later') };
    case 'conflict':
    case 'failed':
      if (isUnanswered(attempt)) return { tone: 'bad', text: translate('room_console.unanswered') };
      return {
        tone: 'bad',
        text: translate(`room_console.failed.${name}`, {
          reason: reasonOf(attempt.error, translate, errorText),
        }),
      };
  }
}

function doneText(attempt: Attempt, name: string, translate: Translate): string {
  const { ms, silences, silentMs } = attempt;
  const done = translate(`room_console.done.${name}`);
  if (silentMs !== null) {
    return translate('room_console.done_silent', { done, time: shortDuration(silentMs) });
  }
  if (silences.length > 0) return translate('room_console.done_not_silent', { done });
  return ms === null ? done : translate('room_console.done_in', { done, time: shortDuration(ms) });
}

function reasonOf(
  error: unknown,
  translate: Translate,
  errorText: (error: unknown) => string,
): string {
  const problem = problemOf(error);
  if (problem?.code === 'stage.full') return translate('room_console.stage_full', { ...problem });
  return error ? errorText(error) : translate('room_console.failed.unknown');
}
